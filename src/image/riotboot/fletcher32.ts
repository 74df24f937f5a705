import { DfuError } from '../../bytes/index.ts';

/** Words after which the sums are folded: the most that cannot overflow 32 bits. */
const RUN_WORDS = 359;

function fold(sum: number): number {
  return (sum & 0xffff) + (sum >>> 16);
}

/**
 * Fletcher-32 as RIOT computes it: over little-endian 16-bit words, both sums from 0xffff, folded
 * once after every 359 words and once more at the end. No bytes at all give 0xffffffff.
 * Throws `INVALID_ARGUMENT` for an odd number of bytes.
 */
export function fletcher32(bytes: Uint8Array): number {
  if (bytes.length % 2 !== 0) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      `fletcher32: expected an even number of bytes, got ${bytes.length}`,
    );
  }
  let low = 0xffff;
  let high = 0xffff;
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(at + RUN_WORDS * 2, bytes.length);
    for (; at < end; at += 2) {
      low = (low + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8))) >>> 0;
      high = (high + low) >>> 0;
    }
    low = fold(low);
    high = fold(high);
  }
  return ((fold(high) << 16) | fold(low)) >>> 0;
}
