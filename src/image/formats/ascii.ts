/** Most bytes that become one call's arguments. */
const PIECE_BYTES = 4096;

/** One character a byte: text that should be ASCII, whatever it is (Latin-1). */
export function ascii(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES)));
  }
  return pieces.join('');
}
