/**
 * Whether two byte strings are equal. The last bytes are looked at first: images that differ mostly do so
 * in their hash and signature.
 */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = one.length - 1; at >= 0; at -= 1) if (one[at] !== other[at]) return false;
  return true;
}
