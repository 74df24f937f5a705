import { VirtualClock } from '../../src/usb/index.ts';
import { turn } from '../support/scripted-pipe.ts';

/** How long nothing may happen and no timer be set, in ms of real time, until it is taken for the end of all. */
const STUCK_MS = 30_000;

/** What has no end, or none in time. */
class Endless extends Error {}

/**
 * Does work with this process' timers and `performance` on a clock that jumps: what waits for them takes no time. Throws
 * if the work takes longer than that many ms of that time, or waits for nothing. Other work of the process stops meanwhile.
 */
export async function onJumpingTime<T>(
  work: (clock: VirtualClock) => Promise<T>,
  mostMs: number,
): Promise<{ readonly value: T; readonly ms: number }> {
  const clock = new VirtualClock();
  const now = performance.now.bind(performance);
  const putBack = replaceTimers(clock);
  try {
    const state = { isOver: false };
    const settle = (): void => {
      state.isOver = true;
    };
    const working = work(clock);
    working.then(settle, settle);
    let lastMs = now();
    for (await turn(); !state.isOver; await turn()) {
      if (clock.step()) lastMs = now();
      else if (now() - lastMs > STUCK_MS) throw new Endless('waits, and for no timer');
      if (clock.now() > mostMs) throw new Endless(`goes on after ${clock.now()} ms`);
    }
    return { value: await working, ms: clock.now() };
  } finally {
    putBack();
  }
}

/** How long what loads the sources waits for a module, in ms. */
const LOADER_MS = 60_000;

/** Whether it is not the command that sets a timer, but what loads its modules: that takes real time. */
function isOfLoader(ms: number): boolean {
  return ms === LOADER_MS && /module-runner/.test(new Error().stack ?? '');
}

/** Timers of that clock until they are put back. */
function replaceTimers(clock: VirtualClock): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  const fakes = {
    setTimeout: (run: (...values: unknown[]) => void, ms = 0, ...values: unknown[]): object => {
      if (isOfLoader(ms)) return setTimeout(run, ms, ...values);
      const cancel = clock.at(clock.now() + Math.max(0, ms), () => run(...values));
      return { cancel, ref: () => {}, unref: () => {}, hasRef: () => true };
    },
    clearTimeout: (timer: unknown): void => {
      if (typeof timer !== 'object' || timer === null) return;
      if ('cancel' in timer && typeof timer.cancel === 'function') timer.cancel();
      else clearTimeout(timer as NodeJS.Timeout);
    },
  };
  Object.assign(globalThis, fakes);
  Object.defineProperty(performance, 'now', { value: () => clock.now(), configurable: true });
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Reflect.deleteProperty(performance, 'now');
  };
}
