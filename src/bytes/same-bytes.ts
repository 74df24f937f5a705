/** From so many bytes on it pays to look at words. */
const LONG_BYTES = 256;

/**
 * Whether two byte strings are equal. The last bytes are looked at first: images that differ mostly do so
 * in their hash and signature.
 */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  const { length } = one;
  if (length !== other.length) return false;
  const aligned = ((one.byteOffset | other.byteOffset) & 3) === 0;
  const words = aligned && length >= LONG_BYTES ? length >> 2 : 0;
  for (let at = length - 1; at >= words * 4; at -= 1) if (one[at] !== other[at]) return false;
  return words === 0 || sameWords(wordsOf(one, words), wordsOf(other, words));
}

function wordsOf({ buffer, byteOffset }: Uint8Array, count: number): Uint32Array {
  return new Uint32Array(buffer, byteOffset, count);
}

function sameWords(one: Uint32Array, other: Uint32Array): boolean {
  for (let at = one.length - 1; at >= 0; at -= 1) if (one[at] !== other[at]) return false;
  return true;
}
