import { describe, expect, test } from 'vitest';
import type { Run } from './boot-run.ts';
import { isWorse, outcomeOf } from './endings.ts';
import type { Ending } from './endings.ts';

/** A run at rest of the image with this number. */
const restOf = (number: number): Run => ({
  depth: 2,
  outcome: 'ok',
  reason: undefined,
  images: [{ slot: 0, number }],
  swapTypes: ['none'],
  operations: 0,
  points: [],
  tail: undefined,
  same: false,
  next: { state: undefined as never, counters: [], key: '' },
});

const ending = (path: string[], rest: number | undefined, stumbled = false): Ending => ({
  boots: 2,
  path,
  rest: rest === undefined ? undefined : restOf(rest),
  restKey: rest === undefined ? undefined : `at ${rest}`,
  stumbled,
});

describe('another image than without a cut is a loss', () => {
  test('where even without a cut a boot runs nothing', () => {
    const reference = ending(['fail', '1'], 1, true);
    const undisturbed = outcomeOf(reference, reference);
    expect(undisturbed).toBe('stumbles');
    const outcome = outcomeOf(ending(['0'], 0), reference);
    expect(outcome).toBe('other-image');
    expect(isWorse(outcome, undisturbed)).toBe(true);
  });

  test('where without a cut it never comes to rest, and only then', () => {
    const reference = ending(['1'], undefined);
    expect(outcomeOf(reference, reference)).toBe('restless');
    expect(outcomeOf(ending(['1'], 1), reference)).toBe('same-image');
    expect(outcomeOf(ending(['0'], 0), reference)).toBe('other-image');
    expect(outcomeOf(ending(['0'], undefined), reference)).toBe('other-image');
    expect(outcomeOf(ending(['fail'], undefined), reference)).toBe('dead');
    expect(isWorse('other-image', 'restless')).toBe(true);
  });
});
