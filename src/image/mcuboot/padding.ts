import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { Endian } from './magic.ts';
import {
  DEFAULT_MAX_ALIGN,
  DEFAULT_MAX_IMG_SECTORS,
  FLAG_SET,
  TRAILER_MAGIC_BYTES,
  alignUp,
  decodeFlag,
  maxAlignOfMagic,
  trailerFlags,
  trailerInfoBytes,
  trailerMagic,
} from './trailer.ts';
import type { FlagState, MaxAlign } from './trailer.ts';
import type { OwnBytes } from '../../bytes/index.ts';

/** Layout of the trailer that `imgtool` reckons with, and what is to be written into it. */
export interface PaddingOptions {
  /** Bytes of the slot; 0 checks nothing. */
  readonly slotSize: number;
  /** Flash write unit in bytes: 1, 2, 4, 8, 16 or 32. Default 1. */
  readonly align?: number | undefined;
  /** Largest write unit of both slots: 8, 16 or 32. Default 8, or `align` if that is more. */
  readonly maxAlign?: number | undefined;
  /** Sectors that the swap status has room for; default 128. */
  readonly maxSectors?: number | undefined;
  /** No swap: the trailer is only flags and magic. */
  readonly overwriteOnly?: boolean | undefined;
  /** Bytes of each image key's room: 16, or the whole record's with `--save-enctlv`; 0 without. */
  readonly keyBytes?: number | undefined;
  /** Byte order of the alignment within the magic; default little. */
  readonly endian?: Endian | undefined;
  /** Default 0xff. */
  readonly erasedValue?: number | undefined;
  /** Writes image_ok, so that the swap is for good. Nothing is written with `overwriteOnly`. */
  readonly confirm?: boolean | undefined;
  /** Names image_ok as erased, which only shows in formats with gaps (Intel HEX). */
  readonly test?: boolean | undefined;
}

function maxAlignOf({ align = 1, maxAlign }: PaddingOptions): number {
  return maxAlign ?? Math.max(DEFAULT_MAX_ALIGN, align);
}

/** Bytes at the slot's end that an image may not reach into. */
export function trailerSize(options: PaddingOptions): number {
  const { align = 1, maxSectors = DEFAULT_MAX_IMG_SECTORS, overwriteOnly, keyBytes } = options;
  const maxAlign = maxAlignOf(options);
  if (overwriteOnly === true) return trailerInfoBytes({ maxAlign, fields: 2 });
  // imgtool reckons with three states and four fields, whatever the algorithm
  return maxSectors * 3 * align + trailerInfoBytes({ maxAlign, fields: 4, keyBytes });
}

/** Largest slot that is filled up in memory. */
const MOST_SLOT_BYTES = 1024 * 1024 * 1024;

/** Throws `REFUSED` if an image of so many bytes does not fit in front of the trailer. */
export function checkImageFits(imageBytes: number, options: PaddingOptions): void {
  const { slotSize } = options;
  const trailer = trailerSize(options);
  if (slotSize > 0 && imageBytes + trailer > slotSize) {
    const image = `Image size (${hexNumber(imageBytes)}) + trailer (${hexNumber(trailer)})`;
    throw new DfuError('REFUSED', `${image} exceeds requested size ${hexNumber(slotSize)}`);
  }
}

/** Bytes and how far from the slot's end they begin. */
interface TrailerPiece {
  readonly fromEnd: number;
  readonly bytes: OwnBytes;
}

/** What is written into the trailer: image_ok if confirmed (or named as erased), and the magic. */
export function trailerPieces(options: PaddingOptions): TrailerPiece[] {
  const { overwriteOnly = false, erasedValue = 0xff, confirm = false, test = false } = options;
  const maxAlign = maxAlignOf(options);
  const pieces: TrailerPiece[] = [];
  if ((confirm || test) && !overwriteOnly) {
    const { imageOk } = trailerFlags(-alignUp(TRAILER_MAGIC_BYTES, maxAlign), maxAlign);
    const bytes = new Uint8Array(maxAlign).fill(erasedValue);
    if (confirm) bytes[0] = FLAG_SET;
    pieces.push({ fromEnd: -imageOk, bytes });
  }
  return [
    ...pieces,
    { fromEnd: TRAILER_MAGIC_BYTES, bytes: trailerMagic(maxAlign, options.endian) },
  ];
}

