import { slotOf } from '../boot/riotboot/index.ts';
import type { RiotbootLayout } from '../boot/riotboot/index.ts';
import { DfuError, hexNumber } from '../bytes/index.ts';
import { rewrite } from '../flash/index.ts';
import type { Flash } from '../flash/index.ts';
import { RIOTBOOT_HEADER_BYTES, riotbootFault, riotbootHeader } from '../image/index.ts';

/** Where a programmer puts an image: into a slot, at an address, or where its header says. */
export type ProgramTarget = { readonly slot: number } | { readonly address: number } | undefined;

/** Where it was put. */
export interface Programmed {
  readonly address: number;
  readonly bytes: number;
  /** The slot that begins there, if one does. */
  readonly slot: number | undefined;
}

/**
 * Puts an image into flash as the regular programmer does, over the debug port: sector by sector, what
 * lies around the image stays. Throws `OUT_OF_RANGE` if it does not fit, `INVALID_ARGUMENT` if nothing
 * says where it belongs, `UNSUPPORTED` where the bootloader lies, which is a part of the board here.
 */
export function programFlash(
  flash: Flash,
  layout: RiotbootLayout,
  image: Uint8Array,
  target?: ProgramTarget,
): Programmed {
  const address = addressOf(layout, image, target);
  const offsetBytes = address - layout.flashBase;
  const slot = layout.slots.find((each) => each.address === address);
  if (image.length === 0) throw new DfuError('INVALID_ARGUMENT', 'the image is empty');
  if (offsetBytes >= 0 && offsetBytes < layout.bootloaderBytes) {
    const end = hexNumber(layout.flashBase + layout.bootloaderBytes);
    const why = `up to ${end} lies the bootloader, which comes with the board`;
    throw new DfuError('UNSUPPORTED', `cannot program ${hexNumber(address)}: ${why}`);
  }
  if (slot !== undefined && image.length > slot.sizeBytes) {
    const sizes = `expected at most ${slot.sizeBytes} bytes, got ${image.length}`;
    throw new DfuError('OUT_OF_RANGE', `the image does not fit into slot ${slot.index}: ${sizes}`);
  }
  rewrite(flash, offsetBytes, image);
  return { address, bytes: image.length, slot: slot?.index };
}

/** Erases all of it. */
export function eraseFlash(flash: Flash): void {
  flash.erase(0, flash.sizeBytes);
}

function addressOf(layout: RiotbootLayout, image: Uint8Array, target: ProgramTarget): number {
  if (target !== undefined && 'slot' in target) return slotOf(layout, target.slot).address;
  if (target !== undefined) return target.address;
  if (image.length >= RIOTBOOT_HEADER_BYTES && riotbootFault(image) === undefined) {
    const { startAddress } = riotbootHeader.decode(image);
    const slot = layout.slots.find((each) => each.imageAddress === startAddress);
    if (slot !== undefined) return slot.address;
    const where = layout.slots.map((each) => hexNumber(each.imageAddress)).join(' or ');
    const got = `expected ${where}, got ${hexNumber(startAddress)}`;
    throw new DfuError('INVALID_ARGUMENT', `the image is linked for another layout: ${got}`);
  }
  throw new DfuError('INVALID_ARGUMENT', 'the image has no riotboot header: say slot or address');
}
