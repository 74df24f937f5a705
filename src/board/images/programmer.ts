import { DfuError, hexNumber } from '../../bytes/index.ts';
import { rewrite } from '../../flash/index.ts';
import type { Flash } from '../../flash/index.ts';
import {
  ImageFlag,
  layOver,
  rangeText,
  readImageHeader,
  riotbootHeader,
} from '../../image/index.ts';
import type { ImageSlot, Segment } from '../../image/index.ts';
import type { ProgramLayout } from '../seams/program-layout.ts';
import { imageKindOf } from './image-kind.ts';
import type { ImageKind } from './image-kind.ts';
import { isBareCode, linkedElsewhere } from './linked-elsewhere.ts';

/**
 * Where a programmer puts an image: into a slot, at an address, or where its header says. With `force` it puts there
 * what will not run there, too.
 */
export type ProgramTarget =
  | { readonly slot: number; readonly force?: boolean | undefined }
  | { readonly address: number; readonly force?: boolean | undefined }
  | { readonly force: boolean }
  | undefined;

/** Where it was put. */
export interface Programmed {
  readonly address: number;
  readonly bytes: number;
  /** The slot that begins there, if one does. */
  readonly slot: number | undefined;
  /** Why it will not run there, where header or vector table tell: it was put there by force, or lacks a header. */
  readonly doubt?: string | undefined;
}

/** A place that was found to be right for an image. */
interface Placed {
  readonly address: number;
  readonly offsetBytes: number;
  readonly slot: ImageSlot | undefined;
  readonly doubt: string | undefined;
}

function placed(
  layout: ProgramLayout,
  image: Uint8Array,
  target: ProgramTarget | undefined,
): Placed {
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
  const doubt = doubtOf(layout, image, { address, slot });
  if (doubt === undefined || target?.force === true) {
    return { address, offsetBytes, slot, doubt: doubt ?? missingHeader(layout, image, address) };
  }
  const words = `it will not run at ${hexNumber(address, 8)}: ${doubt}`;
  throw new DfuError('INVALID_ARGUMENT', words, { remedies: ['force'] });
}

function write(
  flash: Flash,
  { address, offsetBytes, slot, doubt }: Placed,
  image: Uint8Array,
): Programmed {
  // The header of an older image in front of it would be taken for its own (swap using offset).
  if (slot !== undefined && address > slot.address) {
    flash.erase(slot.offsetBytes, address - slot.address);
  }
  rewrite(flash, offsetBytes, image);
  return { address, bytes: image.length, slot: slot?.index, doubt };
}

/**
 * Puts an image into flash as the regular programmer does, over the debug port: sector by sector, what
 * lies around the image stays. Throws `OUT_OF_RANGE` if it does not fit, `INVALID_ARGUMENT` if nothing
 * says where it belongs or it will not run there, `UNSUPPORTED` where the bootloader lies, which is a part of the board here.
 */
export function programFlash(
  flash: Flash,
  layout: ProgramLayout,
  image: Uint8Array,
  target?: ProgramTarget,
): Programmed {
  return write(flash, placed(layout, image, target), image);
}

/** What became of a file that says itself what belongs where. */
export interface ProgrammedSegments {
  readonly programmed: readonly Programmed[];
  /** Where the bootloader lies, which is a part of the board here. */
  readonly bootloader: readonly Segment[];
  /** Outside of the flash: configuration words, other memories. */
  readonly outside: readonly Segment[];
}

/** The part of segments that lies within a range, and the rest. */
function divided(
  segments: readonly Segment[],
  [from, to]: readonly [number, number],
): readonly [within: readonly Segment[], rest: readonly Segment[]] {
  const within: Segment[] = [];
  const rest: Segment[] = [];
  for (const { address, bytes } of segments) {
    const cut = (at: number): number => Math.min(Math.max(at - address, 0), bytes.length);
    const [start, end] = [cut(from), cut(to)];
    const add = (list: Segment[], [first, last]: readonly [number, number]): void => {
      if (last > first) {
        list.push({ address: address + first, bytes: bytes.subarray(first, last) });
      }
    };
    add(rest, [0, start]);
    add(within, [start, end]);
    add(rest, [Math.max(start, end), bytes.length]);
  }
  return [within, rest];
}

/** Pieces with a gap that lies in sectors which they touch are one: such a gap is erased with them. */
function joinedInSectors(
  flash: Flash,
  pieces: readonly Segment[],
  flashBase: number,
): readonly Segment[] {
  const runs: Segment[][] = [];
  for (const piece of pieces) {
    const last = runs.at(-1)?.at(-1);
    const end = last === undefined ? 0 : last.address + last.bytes.length - flashBase;
    const edge = last === undefined ? 0 : sectorEnd(flash, end - 1);
    const start = sectorStart(flash, piece.address - flashBase);
    if (last !== undefined && start < edge) {
      runs.at(-1)?.push(piece);
    } else runs.push([piece]);
  }
  return runs.map((run) => {
    const { address } = run[0] as Segment;
    const last = run.at(-1) as Segment;
    const area = { baseAddress: address, sizeBytes: last.address + last.bytes.length - address };
    return { address, bytes: layOver(run, area, flash.geometry.erasedValue).bytes };
  });
}

function sectorStart(flash: Flash, offsetBytes: number): number {
  return flash.sectors.at(offsetBytes).offsetBytes;
}

function sectorEnd(flash: Flash, offsetBytes: number): number {
  const { offsetBytes: from, sizeBytes } = flash.sectors.at(offsetBytes);
  return from + sizeBytes;
}

