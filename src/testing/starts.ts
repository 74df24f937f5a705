import { DfuError } from '../bytes/index.ts';
import type { BoardEvent } from '../board/index.ts';

/** Starts that a board makes of itself in so short a time: it does nothing else. */
const MOST_STARTS = 200;
const WITHIN_MS = 1000;

/** When a board has started by itself, for whoever waits for something else. */
export class Starts {
  /** The times of the last ones, one after the other and round again. */
  readonly #timesMs: number[] = [];
  #count = 0;

  heard(event: BoardEvent, nowMs: number): void {
    if (event.type !== 'boot' || (event.cause !== 'watchdog' && event.cause !== 'software')) return;
    this.#timesMs[this.#count % MOST_STARTS] = nowMs;
    this.#count += 1;
  }

  /** Throws `TIMEOUT` if it resets itself over and over: each start costs, and nothing is to come of the next one. */
  demandRest(nowMs: number): void {
    if (this.#count < MOST_STARTS) return;
    const tookMs = nowMs - (this.#timesMs[this.#count % MOST_STARTS] ?? 0);
    if (tookMs > WITHIN_MS) return;
    const words = `the board resets itself over and over: ${MOST_STARTS} starts in ${tookMs.toFixed(0)} ms`;
    throw new DfuError('TIMEOUT', words);
  }
}
