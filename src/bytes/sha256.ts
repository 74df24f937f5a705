/** Fractional part of a number, 32 bits of it (FIPS 180-4 §4.2.2, §5.3.3 take them of roots of primes). */
function fraction(value: number): number {
  return ((value - Math.floor(value)) * 0x1_0000_0000) | 0;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let each = 2; found.length < count; each += 1) {
    if (found.every((prime) => each % prime !== 0)) found.push(each);
  }
  return found;
}

const PRIMES = primes(64);
/** The first 32 bits of the fractions of the cube roots of the first 64 primes. */
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
/** And of the square roots of the first eight. */
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

const BLOCK_BYTES = 64;

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** One block into the state; `words` is room for the schedule (§6.2.2). */
function compress(state: Int32Array, words: Int32Array, block: DataView): void {
  for (let at = 0; at < 16; at += 1) words[at] = block.getInt32(at * 4);
  for (let at = 16; at < 64; at += 1) {
    const early = words[at - 15] as number;
    const late = words[at - 2] as number;
    const small = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const large = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    words[at] = ((words[at - 16] as number) + small + (words[at - 7] as number) + large) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let at = 0; at < 64; at += 1) {
    const high = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + high + choice + (ROUNDS[at] as number) + (words[at] as number)) | 0;
    const low = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + low + majority) | 0;
  }
  for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) {
    state[at] = ((state[at] as number) + value) | 0;
  }
}

/** The last block or two: what is left, a one bit, zeros, and the length in bits (§5.1.1). */
function lastBlocks(rest: Uint8Array, lengthBytes: number): Uint8Array {
  const blocks = new Uint8Array(rest.length + 9 > BLOCK_BYTES ? 2 * BLOCK_BYTES : BLOCK_BYTES);
  blocks.set(rest);
  blocks[rest.length] = 0x80;
  new DataView(blocks.buffer).setBigUint64(blocks.length - 8, BigInt(lengthBytes) * 8n);
  return blocks;
}

/**
 * SHA-256 (FIPS 180-4), 32 bytes, at once: for what must be known within a moment. Where somebody can wait, Web Crypto
 * is faster.
 */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = START.slice();
  const words = new Int32Array(64);
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  const parts = [bytes.subarray(0, whole), lastBlocks(bytes.subarray(whole), bytes.length)];
  for (const part of parts) {
    const { buffer, byteOffset, length } = part;
    for (let at = 0; at < length; at += BLOCK_BYTES) {
      compress(state, words, new DataView(buffer, byteOffset + at, BLOCK_BYTES));
    }
  }
  const digest = new Uint8Array(32);
  const view = new DataView(digest.buffer);
  for (const [at, word] of state.entries()) view.setInt32(at * 4, word);
  return digest;
}
