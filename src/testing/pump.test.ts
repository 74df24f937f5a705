import { expect, test } from 'vitest';
import { BenchClock } from './bench-clock.ts';
import { Pump } from './pump.ts';
import { Work } from './work.ts';

const atRest = { isAtRest: true, untilRest: () => Promise.resolve() };

test('what begins anew without end at one moment is told, not waited for', async () => {
  const clock = new BenchClock();
  const again = (): void => void clock.at(clock.now(), again);
  again();
  const late = (): Error => new Error('late');
  const waiting = new Pump(clock, new Work(), atRest).until({ look: () => {}, withinMs: 1, late });
  await expect(waiting).rejects.toThrow('more to do at 0 ms than ever ends');
});

test('what a look throws ends the waiting', async () => {
  const look = (): never => {
    throw new Error('no');
  };
  const late = (): Error => new Error('late');
  const pump = new Pump(new BenchClock(), new Work(), atRest);
  await expect(pump.until({ look, withinMs: 1, late })).rejects.toThrow('no');
});

test('time goes on when work has ended that is no timer', async () => {
  const clock = new BenchClock();
  const work = new Work();
  const pump = new Pump(clock, work, atRest);
  let endedAt: number | undefined;
  const slow = async (): Promise<void> => {
    for (let turns = 0; turns < 20; turns += 1) await new Promise((next) => setImmediate(next));
    endedAt = clock.now();
    throw new Error('it fails, and has ended all the same');
  };
  clock.at(5, () => void work.follow(slow()).catch(() => {}));
  clock.at(6, () => {});
  await pump.until({ look: () => endedAt, withinMs: 100, late: () => new Error('late') });
  expect(endedAt).toBe(5);
  expect(clock.now()).toBe(5);
});

test('a clock that runs calls what is due, and stands again where it was stopped', async () => {
  const clock = new BenchClock(100);
  const called: string[] = [];
  await new Promise<void>((resolve) => {
    clock.at(101, () => called.push('first'));
    clock.at(100_000, () => called.push('never'));
    clock.at(103, () => resolve());
    clock.run();
    clock.at(102, () => called.push('second'));
  });
  clock.stand();
  expect(called).toEqual(['first', 'second']);
  expect(clock.now()).toBeGreaterThanOrEqual(103);
  expect(clock.now()).toBe(clock.now());
});