/** The image filled up to the slot's size, with the trailer at its end. Throws `REFUSED`. */
export function padImage(image: Uint8Array, options: PaddingOptions): OwnBytes {
  checkImageFits(image.length, options);
  if (options.slotSize > MOST_SLOT_BYTES) {
    const words = `expected at most ${MOST_SLOT_BYTES} bytes to fill up, got ${options.slotSize}`;
    throw new DfuError('OUT_OF_RANGE', `slot size: ${words}`);
  }
  const least = image.length + trailerSize(options);
  const slot = new Uint8Array(Math.max(options.slotSize, least)).fill(options.erasedValue ?? 0xff);
  slot.set(image);
  for (const { fromEnd, bytes } of trailerPieces(options)) slot.set(bytes, slot.length - fromEnd);
  return slot;
}

/** What stands in the trailer of a padded image; undefined fields hold no known value. */
export interface TrailerInfo {
  /** Write unit that the magic stands for. */
  readonly maxAlign: MaxAlign;
  readonly imageOk: FlagState;
  readonly copyDone: FlagState;
  /** Low four bits of swap_info: 1 none, 2 test, 3 permanent, 4 revert; undefined if erased. */
  readonly swapType: number | undefined;
}

/** Reads the trailer at the end of a slot's bytes; undefined without a magic there. */
export function readTrailerInfo(slot: Uint8Array, erasedValue = 0xff): TrailerInfo | undefined {
  const magic = slot.subarray(-TRAILER_MAGIC_BYTES);
  const maxAlign = maxAlignOfMagic(magic);
  if (maxAlign === undefined) return undefined;
  const edge = slot.length - alignUp(TRAILER_MAGIC_BYTES, maxAlign);
  const { imageOk, copyDone, swapInfo } = trailerFlags(edge, maxAlign);
  const byteAt = (offset: number): number => slot[offset] ?? erasedValue;
  const flag = (offset: number): FlagState => decodeFlag(byteAt(offset), erasedValue);
  const info = byteAt(swapInfo);
  return {
    maxAlign,
    imageOk: flag(imageOk),
    copyDone: flag(copyDone),
    swapType: info === erasedValue ? undefined : info & 15,
  };
}

/** Values of flash that nothing was written to. */
const ERASED_VALUES: ReadonlySet<number> = new Set([0xff, 0]);

/**
 * Whether nothing stands behind an image but what fills it up to its slot, as `padImage` does: erased bytes, and at the very end
 * a trailer with its magic and the flags image_ok and copy_done. No signature covers what stands there.
 * @param rest what follows the image in the file
 */
export function isPadding(rest: Uint8Array): boolean {
  const [erased = 0xff] = rest;
  const isFlag = flagsOf(rest);
  const end = isFlag === undefined ? rest.length : rest.length - TRAILER_MAGIC_BYTES;
  // A file that ends with its trailer's magic, and nothing in front of it.
  if (end <= 0) return true;
  if (!ERASED_VALUES.has(erased)) return false;
  for (let at = 0; at < end; at += 1) {
    if (rest[at] !== erased && !(rest[at] === FLAG_SET && isFlag?.(at) === true)) return false;
  }
  return true;
}

/** Where the two flags are, if there is a trailer. */
function flagsOf(rest: Uint8Array): ((at: number) => boolean) | undefined {
  const maxAlign = maxAlignOfMagic(rest.subarray(-TRAILER_MAGIC_BYTES));
  if (maxAlign === undefined) return undefined;
  const edge = rest.length - alignUp(TRAILER_MAGIC_BYTES, maxAlign);
  const { imageOk, copyDone } = trailerFlags(edge, maxAlign);
  return (at) => at === imageOk || at === copyDone;
}
