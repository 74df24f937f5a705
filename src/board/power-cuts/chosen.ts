import { DfuError } from '../../bytes/index.ts';

/** Which operations are cut; default: all. Not both. */
export interface CutChoice {
  /** Each so-manieth. */
  readonly every?: number | undefined;
  /** So many, of all over the boot. */
  readonly sample?: number | undefined;
  /** What the sample is drawn with; default 1. */
  readonly seed?: number | undefined;
}

/** Numbers of `count` operations to cut, in order. Throws `INVALID_ARGUMENT`. */
export function chosenOperations(count: number, { every, sample, seed }: CutChoice): number[] {
  for (const [name, value] of Object.entries({ every, sample })) {
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
    throw new DfuError(
      'INVALID_ARGUMENT',
      `power cuts: expected "${name}" of 1 or more, got ${value}`,
    );
  }
  if (every !== undefined && sample !== undefined) {
    throw new DfuError('INVALID_ARGUMENT', 'power cuts: expected "every" or "sample", got both');
  }
  const all = Array.from({ length: count }, (_, n) => n);
  if (sample !== undefined && sample < count) return drawn(all, sample, seed ?? 1);
  return all.filter((n) => n % (every ?? 1) === 0);
}

/** One out of each of `sample` equal parts, so that no part of the boot is left out. */
function drawn(all: readonly number[], sample: number, seed: number): number[] {
  const random = numbersFrom(seed);
  return Array.from({ length: sample }, (_, part) => {
    const from = Math.floor((part * all.length) / sample);
    const end = Math.floor(((part + 1) * all.length) / sample);
    return from + Math.floor(random() * (end - from));
  });
}

/** Numbers from 0 to below 1 that look random and are the same for the same seed (xorshift). */
function numbersFrom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
