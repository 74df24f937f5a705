import { DfuError, fromHex, hexNumber, sameBytes } from '../../bytes/index.ts';
import type { Endian } from './header.ts';
import type { OwnBytes } from '../keys/web-crypto.ts';

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

/** Bytes of the magic at the very end of a slot. */
export const TRAILER_MAGIC_BYTES = 16;

const magic8 = fromHex('77c295f360d2ef7f3552500f2cb67980');
const magicTail = fromHex('2de15d29410b8d77679c110f1f8a');

/** The magic that a build with this BOOT_MAX_ALIGN knows. */
export function trailerMagic(maxAlign: number, endian: Endian = 'little'): OwnBytes {
  if (maxAlign === 8) return magic8.slice();
  const [low, high] = [maxAlign & 0xff, maxAlign >> 8];
  return Uint8Array.of(...(endian === 'little' ? [low, high] : [high, low]), ...magicTail);
}

const alignUp = (value: number, align: number): number => Math.ceil(value / align) * align;

function maxAlignOf({ align = 1, maxAlign }: PaddingOptions): number {
  return maxAlign ?? Math.max(8, align);
}

/** Bytes at the slot's end that an image may not reach into. */
export function trailerSize(options: PaddingOptions): number {
  const { align = 1, maxSectors = 128, overwriteOnly = false, keyBytes = 0 } = options;
  const maxAlign = maxAlignOf(options);
  const magic = alignUp(TRAILER_MAGIC_BYTES, maxAlign);
  if (overwriteOnly) return maxAlign * 2 + magic;
  const status = maxSectors * 3 * align;
  return status + 2 * alignUp(keyBytes, maxAlign) + maxAlign * 4 + magic;
}

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
export interface TrailerPiece {
  readonly fromEnd: number;
  readonly bytes: OwnBytes;
}

/** What is written into the trailer: image_ok if confirmed (or named as erased), and the magic. */
export function trailerPieces(options: PaddingOptions): TrailerPiece[] {
  const { overwriteOnly = false, erasedValue = 0xff, confirm = false, test = false } = options;
  const maxAlign = maxAlignOf(options);
  const pieces: TrailerPiece[] = [];
  if ((confirm || test) && !overwriteOnly) {
    const fromEnd = alignUp(TRAILER_MAGIC_BYTES, maxAlign) + maxAlign;
    const bytes = new Uint8Array(maxAlign).fill(erasedValue);
    if (confirm) bytes[0] = 1;
    pieces.push({ fromEnd, bytes });
  }
  return [
    ...pieces,
    { fromEnd: TRAILER_MAGIC_BYTES, bytes: trailerMagic(maxAlign, options.endian) },
  ];
}

/** The image filled up to the slot's size, with the trailer at its end. Throws `REFUSED`. */
export function padImage(image: Uint8Array, options: PaddingOptions): OwnBytes {
  checkImageFits(image.length, options);
  const least = image.length + trailerSize(options);
  const slot = new Uint8Array(Math.max(options.slotSize, least)).fill(options.erasedValue ?? 0xff);
  slot.set(image);
  for (const { fromEnd, bytes } of trailerPieces(options)) slot.set(bytes, slot.length - fromEnd);
  return slot;
}

/** What stands in the trailer of a padded image; undefined fields hold no known value. */
export interface TrailerInfo {
  /** Write unit that the magic stands for. */
  readonly maxAlign: number;
  readonly imageOk: FlagState;
  readonly copyDone: FlagState;
  /** Low four bits of swap_info: 1 none, 2 test, 3 permanent, 4 revert; undefined if erased. */
  readonly swapType: number | undefined;
}

/** How a flag byte reads: 1 is set, an erased one unset, anything else damaged. */
export type FlagState = 'set' | 'unset' | 'bad';

function flagState(byte: number | undefined, erasedValue: number): FlagState {
  if (byte === 1) return 'set';
  return byte === erasedValue ? 'unset' : 'bad';
}

/** Reads the trailer at the end of a slot's bytes; undefined without a magic there. */
export function readTrailerInfo(slot: Uint8Array, erasedValue = 0xff): TrailerInfo | undefined {
  const magic = slot.subarray(-TRAILER_MAGIC_BYTES);
  const orders: readonly Endian[] = ['little', 'big'];
  const maxAlign = [8, 16, 32].find((align) =>
    orders.some((endian) => sameBytes(magic, trailerMagic(align, endian))),
  );
  if (maxAlign === undefined) return undefined;
  const start = slot.length - alignUp(TRAILER_MAGIC_BYTES, maxAlign);
  const swapInfo = slot[start - 3 * maxAlign];
  return {
    maxAlign,
    imageOk: flagState(slot[start - maxAlign], erasedValue),
    copyDone: flagState(slot[start - 2 * maxAlign], erasedValue),
    swapType: swapInfo === undefined || swapInfo === erasedValue ? undefined : swapInfo & 15,
  };
}
