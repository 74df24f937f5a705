import { sameBytes } from '../../bytes/index.ts';
import { TRAILER_MAGIC_BYTES, decodeFlag, trailerMagic } from '../../image/index.ts';
import type { FlagState } from '../../image/index.ts';
import type { TrailerLayout } from './trailer-layout.ts';

/** State of a trailer's magic. */
export type MagicState = 'good' | 'bad' | 'unset';
/** What a boot does with the two images of a pair. */
export type SwapType = 'none' | 'test' | 'perm' | 'revert' | 'fail' | 'panic';

/** What a trailer says, without the progress of a swap. */
export interface SwapState {
  readonly magic: MagicState;
  /** Low half of swap_info; `none` too when it is erased or means nothing. */
  readonly swapType: SwapType;
  /** High half of swap_info: which image pair a scratch trailer belongs to. */
  readonly imageNumber: number;
  readonly copyDone: FlagState;
  readonly imageOk: FlagState;
}

/** Numbers of the swap types, as stored in flash and printed. */
export const SWAP_TYPE_CODES: Readonly<Record<SwapType, number>> = {
  none: 1,
  test: 2,
  perm: 3,
  revert: 4,
  fail: 5,
  panic: 0xff,
};

/** Numbers of the flag states, as printed. */
export const FLAG_CODES: Readonly<Record<FlagState, number>> = { set: 1, bad: 2, unset: 3 };

const swapTypes: readonly (SwapType | undefined)[] = [undefined, 'none', 'test', 'perm', 'revert'];

function isErased(bytes: Uint8Array, erasedValue: number): boolean {
  return bytes.every((byte) => byte === erasedValue);
}

/** What 16 bytes of magic say; the magic of another BOOT_MAX_ALIGN is `bad`. */
export function decodeMagic(
  bytes: Uint8Array,
  { maxAlign, erasedValue }: { readonly maxAlign: number; readonly erasedValue: number },
): MagicState {
  if (isErased(bytes, erasedValue)) return 'unset';
  return sameBytes(trailerMagic(maxAlign), bytes) ? 'good' : 'bad';
}

/** What swap_info says: the swap type in its low half, the image number in its high half. */
export function decodeSwapInfo(
  byte: number,
  erasedValue: number,
): { readonly swapType: SwapType; readonly imageNumber: number } {
  const code = byte & 0x0f;
  if (byte === erasedValue || code > SWAP_TYPE_CODES.revert) {
    return { swapType: 'none', imageNumber: 0 };
  }
  return { swapType: swapTypes[code] ?? 'none', imageNumber: byte >> 4 };
}

/** swap_info of this type and image. */
export function encodeSwapInfo(swapType: SwapType, imageNumber: number): number {
  return (imageNumber << 4) | (SWAP_TYPE_CODES[swapType] & 0x0f);
}

/** Reads the bytes of an area's trailer. */
interface TrailerReader {
  readonly erasedValue: number;
  read(offsetBytes: number, lengthBytes: number): Uint8Array;
}

/** Reads what a trailer says. */
export function readSwapState(
  area: TrailerReader,
  layout: TrailerLayout,
  maxAlign: number,
): SwapState {
  const { erasedValue } = area;
  const byteAt = (offset: number): number => area.read(offset, 1)[0] ?? erasedValue;
  return {
    magic: decodeMagic(area.read(layout.magic, TRAILER_MAGIC_BYTES), { maxAlign, erasedValue }),
    ...decodeSwapInfo(byteAt(layout.swapInfo), erasedValue),
    copyDone: decodeFlag(byteAt(layout.copyDone), erasedValue),
    imageOk: decodeFlag(byteAt(layout.imageOk), erasedValue),
  };
}

/** Whether an image runs on trial: swapped in, and not confirmed yet. */
export function isOnTrial({ magic, copyDone, imageOk }: SwapState): boolean {
  return magic === 'good' && copyDone === 'set' && imageOk === 'unset';
}
