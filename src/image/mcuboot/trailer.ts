import { fromHex, sameBytes } from '../../bytes/index.ts';
import type { Endian } from './magic.ts';
import type { OwnBytes } from '../../bytes/index.ts';

// What stands at the end of a slot (bootutil_priv.h): the magic last, and below it the flags, the sizes, the
// keys and the swap status, each field so far from the next as BOOT_MAX_ALIGN says.

/** BOOT_MAX_ALIGN of the builds that there are. */
export type MaxAlign = 8 | 16 | 32;

/** All of them, the usual one first. */
export const MAX_ALIGNS: readonly MaxAlign[] = [8, 16, 32];

/** MCUBOOT_BOOT_MAX_ALIGN of a build that does not say it. */
export const DEFAULT_MAX_ALIGN = 8;

/** The least BOOT_MAX_ALIGN for a flash that is written in units of so many bytes; the largest beyond that. */
export function maxAlignFor(writeUnitBytes: number): MaxAlign {
  return MAX_ALIGNS.find((align) => align >= writeUnitBytes) ?? 32;
}

/** MCUBOOT_MAX_IMG_SECTORS of a build that does not say it. */
export const DEFAULT_MAX_IMG_SECTORS = 128;

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

const bothOrders: readonly Endian[] = ['little', 'big'];

/** The BOOT_MAX_ALIGN whose magic this is, in one of the byte orders; undefined if it is none. */
export function maxAlignOfMagic(
  magic: Uint8Array,
  orders: readonly Endian[] = bothOrders,
): MaxAlign | undefined {
  return MAX_ALIGNS.find((align) =>
    orders.some((endian) => sameBytes(magic, trailerMagic(align, endian))),
  );
}

/** This many bytes, rounded up to a multiple of `unit`, a power of two. */
export function alignUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** Where the fields that every trailer has lie. */
export interface TrailerFlags {
  readonly imageOk: number;
  readonly copyDone: number;
  readonly swapInfo: number;
}

/** The three flags below the block that the magic stands in, which begins at `edge`. */
export function trailerFlags(edge: number, maxAlign: number): TrailerFlags {
  const imageOk = edge - maxAlign;
  return { imageOk, copyDone: imageOk - maxAlign, swapInfo: imageOk - 2 * maxAlign };
}

/** Bytes of a trailer without its swap status. */
export function trailerInfoBytes({
  maxAlign,
  fields,
  keyBytes = 0,
}: {
  readonly maxAlign: number;
  /** Flags and sizes below the magic. */
  readonly fields: number;
  /** Bytes kept for the key of one slot, before alignment. */
  readonly keyBytes?: number | undefined;
}): number {
  const magic = alignUp(TRAILER_MAGIC_BYTES, maxAlign);
  return fields * maxAlign + magic + 2 * alignUp(keyBytes, maxAlign);
}

/** How a flag byte reads: 1 is set, an erased one unset, anything else damaged. */
export type FlagState = 'set' | 'unset' | 'bad';

/** Value of a flag that is set. */
export const FLAG_SET = 1;

/** What one flag byte says. */
export function decodeFlag(byte: number, erasedValue: number): FlagState {
  if (byte === erasedValue) return 'unset';
  return byte === FLAG_SET ? 'set' : 'bad';
}
