import type { BootOperation } from '../boot/mcuboot/index.ts';
import type { FlashGeometry, PowerCutKind } from '../flash/index.ts';
import type { FlashState } from './traced-flash.ts';
import { TracedFlash } from './traced-flash.ts';

interface Tear {
  readonly operation: BootOperation;
  /** Where it begins, from the start of the flash. */
  readonly start: number;
  readonly kind: PowerCutKind;
}

/**
 * The flash after half of an operation, from how it was before it. An operation of the bootloader is many of
 * the flash's: `torn` is its first half in whole write units; `torn-tail` its second half, down to half a
 * write unit (half the bits of a single byte); of an erase, the end of the sector.
 */
export function tear(
  geometry: FlashGeometry,
  before: FlashState,
  { operation, start, kind }: Tear,
): FlashState {
  if (kind === 'clean') return before;
  const { bytes, lengthBytes } = operation;
  const half = Math.floor(lengthBytes / 2);
  const flash = new TracedFlash(geometry, before);
  if (bytes === undefined) {
    const [from, length] = kind === 'torn' ? [start, half] : [start + half, lengthBytes - half];
    flash.patch(from, new Uint8Array(length).fill(geometry.erasedValue));
  } else if (kind === 'torn') {
    flash.patch(start, bytes.subarray(0, half - (half % geometry.writeUnitBytes)));
  } else if (lengthBytes > 1) {
    flash.patch(start + half, bytes.subarray(half));
  } else {
    const [old = 0] = flash.read(start, 1);
    flash.patch(start, Uint8Array.of((old & 0xf0) | ((bytes[0] ?? 0) & 0x0f)));
  }
  return flash.state();
}
