import { describe, expect, it } from 'vitest';
import { Random } from '../hostile/random.ts';
import { round } from './differential.ts';

describe('random programs', () => {
  it.each([
    ['instruction by instruction', 1],
    ['many at a go', 40],
  ])('come to the same as by the letter of the manual, %s', (_, stride) => {
    let [instructions, exceptions] = [0, 0];
    for (let seed = 1; seed <= 25; seed++) {
      try {
        const came = round(new Random(seed), 400, stride);
        instructions += came.instructions;
        exceptions += came.exceptions;
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
    expect(instructions).toBeGreaterThanOrEqual(25 * 400);
    expect(exceptions).toBeGreaterThan(500);
  });
});
