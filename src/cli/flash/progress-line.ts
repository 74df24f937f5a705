import { setImmediate } from 'node:timers/promises';
import type { Output } from '../shared/terminal.ts';

/** What is done sooner needs no progress. */
const FIRST_MS = 1000;

/** How long something still takes, for people. */
function leftText(ms: number): string {
  if (!(ms >= 10_000 && ms < Infinity)) return '';
  const left = ms < 90_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`;
  return `, about ${left} more`;
}

/** Shows how far it is, at most ten times a second, where standard error is a terminal. */
export class ProgressLine {
  readonly #err: Output;
  readonly #what: string;
  readonly #startMs = performance.now();
  #nextMs = 0;
  #shown = false;
  #countedMs: number | undefined;

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
      this.#err.write(`\r${this.#what}: ${this.#text(done, total, now)} \u001b[K`);
    }
    // signals are heard here
    await setImmediate();
  }

  /** What is counted from the first on: what went before takes its own time. */
  #text(done: number, total: number, now: number): string {
    if (total === 0) return 'beginning';
    this.#countedMs ??= now;
    const left = leftText(((now - this.#countedMs) / done) * (total - done));
    return `${done} of ${total} (${Math.floor((100 * done) / total)}%)${left}`;
  }

  clear(): void {
    if (this.#shown) this.#err.write('\r\u001b[K');
  }
}
