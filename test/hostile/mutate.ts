import type { Random } from './random.ts';

/** Values that make counts, lengths and offsets wrong. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

function setWord(bytes: Uint8Array, random: Random): Uint8Array {
  const size = random.pick([1, 2, 4]);
  if (bytes.length < size) return bytes;
  const at = random.below(bytes.length - size + 1);
  const value = random.once(2) ? random.pick(EDGES) : random.next();
  for (let each = 0; each < size; each += 1) bytes[at + each] = (value >>> (8 * each)) & 0xff;
  return bytes;
}

/** From a place near the start, where headers are, or from anywhere. */
function place(bytes: Uint8Array, random: Random): number {
  return random.once(2)
    ? random.below(Math.min(bytes.length, 64) + 1)
    : random.below(bytes.length + 1);
}

const mutations: readonly Mutation[] = [
  setWord,
  setWord,
  (bytes, random) => {
    const at = random.below(Math.max(bytes.length, 1));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  (bytes, random) => bytes.slice(0, place(bytes, random)),
  (bytes, random) => bytes.slice(place(bytes, random)),
  // A piece again, somewhere else.
  (bytes, random) => {
    const from = place(bytes, random);
    const piece = bytes.slice(from, from + random.below(256));
    const at = place(bytes, random);
    return Uint8Array.from([...bytes.subarray(0, at), ...piece, ...bytes.subarray(at)]);
  },
  (bytes, random) => {
    const at = place(bytes, random);
    return bytes.fill(random.pick([0, 0xff, 0x30, 0x0a]), at, at + random.below(64));
  },
];

/** A copy of the bytes with one to eight things changed. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let changed: Uint8Array = Uint8Array.from(bytes);
  for (let times = 1 + random.below(8); times > 0; times -= 1)
    changed = random.pick(mutations)(changed, random);
  return changed;
}
