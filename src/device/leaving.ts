import type { LeaveReason } from './dfu-mode-options.ts';

/** A host that resets again and again puts the leaving off by at most that many delays. */
const MOST_DELAYS = 5;

/** When a device leaves DFU mode, and why. */
export class Leaving {
  readonly #delayMs: number;
  #reason: LeaveReason | undefined;
  #dueMs = Infinity;
  #latestMs = Infinity;

  /** `delayMs`: how long the host still finds the same device after a reset. */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Why; undefined while nothing is due. */
  get reason(): LeaveReason | undefined {
    return this.#reason;
  }

  get dueMs(): number {
    return this.#dueMs;
  }

  /** Leave then; what was due before is forgotten. */
  at(reason: LeaveReason, dueMs: number): void {
    this.#reason = reason;
    this.#dueMs = dueMs;
    this.#latestMs = dueMs + MOST_DELAYS * this.#delayMs;
  }

  /** A reset: whoever caused it reads the descriptors again, and they must be the same. */
  putOff(nowMs: number): void {
    const dueMs = Math.min(nowMs + this.#delayMs, this.#latestMs);
    if (dueMs > this.#dueMs) this.#dueMs = dueMs;
  }

  cancel(): void {
    this.#reason = undefined;
    this.#dueMs = Infinity;
  }
}
