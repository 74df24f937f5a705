import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { Canceller, VirtualClock, sleep, until } from './index.ts';
import type { CancelSignal, Ending } from './index.ts';

/** A signal that counts its listeners. */
class Signal implements CancelSignal {
  aborted = false;
  reason: unknown;
  readonly listeners = new Set<() => void>();

  addEventListener(_: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  raise(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.listeners) listener();
  }
}

interface Bench {
  readonly clock: VirtualClock;
  readonly signal: Signal;
  readonly ending: Ending<string>;
  readonly stops: number;
  readonly wait: Promise<string>;
}

/** Something that ends when the test says so, within 10 ms. */
function bench(late?: () => string): Bench {
  const clock = new VirtualClock();
  const signal = new Signal();
  let stops = 0;
  let ending: Ending<string> | undefined;
  const wait = until<string>(clock, { ms: 10, signal, late }, (its) => {
    ending = its;
    return () => (stops += 1);
  });
  if (ending === undefined) throw new Error('not started');
  return {
    clock,
    signal,
    ending,
    wait,
    get stops() {
      return stops;
    },
  };
}

/** Nothing is left behind, and whatever was started has been stopped once. */
function expectOver({ clock, signal, stops }: Bench): void {
  expect([clock.nextMs, signal.listeners.size, stops]).toEqual([Infinity, 0, 1]);
}

describe('a wait', () => {
  test('ends with what was started, either way', async () => {
    const well = bench();
    expect(well.signal.listeners.size).toBe(1);
    well.ending.resolve('well');
    expect(await well.wait).toBe('well');
    expectOver(well);

    const badly = bench();
    badly.ending.reject(new DfuError('IO', 'badly'));
    await expect(badly.wait).rejects.toThrow('badly');
    expectOver(badly);
  });

  test('that ends while it is started leaves no timer and no listener', async () => {
    const clock = new VirtualClock();
    const signal = new Signal();
    let stops = 0;
    const wait = until<number>(clock, { ms: 10, signal }, ({ resolve }) => {
      resolve(1);
      return () => (stops += 1);
    });
    expect([clock.nextMs, signal.listeners.size, stops]).toEqual([Infinity, 0, 1]);
    expect(await wait).toBe(1);
  });

  test('is over when its time is, not a moment before', async () => {
    const all = bench();
    all.clock.advance(9);
    expect(all.stops).toBe(0);
    all.clock.advance(1);
    await expect(all.wait).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'no answer within 10 ms',
    });
    expectOver(all);
  });

  test('says at the end of its time what it is told to', async () => {
    const mild = bench(() => 'nothing came');
    mild.clock.advance(10);
    expect(await mild.wait).toBe('nothing came');
    expectOver(mild);

    const strict = bench(() => {
      throw new DfuError('PROTOCOL', 'mine');
    });
    strict.clock.advance(10);
    await expect(strict.wait).rejects.toThrow('mine');
    expectOver(strict);
  });

  test('without a time goes on as long as it takes', async () => {
    const clock = new VirtualClock();
    let end = (): void => {};
    const wait = until<string>(clock, {}, ({ resolve }) => {
      end = () => resolve('at last');
      return undefined;
    });
    expect(clock.nextMs).toBe(Infinity);
    clock.advance(1e9);
    end();
    expect(await wait).toBe('at last');
  });

  test('takes no notice of an answer that comes late, nor of a second one', async () => {
    const late = bench(() => 'late');
    late.clock.advance(10);
    late.ending.resolve('answer');
    late.ending.reject(new Error('and more'));
    expect(await late.wait).toBe('late');
    expectOver(late);

    const twice = bench();
    twice.ending.resolve('first');
    twice.ending.resolve('second');
    expect(await twice.wait).toBe('first');
    expectOver(twice);
  });
});

describe('a signal', () => {
  test('raised before starts nothing', async () => {
    const signal = new Signal();
    signal.raise('enough');
    const wait = until(new VirtualClock(), { ms: 1, signal }, () => expect.unreachable());
    await expect(wait).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect(signal.listeners.size).toBe(0);
  });

  test('raised while it is started gives it up', async () => {
    const clock = new VirtualClock();
    const signal = new Signal();
    let stops = 0;
    const wait = until(clock, { ms: 1, signal }, () => {
      signal.raise('enough');
      return () => (stops += 1);
    });
    await expect(wait).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expect([clock.nextMs, signal.listeners.size, stops]).toEqual([Infinity, 0, 1]);
  });

  test('raised during it gives it up, and an answer behind it goes nowhere', async () => {
    const all = bench();
    all.signal.raise('enough');
    all.ending.resolve('answer');
    await expect(all.wait).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    expectOver(all);
  });

  test('raised after it changes nothing', async () => {
    const all = bench();
    all.ending.resolve('answer');
    all.signal.raise('enough');
    expect(await all.wait).toBe('answer');
    expectOver(all);
  });

  test('leaves no listener behind a sleep, however that ends', async () => {
    const clock = new VirtualClock();
    const signal = new Signal();
    const whole = sleep(clock, 5, signal);
    clock.advance(5);
    await whole;
    const cut = sleep(clock, 5, signal);
    signal.raise('enough');
    await expect(cut).rejects.toMatchObject({ code: 'ABORTED' });
    expect([clock.nextMs, signal.listeners.size]).toEqual([Infinity, 0]);
  });
});

describe('a signal of one’s own', () => {
  test('is raised with its parent, once, and listens no longer', () => {
    const parent = new AbortController();
    const own = new Canceller(parent.signal);
    let times = 0;
    own.signal.addEventListener('abort', () => (times += 1));
    parent.abort('why');
    own.cancel();
    expect([own.signal.aborted, own.signal.reason, times]).toEqual([true, 'why', 1]);
  });

  test('is raised before it, and leaves it alone', () => {
    const parent = new AbortController();
    const own = new Canceller(parent.signal);
    own.cancel();
    expect([own.signal.aborted, parent.signal.aborted]).toEqual([true, false]);
    parent.abort();
    expect(new Canceller(parent.signal).signal.aborted).toBe(true);
    expect(new Canceller().signal.aborted).toBe(false);
  });
});
