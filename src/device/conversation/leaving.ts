import type { LeaveReason } from './options.ts';

/** A reset that the host does not follow up with SET_CONFIGURATION is over after that many delays. */
const RESET_DELAYS = 5;
/** A host that resets again and again puts the leaving off by at most that many delays. */
const MOST_DELAYS = 2 * RESET_DELAYS;

/**
 * When a device leaves DFU mode, and why. A host that resets the bus reads the descriptors again and
 * must find the same ones until it has selected the configuration, however long it takes (on a loaded
 * machine many times as long as on an idle one); only then does the delay begin.
 */
export class Leaving {
  readonly #delayMs: number;
  #reason: LeaveReason | undefined;
  #dueMs = Infinity;
  #latestMs = Infinity;

  /** `delayMs`: how long the host still finds the same device once it could leave. */
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

  /** A reset, which is why it leaves or which has come meanwhile. */
  reset(nowMs: number): void {
    this.#dueMs = Math.min(nowMs + RESET_DELAYS * this.#delayMs, this.#latestMs);
  }

  /** The host has selected a configuration: the reset is over. */
  configured(nowMs: number): void {
    if (this.#reason !== 'reset' && this.#reason !== 'detach') return;
    this.#dueMs = Math.min(nowMs + this.#delayMs, this.#latestMs);
  }

  cancel(): void {
    this.#reason = undefined;
    this.#dueMs = Infinity;
  }
}
