import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { VirtualClock, sleep, timerClock } from './index.ts';
import type { TimerHost } from './index.ts';
import { DeviceTicker } from './usb-device.ts';

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

describe('a virtual clock', () => {
  test('calls timers in order of time, and those of one time in order of setting', () => {
    const clock = new VirtualClock();
    const called: string[] = [];
    clock.at(20, () => called.push(`c@${clock.now()}`));
    clock.at(10, () => called.push(`a@${clock.now()}`));
    clock.at(10, () => called.push(`b@${clock.now()}`));
    clock.advance(15);
    expect(called).toEqual(['a@10', 'b@10']);
    expect(clock.now()).toBe(15);
    clock.advance(5);
    expect(called).toEqual(['a@10', 'b@10', 'c@20']);
  });

  test('a timer set by a timer still falls into the same stretch', () => {
    const clock = new VirtualClock();
    const called: number[] = [];
    clock.at(1, () => clock.at(2, () => called.push(clock.now())));
    clock.advance(5);
    expect(called).toEqual([2]);
  });

  test('a cancelled timer is never called', () => {
    const clock = new VirtualClock();
    const cancel = clock.at(1, () => expect.unreachable());
    cancel();
    clock.advance(10);
    expect(clock.nextMs).toBe(Infinity);
  });

  test('runs hours of work in no time', async () => {
    const clock = new VirtualClock();
    const work = async (): Promise<number> => {
      for (let hour = 0; hour < 5; hour += 1) await sleep(clock, 3_600_000);
      return clock.now();
    };
    expect(await clock.run(work(), turn)).toBe(5 * 3_600_000);
  });

  test('says when the work waits for something else', async () => {
    const clock = new VirtualClock();
    await expect(clock.run(new Promise(() => {}), turn)).rejects.toThrow('no timer');
  });
});

describe('real time in a hidden page', () => {
  /** A page whose timers are held back for good; each look at the time takes a millisecond. */
  const hiddenPage = (): TimerHost & { readonly timers: number[] } => {
    let ms = 0;
    const timers: number[] = [];
    return {
      performance: { now: () => ms++ },
      setTimeout: (_, after) => timers.push(after),
      clearTimeout: () => {},
      document: { hidden: true },
      MessageChannel,
      timers,
    };
  };

  test('a device that is busy for a moment is waited for no longer than that', async () => {
    const page = hiddenPage();
    const clock = timerClock(page);
    const start = clock.now();
    await sleep(clock, 100);
    expect(clock.now() - start).toBeGreaterThanOrEqual(100);
    expect(page.timers).toEqual([]);
  });

  test('what is cancelled is not called, and what takes longer is left to a timer', async () => {
    const page = hiddenPage();
    const clock = timerClock(page);
    const cancel = clock.at(clock.now() + 5, () => expect.unreachable());
    cancel();
    await sleep(clock, 50);
    const nap = new AbortController();
    const long = sleep(clock, 5000, nap.signal);
    expect(page.timers).toHaveLength(1);
    nap.abort();
    await expect(long).rejects.toThrow('cancelled');
  });
});

describe('sleep', () => {
  test('ends early when cancelled', async () => {
    const clock = new VirtualClock();
    const cancel = new AbortController();
    const nap = sleep(clock, 1000, cancel.signal);
    cancel.abort();
    await expect(nap).rejects.toThrow(new DfuError('ABORTED', 'cancelled'));
    expect(clock.nextMs).toBe(Infinity);
    await expect(sleep(clock, 1, cancel.signal)).rejects.toThrow('cancelled');
  });
});

describe('a ticker', () => {
  test('ticks a device when it asked for it, with one timer at a time', () => {
    const clock = new VirtualClock();
    const seen: number[] = [];
    let due = 10;
    const ticker = new DeviceTicker(
      {
        tick(nowMs) {
          seen.push(nowMs);
          if (nowMs >= due) due = nowMs >= 30 ? Infinity : nowMs + 10;
          return due;
        },
      },
      clock,
    );
    ticker.now();
    ticker.now();
    clock.advance(100);
    expect(seen).toEqual([0, 0, 10, 20, 30]);
    expect(clock.nextMs).toBe(Infinity);
  });

  test('stopped leaves no timer behind', () => {
    const clock = new VirtualClock();
    const ticker = new DeviceTicker({ tick: () => 5 }, clock);
    ticker.now();
    ticker.stop();
    expect(clock.nextMs).toBe(Infinity);
  });
});