/**
 * Puts what a file has for each address into flash. What it has for the bootloader, or outside of the
 * flash, is answered and left out; nothing is written before all of it is found to fit. Throws
 * `OUT_OF_RANGE` if a piece does not fit its slot, or nothing is left to be programmed, `INVALID_ARGUMENT` if one will
 * not run where it belongs, unless it is put there by `force`.
 */
export function programSegments(
  flash: Flash,
  layout: ProgramLayout,
  segments: readonly Segment[],
  { force }: { readonly force?: boolean | undefined } = {},
): ProgrammedSegments {
  const { flashBase, bootloaderBytes } = layout;
  const [inFlash, outside] = divided(segments, [flashBase, flashBase + flash.sizeBytes]);
  const [bootloader, rest] = divided(inFlash, [flashBase, flashBase + bootloaderBytes]);
  if (rest.length === 0) {
    const [least, end] = [flashBase + bootloaderBytes, flashBase + flash.sizeBytes];
    const expected = `expected bytes from ${hexNumber(least, 8)} to ${hexNumber(end - 1, 8)}`;
    const got = segments.slice(0, 4).map(rangeText).join(', ') || 'none';
    throw new DfuError('OUT_OF_RANGE', `nothing to program: ${expected}, got ${got}`);
  }
  const pieces = joinedInSectors(flash, rest, flashBase);
  const jobs = pieces.map(({ address, bytes }) => ({
    place: placed(layout, bytes, { address, force }),
    bytes,
  }));
  const programmed = jobs.map(({ place, bytes }) => write(flash, place, bytes));
  return { programmed, bootloader, outside };
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
  if (target === undefined || !('slot' in target)) {
    // Without slots there is one place where a program can begin.
    return layout.slots.length === 0 ? layout.flashBase : uploadAddressOf(homeOf(layout, image));
  }
  const slot = layout.slots[target.slot];
  if (slot !== undefined) return uploadAddressOf(slot);
  const count = layout.slots.length;
  const expected = count === 0 ? 'there are no slots' : `expected a slot below ${count}`;
  throw new DfuError('NOT_FOUND', `${expected}, got slot ${target.slot}`);
}

const kindNames: Readonly<Record<ImageKind, string>> = {
  riotboot: 'a riotboot image',
  mcuboot: 'an MCUboot image',
};

/** What its header or its vector table says against an image where it is to go. */
function doubtOf(
  layout: ProgramLayout,
  image: Uint8Array,
  place: Pick<Placed, 'address' | 'slot'>,
): string | undefined {
  const kind = imageKindOf(image);
  const { slot } = place;
  if (slot === undefined || kind === undefined) {
    const doubt = linkedElsewhere(layout, image, place);
    const begins = place.address === layout.flashBase;
    return doubt ?? (begins ? layout.startDoubt?.(image) : undefined);
  }
  try {
    const home = homeOf(layout, image);
    // MCUboot swaps an image to where it runs.
    if (kind === 'mcuboot' || home === slot) return linkedElsewhere(layout, image, place);
    const [got, expected] = [home, slot].map(({ imageAddress }) => hexNumber(imageAddress, 8));
    return `the image is linked for slot ${home.index} (${got}), not for slot ${slot.index} (${expected})`;
  } catch (error) {
    if (error instanceof DfuError) return error.message;
    throw error;
  }
}

/** What gives an image its header. */
const headerTools = { mcuboot: 'imgtool sign', riotboot: 'genhdr' };

/** What no bootloader boots as it is. Somebody may give it its header yet, so it is refused by nobody. */
function missingHeader(
  { imageKind, slots }: ProgramLayout,
  image: Uint8Array,
  at: number,
): string | undefined {
  const isInSlot = slots.some(
    ({ address, sizeBytes }) => at >= address && at < address + sizeBytes,
  );
  if (imageKind === undefined || !isInSlot || !isBareCode(image)) return undefined;
  return `it has no header; make ${kindNames[imageKind]} of it with ${headerTools[imageKind]}`;
}

/** The slot that the header of an image names. */
function homeOf({ slots, imageKind }: ProgramLayout, image: Uint8Array): ImageSlot {
  const [first] = slots;
  const kind = imageKindOf(image);
  if (kind !== undefined && imageKind !== undefined && kind !== imageKind) {
    const which = `expected ${kindNames[imageKind]}, got ${kindNames[kind]}`;
    throw new DfuError('INVALID_ARGUMENT', `the image is for another bootloader: ${which}`);
  }
  if (kind === 'riotboot') {
    const { startAddress } = riotbootHeader.decode(image);
    const slot = slots.find((each) => each.imageAddress === startAddress);
    if (slot !== undefined) return slot;
    throw elsewhere(slots, 'imageAddress', startAddress);
  }
  if (first !== undefined && kind === 'mcuboot') {
    const { flags, loadAddr } = readImageHeader(image);
    if ((flags & ImageFlag.ROM_FIXED) === 0) return first;
    const slot = slots.find((each) => each.offsetBytes === loadAddr);
    if (slot !== undefined) return slot;
    throw elsewhere(slots, 'offsetBytes', loadAddr);
  }
  const how =
    imageKind === undefined
      ? ''
      : `make ${kindNames[imageKind]} of it with ${headerTools[imageKind]}, or `;
  throw new DfuError('INVALID_ARGUMENT', `the image has no header: ${how}say slot or address`);
}

function elsewhere(
  slots: readonly ImageSlot[],
  key: 'imageAddress' | 'offsetBytes',
  got: number,
): DfuError {
  const places = new Set(slots.map((each) => hexNumber(each[key])));
  const where = [...places].join(' or ') || 'no slots';
  return new DfuError(
    'INVALID_ARGUMENT',
    `the image is linked for another layout: expected ${where}, got ${hexNumber(got)}`,
  );
}
