import { describe, expect, test } from 'vitest';
import { application, bootAndCut, bootOnce, ran } from '../../../test/support/mcuboot/bench.ts';
import {
  broken,
  faultOf,
  statusDefect,
  stepsAndStatus,
} from '../../../test/support/mcuboot/failing.ts';
import { toy } from '../../../test/support/mcuboot/toy.ts';
import type { Toy, ToyOptions } from '../../../test/support/mcuboot/toy.ts';
import type { Algorithm } from './trailer-layout.ts';

// Status writes that fail: a build that validates the primary slot counts them and goes on, another
// one ends there (BOOT_STATUS_ASSERT).

const swaps: readonly Algorithm[] = ['swap-using-move', 'swap-using-offset', 'swap-using-scratch'];
const insisting = { validatePrimarySlot: false };
/** Images that reach into the sector of the trailer: the status begins in scratch. */
const full: ToyOptions = { images: [{ payloadBytes: 1080 }, { major: 2, payloadBytes: 1000 }] };
const cases = [
  ...swaps.map((algorithm) => ({ algorithm, what: 'small images', options: {} as ToyOptions })),
  { algorithm: 'swap-using-scratch' as const, what: 'full slots', options: full },
];

async function pending(algorithm: Algorithm, options: ToyOptions): Promise<Toy> {
  const device = await toy(algorithm, options);
  application(device).setPending({ permanent: true });
  return device;
}

const warning = (count: number): string => `W: ${count} status write fails performing the swap`;

test.each(swaps)('%s goes on though all of them fail', async (algorithm) => {
  const device = await pending(algorithm, {});
  const { steps, isStatus } = await stepsAndStatus(device);
  const bad = broken(device, [statusDefect(device, 'primary0')], 'for ever');
  const result = await bootOnce(bad);
  expect([ran(result), result.swapTypes, faultOf(bad, result)]).toEqual([2, ['perm'], []]);
  expect(result.log).toContain(warning(steps.filter(isStatus).length));
  const state = { magic: 'good', imageOk: 'set', copyDone: 'set' };
  expect(application(bad).state('primary0')).toMatchObject(state);
  expect(ran(await bootOnce(bad))).toBe(2);
});

test('swap using scratch must be able to take its status from scratch to the primary slot', async () => {
  const device = await pending('swap-using-scratch', full);
  const bad = broken(device, [statusDefect(device, 'primary0')], 'for ever');
  const result = await bootOnce(bad);
  expect([ran(result), result.reason]).toEqual([
    'assert',
    'flash: program: the flash is worn out here',
  ]);
  // once the flash is well, the swap goes on where it was
  expect(ran(await bootOnce({ ...bad, flash: bad.flash.fork() }))).toBe(2);
});

describe.each(cases)('$algorithm, $what: a status write that fails', ({ algorithm, options }) => {
  test('is counted, and nothing else is different', async () => {
    const device = await pending(algorithm, options);
    const { steps, isStatus } = await stepsAndStatus(device);
    expect(steps.filter(isStatus).length).toBeGreaterThan(5);
    for (const step of steps.filter(isStatus)) {
      const bad = broken(device, [step.defect], 'once');
      const result = await bootOnce(bad);
      expect([step, ran(result), faultOf(bad, result)]).toEqual([step, 2, []]);
      expect(result.log).toContain(warning(1));
    }
  });

  test('ends the boot of a build that does not validate; the next one does it again', async () => {
    const device = await pending(algorithm, { ...options, more: insisting });
    const { steps, isStatus } = await stepsAndStatus(device);
    for (const step of steps.filter(isStatus)) {
      const bad = broken(device, [step.defect], 'once');
      const result = await bootOnce(bad);
      expect(result).toMatchObject({
        outcome: 'assert',
        reason: 'a status entry cannot be written',
      });
      const next = await bootOnce(bad);
      expect([step, ran(next), faultOf(bad, next)]).toEqual([step, 2, []]);
    }
  });

  test('before a power cut never lets half an image run', async () => {
    const device = await pending(algorithm, options);
    const { steps, isStatus } = await stepsAndStatus(device);
    const ends: (number | string)[] = [];
    const faults: string[] = [];
    for (const [n, step] of steps.entries()) {
      if (!isStatus(step)) continue;
      // once the next status is written, none is missed
      for (let at = n + 1; at < Math.min(n + 7, steps.length); at += 1) {
        const bad = broken(device, [step.defect], 'once');
        expect(ran(await bootAndCut(bad, at))).toBe('cut');
        for (let again = 0; again < 3; again += 1) {
          const result = await bootOnce(bad);
          faults.push(...faultOf(bad, result));
          ends.push(ran(result));
        }
      }
    }
    expect(faults).toEqual([]);
    expect(ends.filter((end) => end === 2).length).toBeGreaterThan(20);
  });
});
