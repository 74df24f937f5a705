import type { LeaveReason } from './leave.ts';

/**
 * A reset that the host does not follow up with SET_CONFIGURATION is over after that time, in ms: as long
 * as Linux gives that request (USB_CTRL_SET_TIMEOUT).
 */
const RESET_MS = 5000;
/**
 * Whoever reads the device descriptor may be in the middle of a reset that no server has told of: Linux
 * resets the port once more after that, 120 ms at least until it asks again. With room for slow machines.
 */
const LOOK_MS = 1000;
/** A host that resets again and again puts the leaving off by at most that time, in ms. */
const MOST_MS = 2 * RESET_MS;

/**
 * When a device leaves DFU mode, and why. A host that resets the bus reads the descriptors again and
 * must find the same ones until it has selected the configuration, however long it takes (on a loaded
 * machine many times as long as on an idle one); only then does the delay begin.
 */
export class Leaving<Extra extends string = never> {
  readonly #delayMs: number;
  readonly #steady: boolean;
  #reason: LeaveReason | Extra | undefined;
  #dueMs = Infinity;
  #latestMs = Infinity;

  /**
   * `delayMs`: how long the host still finds the same device once it could leave. `steady`: nothing
   * puts off what is due.
   */
  constructor(delayMs: number, steady: boolean = false) {
    this.#delayMs = delayMs;
    this.#steady = steady;
  }

  /** Why; undefined while nothing is due. */
  get reason(): LeaveReason | Extra | undefined {
    return this.#reason;
  }

  /** Whether the device is about to leave; one that waits for its reset is not. */
  get decided(): boolean {
    return this.#reason !== undefined && this.#reason !== 'timeout';
  }

  get dueMs(): number {
    return this.#dueMs;
  }

  /** Leave then; what was due before is forgotten. */
  at(reason: LeaveReason | Extra, dueMs: number): void {
    if (this.#steady && this.decided) return;
    this.#reason = reason;
    this.#dueMs = dueMs;
    this.#latestMs = dueMs + MOST_MS;
  }

  /** A reset, which is why it leaves or which has come meanwhile. */
  reset(nowMs: number): void {
    if (this.#steady) return;
    this.#dueMs = Math.min(nowMs + RESET_MS, this.#latestMs);
  }

  /** A reset begins, maybe: see `UsbFunction.lookedAt`. */
  lookedAt(nowMs: number): void {
    if (this.#steady || (this.#reason !== 'reset' && this.#reason !== 'detach')) return;
    this.#dueMs = Math.max(this.#dueMs, Math.min(nowMs + LOOK_MS, this.#latestMs));
  }

  /** The host has selected a configuration: the reset is over. */
  configured(nowMs: number): void {
    if (this.#steady || (this.#reason !== 'reset' && this.#reason !== 'detach')) return;
    this.#dueMs = Math.min(nowMs + this.#delayMs, this.#latestMs);
  }

  cancel(): void {
    this.#reason = undefined;
    this.#dueMs = Infinity;
  }
}
