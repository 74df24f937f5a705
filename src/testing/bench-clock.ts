import type { Clock } from '../usb/index.ts';

interface Timer {
  readonly timeMs: number;
  readonly run: () => void;
}

/** Longest time that `setTimeout` counts. */
const LONGEST_MS = 0x7fffffff;

const { setTimeout: later, clearTimeout: never } = globalThis;

/**
 * A clock that stands still until it is told to go on, or that runs with the time of this machine: it can change from
 * one to the other, and what was to come stays to come.
 */
export class BenchClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();
  /** What the time of this machine is ahead of this clock's; undefined while it stands. */
  #aheadMs: number | undefined;
  #alarm: ReturnType<typeof setTimeout> | undefined;

  constructor(startMs = 0) {
    this.#now = startMs;
  }

  now(): number {
    return this.#aheadMs === undefined ? this.#now : performance.now() - this.#aheadMs;
  }

  at(timeMs: number, run: () => void): () => void {
    const timer: Timer = { timeMs, run };
    this.#timers.add(timer);
    if (this.isReal) this.#arm();
    return () => this.#timers.delete(timer);
  }

  /** Whether it runs with the time of this machine. */
  get isReal(): boolean {
    return this.#aheadMs !== undefined;
  }

  /** When the next timer is due; `Infinity` if none is set. */
  get nextMs(): number {
    return this.#next()?.timeMs ?? Infinity;
  }

  /** From here on it runs by itself. */
  run(): void {
    if (this.isReal) return;
    this.#aheadMs = performance.now() - this.#now;
    this.#arm();
  }

  /** From here on it stands. */
  stand(): void {
    this.#now = this.now();
    this.#aheadMs = undefined;
    never(this.#alarm);
  }

  /** Goes on to that moment, or to the next timer before it, which is called. For a clock that stands. */
  advanceTo(timeMs: number): void {
    const timer = this.#next();
    if (timer === undefined || timer.timeMs > timeMs) {
      this.#now = Math.max(this.#now, timeMs);
      return;
    }
    this.#fire(timer);
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.timeMs);
    timer.run();
  }

  /** The earliest; of those of one moment the one that was set first. */
  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (first === undefined || timer.timeMs < first.timeMs) first = timer;
    }
    return first;
  }

  #arm(): void {
    never(this.#alarm);
    const waitMs = Math.max(0, this.nextMs - this.now());
    if (waitMs === Infinity) return;
    this.#alarm = later(() => this.#ring(), Math.min(waitMs, LONGEST_MS));
  }

  #ring(): void {
    if (!this.isReal) return;
    const now = this.now();
    for (
      let timer = this.#next();
      timer !== undefined && timer.timeMs <= now;
      timer = this.#next()
    ) {
      this.#fire(timer);
    }
    this.#arm();
  }
}
