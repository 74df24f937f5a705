import { setImmediate } from 'node:timers/promises';
import type { Output } from '../shared/terminal.ts';

/** What is done sooner needs no progress. */
const FIRST_MS = 1000;

/** Shows how far it is, at most ten times a second, where standard error is a terminal. */
export class ProgressLine {
  readonly #err: Output;
  readonly #what: string;
  readonly #startMs = performance.now();
  #nextMs = 0;
  #shown = false;

  constructor(err: Output, what: string) {
    this.#err = err;
    this.#what = what;
  }

  async show(done: number, total: number): Promise<void> {
    const now = performance.now();
    if (now < this.#nextMs) return;
    this.#nextMs = now + 100;
    if (this.#err.isTTY === true && now - this.#startMs > FIRST_MS) {
      this.#shown = true;
      const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
      this.#err.write(`\r${this.#what}: ${done} of ${total} (${percent}%) `);
    }
    // signals are heard here
    await setImmediate();
  }

  clear(): void {
    if (this.#shown) this.#err.write('\r\u001b[K');
  }
}
