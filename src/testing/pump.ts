import { DfuError } from '../bytes/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { BenchClock } from './bench-clock.ts';
import type { Work } from './work.ts';

// Whatever a test puts in their place later, these are the machine's.
const { setImmediate: soon, setTimeout: later, clearTimeout: never } = globalThis;

/** A turn of the event loop: all that was ready to go on has gone on. */
const turn = (): Promise<void> => new Promise((next) => soon(next));

/** Timers that may be called at one moment of the board's clock: beyond it, time would never go on. */
const MOST_AT_A_MOMENT = 100_000;

/** Whoever waits. */
interface Waiting<T> {
  /** What it waits for, once it is there. What it throws ends the waiting. */
  readonly look: () => T | undefined;
  /** How long it may take, in ms of the board's clock. */
  readonly withinMs: number;
  /** Why it has not come, when the time is up. */
  readonly late: () => Error;
  readonly signal?: CancelSignal | undefined;
}

interface Waiter {
  /** Answers whether it has been served. */
  readonly serve: () => boolean;
  readonly deadlineMs: number;
  readonly expire: () => void;
  readonly fail: (error: unknown) => void;
}

/** What of a bench is at work by itself, without its clock. */
interface Programs {
  readonly isAtRest: boolean;
  untilRest(): Promise<void>;
}

/**
 * Lets the time of a bench go on while somebody waits, and only when nothing else is under way: what happens, and when,
 * is the same on any machine.
 */
export class Pump {
  readonly #clock: BenchClock;
  readonly #work: Work;
  readonly #programs: Programs;
  readonly #waiters = new Set<Waiter>();
  #runs = false;
  #wake: () => void = () => {};
  #momentMs = -1;
  #atMoment = 0;

  constructor(clock: BenchClock, work: Work, programs: Programs) {
    this.#clock = clock;
    this.#work = work;
    this.#programs = programs;
  }

  /** Resolves with what `look` finds, when nothing is under way any more; time goes on until it does. */
  async until<T>({ look, withinMs, late, signal }: Waiting<T>): Promise<T> {
    if (signal?.aborted === true) throw aborted(signal);
    let waiter: Waiter | undefined;
    const abort = (): void => {
      if (signal !== undefined) waiter?.fail(aborted(signal));
      this.poke();
    };
    signal?.addEventListener('abort', abort);
    try {
      return await new Promise<T>((resolve, reject) => {
        const own: Waiter = {
          deadlineMs: this.#clock.now() + withinMs,
          serve: () => {
            const found = look();
            if (found !== undefined) resolve(found);
            return found !== undefined;
          },
          expire: () => reject(late()),
          fail: (error) => {
            this.#waiters.delete(own);
            reject(error);
          },
        };
        waiter = own;
        this.#waiters.add(own);
        this.poke();
        void this.#run();
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Until nothing is under way at this moment; no time passes. */
  async settle(): Promise<void> {
    for (;;) {
      await turn();
      if (this.#work.isUnderWay) await this.#work.over();
      else if (this.#programs.isAtRest) return;
      else await this.#programs.untilRest();
    }
  }

  /** Something has happened: with real time, whoever waits looks again. */
  poke(): void {
    this.#wake();
  }

  async #run(): Promise<void> {
    if (this.#runs) return;
    this.#runs = true;
    try {
      while (this.#waiters.size > 0) {
        if (this.#clock.isReal) await turn();
        else await this.settle();
        // Whoever has what it waited for may go on before time does.
        if (this.#serve()) continue;
        if (this.#clock.isReal) await this.#realNews();
        else this.#advance();
      }
    } catch (error) {
      for (const waiter of this.#waiters) waiter.fail(error);
    } finally {
      this.#runs = false;
    }
  }

  #serve(): boolean {
    let any = false;
    for (const waiter of this.#waiters) {
      try {
        const isServed = waiter.serve();
        if (!isServed && this.#clock.now() < waiter.deadlineMs) continue;
        this.#waiters.delete(waiter);
        if (!isServed) waiter.expire();
      } catch (error) {
        waiter.fail(error);
      }
      any = true;
    }
    return any;
  }

  get #deadlineMs(): number {
    let first = Infinity;
    for (const { deadlineMs } of this.#waiters) first = Math.min(first, deadlineMs);
    return first;
  }

  #advance(): void {
    this.#clock.advanceTo(this.#deadlineMs);
    const now = this.#clock.now();
    this.#atMoment = now === this.#momentMs ? this.#atMoment + 1 : 0;
    this.#momentMs = now;
    if (this.#atMoment < MOST_AT_A_MOMENT) return;
    this.#atMoment = 0;
    const words = `the board has more to do at ${now} ms than ever ends: a start that takes no time and ends at once?`;
    throw new DfuError('TIMEOUT', words);
  }

  async #realNews(): Promise<void> {
    let alarm: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      const waitMs = Math.max(0, this.#deadlineMs - this.#clock.now());
      alarm = later(resolve, Math.min(waitMs, 0x7fffffff));
    });
    never(alarm);
  }
}

function aborted({ reason }: CancelSignal): Error {
  return new DfuError('ABORTED', 'cancelled', { cause: reason });
}
