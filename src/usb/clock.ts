import { DfuError } from '../bytes/index.ts';

/** Where time comes from. Milliseconds from some start, never going back. */
export interface Clock {
  now(): number;
  /** Calls `run` once, not before `timeMs`; the answer cancels it. */
  at(timeMs: number, run: () => void): () => void;
}

/** What `timerClock` needs of its surroundings: Node and every browser have it. */
export interface TimerHost {
  readonly performance: { now(): number };
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: never): void;
  /** Of a page: whether nobody sees it. */
  readonly document?: { readonly hidden: boolean } | undefined;
  readonly MessageChannel?: (new () => object) | undefined;
}

/** What is used of a page's `MessageChannel`. */
interface MessageChannelLike {
  readonly port1: { postMessage(message: unknown): void; close(): void };
  readonly port2: { addEventListener(type: 'message', listener: () => void): void; start(): void };
}

/** Longest time that `setTimeout` counts; beyond it a timer would fire at once. */
const LONGEST_MS = 0x7fffffff;

/** Up to which a wait in a hidden page is done without a timer, in ms: as long as a device is busy with a block. */
const SHORT_MS = 250;

/** Turn after turn until it is time: messages are not held back in a hidden page. */
function inTurns(
  { performance }: TimerHost,
  { port1, port2 }: MessageChannelLike,
  { timeMs, run }: { readonly timeMs: number; readonly run: () => void },
): () => void {
  let isOver = false;
  const end = (): void => {
    isOver = true;
    port1.close();
  };
  const turn = (): void => port1.postMessage(undefined);
  port2.addEventListener('message', () => {
    if (isOver) return;
    if (performance.now() < timeMs) turn();
    else {
      end();
      run();
    }
  });
  port2.start();
  turn();
  return end;
}

/**
 * Real time: `timerClock(globalThis)`. A browser holds the timers of a hidden page back, for a second and later for a minute each; what
 * a device is waited for between two blocks, a quarter of a second at most, is not held back.
 */
export function timerClock(host: TimerHost): Clock {
  return {
    now: () => host.performance.now(),
    at(timeMs, run) {
      const { MessageChannel: Channel, document: page } = host;
      const isShort = timeMs - host.performance.now() <= SHORT_MS;
      if (isShort && page?.hidden === true && Channel !== undefined) {
        return inTurns(host, new Channel() as MessageChannelLike, { timeMs, run });
      }
      const timer = host.setTimeout(
        run,
        Math.min(LONGEST_MS, Math.max(0, timeMs - host.performance.now())),
      );
      return () => host.clearTimeout(timer as never);
    },
  };
}

/** This machine's time. Every place that has this package has timers, whether its types say so or not. */
export function realTime(): Clock {
  const here: object = globalThis;
  return timerClock(here as TimerHost);
}

/** The part of `AbortSignal` that is used here; an `AbortSignal` is one. */
export interface CancelSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface VirtualTimer {
  readonly timeMs: number;
  readonly run: () => void;
}

/** Time that stands still until it is told to go on: for tests and for simulations. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers = new Set<VirtualTimer>();

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  at(timeMs: number, run: () => void): () => void {
    const timer: VirtualTimer = { timeMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** When the next timer is due; `Infinity` if none is set. */
  get nextMs(): number {
    let next = Infinity;
    for (const { timeMs } of this.#timers) if (timeMs < next) next = timeMs;
    return next;
  }

  /** Lets `ms` pass, calling in order what falls due. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.nextMs; next <= end; next = this.nextMs) this.#fire(next);
    this.#now = end;
  }

  /** Jumps to the next timer and calls it. False if there is none. */
  step(): boolean {
    const next = this.nextMs;
    if (next === Infinity) return false;
    this.#fire(next);
    return true;
  }

  /**
   * Runs `work` to its end, letting time jump whenever nothing else is left to do. `turn` must give
   * everything else a turn, e.g. `() => new Promise((done) => setImmediate(done))`. Only for work that
   * waits for this clock alone: sockets and workers take real time, which a jump would skip.
   */
  async run<T>(work: Promise<T>, turn: () => Promise<void>): Promise<T> {
    let pending = true;
    const settle = (): void => {
      pending = false;
    };
    work.then(settle, settle);
    for (;;) {
      await turn();
      if (!pending) return work;
      if (!this.step())
        throw new DfuError(
          'TIMEOUT',
          'the work waits for something that is no timer of this clock: a socket, worker or process takes real time (timerClock)',
        );
    }
  }

  #fire(timeMs: number): void {
    let first: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.timeMs === timeMs) {
        first = timer;
        break;
      }
    }
    if (first === undefined) return;
    this.#timers.delete(first);
    this.#now = Math.max(this.#now, timeMs);
    first.run();
  }
}
