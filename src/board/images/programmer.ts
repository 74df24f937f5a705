import { DfuError, hexNumber } from '../../bytes/index.ts';
import { rewrite } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import {
  IMAGE_HEADER_BYTES,
  ImageFlag,
  RIOTBOOT_HEADER_BYTES,
  endianOfImage,
  readImageHeader,
  riotbootFault,
  riotbootHeader,
} from '../../image/index.ts';
import type { ImageSlot } from '../../image/index.ts';
import type { ProgramLayout } from '../seams/program-layout.ts';

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
  layout: ProgramLayout,
  image: Uint8Array,
  target?: ProgramTarget,
): Programmed {
  const address = addressOf(layout, image, target);
  const offsetBytes = address - layout.flashBase;
  const slot = layout.slots.find((each) => uploadAddressOf(each) === address);
  if (image.length === 0) throw new DfuError('INVALID_ARGUMENT', 'the image is empty');
  if (offsetBytes >= 0 && offsetBytes < layout.bootloaderBytes) {
    const end = hexNumber(layout.flashBase + layout.bootloaderBytes);
    const why = `up to ${end} lies the bootloader, which comes with the board`;
    throw new DfuError('UNSUPPORTED', `cannot program ${hexNumber(address)}: ${why}`);
  }
  const room = slot === undefined ? Infinity : slot.sizeBytes - (address - slot.address);
  if (slot !== undefined && image.length > room) {
    const sizes = `expected at most ${room} bytes, got ${image.length}`;
    throw new DfuError('OUT_OF_RANGE', `the image does not fit into slot ${slot.index}: ${sizes}`);
  }
  // The header of an older image in front of it would be taken for its own (swap using offset).
  if (slot !== undefined && address > slot.address) {
    flash.erase(slot.offsetBytes, address - slot.address);
  }
  rewrite(flash, offsetBytes, image);
  return { address, bytes: image.length, slot: slot?.index };
}

/** Erases all of it. */
export function eraseFlash(flash: Flash): void {
  flash.erase(0, flash.sizeBytes);
}

function uploadAddressOf({ address, uploadAddress = address }: ImageSlot): number {
  return uploadAddress;
}

function addressOf(layout: ProgramLayout, image: Uint8Array, target: ProgramTarget): number {
  if (target !== undefined && 'address' in target) return target.address;
  // Without slots there is one place where a program can begin.
  if (target === undefined && layout.slots.length === 0) return layout.flashBase;
  if (target === undefined) return uploadAddressOf(homeOf(layout, image));
  const slot = layout.slots[target.slot];
  if (slot !== undefined) return uploadAddressOf(slot);
  const count = layout.slots.length;
  const expected = count === 0 ? 'there are no slots' : `expected a slot below ${count}`;
  throw new DfuError('NOT_FOUND', `${expected}, got slot ${target.slot}`);
}

/** The slot that the header of an image names. */
function homeOf({ slots }: ProgramLayout, image: Uint8Array): ImageSlot {
  const [first] = slots;
  if (image.length >= RIOTBOOT_HEADER_BYTES && riotbootFault(image) === undefined) {
    const { startAddress } = riotbootHeader.decode(image);
    const slot = slots.find((each) => each.imageAddress === startAddress);
    if (slot !== undefined) return slot;
    throw elsewhere(slots, 'imageAddress', startAddress);
  }
  if (first !== undefined && image.length >= IMAGE_HEADER_BYTES && isMcuboot(image)) {
    const { flags, loadAddr } = readImageHeader(image);
    if ((flags & ImageFlag.ROM_FIXED) === 0) return first;
    const slot = slots.find((each) => each.offsetBytes === loadAddr);
    if (slot !== undefined) return slot;
    throw elsewhere(slots, 'offsetBytes', loadAddr);
  }
  throw new DfuError('INVALID_ARGUMENT', 'the image has no header: say slot or address');
}

function isMcuboot(image: Uint8Array): boolean {
  return endianOfImage(image) === 'little';
}

function elsewhere(
  slots: readonly ImageSlot[],
  key: 'imageAddress' | 'offsetBytes',
  got: number,
): DfuError {
  const where = slots.map((each) => hexNumber(each[key])).join(' or ') || 'no slots';
  return new DfuError(
    'INVALID_ARGUMENT',
    `the image is linked for another layout: expected ${where}, got ${hexNumber(got)}`,
  );
}
