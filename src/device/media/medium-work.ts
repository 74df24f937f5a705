import type { DfuStatus } from '../../dfu/index.ts';
import type { DfuWork } from '../dfu/machine.ts';
import { DONE } from './medium.ts';
import type { MediumResult } from './medium.ts';

/** How soon a result that comes `later` is asked for again if the medium says nothing, in ms. */
const LATER_MS = 1;

/** An operation on a medium while time goes by: busy until its time is over, then done or failed. */
export class MediumWork {
  #result: MediumResult = DONE;
  #readyMs = 0;
  #state: DfuWork = 'todo';

  /** Where it stands, as of the last `poll`. */
  get state(): DfuWork {
    return this.#state;
  }

  /** When it will be worth polling again; `Infinity` if nothing goes on. */
  get dueMs(): number {
    return this.#state === 'busy' ? this.#readyMs : Infinity;
  }

  /** The status of what failed; `OK` before. */
  get failure(): DfuStatus {
    return this.#state === 'failed' ? this.#result.status : 'OK';
  }

  /** Why it failed, in words; empty if the medium gave no reason. */
  get reason(): string {
    return this.#state === 'failed' ? (this.#result.reason ?? '') : '';
  }

  /** The reason, if that is the status that it is for; else empty. */
  reasonFor(status: DfuStatus): string {
    return this.failure === status ? this.reason : '';
  }

  /** Nothing has begun. */
  clear(): void {
    this.#state = 'todo';
    this.#result = DONE;
  }

  /** The medium has said this at that time. */
  start(result: MediumResult, nowMs: number): void {
    this.#result = result;
    const ends = result.busyMs <= 0 && result.later === undefined;
    this.#readyMs = ends ? nowMs : nowMs + this.#waitMs(result);
    this.#state = ends ? outcome(result) : 'busy';
  }

  /** Time has come to that; true if the work has just ended. */
  poll(nowMs: number): boolean {
    if (this.#state !== 'busy' || nowMs < this.#readyMs) return false;
    const { later } = this.#result;
    if (later === undefined) {
      this.#state = outcome(this.#result);
      return true;
    }
    const next = later();
    if (next === undefined) {
      this.#readyMs = nowMs + this.#waitMs(this.#result);
      return false;
    }
    this.start(next, nowMs);
    return this.#state !== 'busy';
  }

  /** Least time until it can be over, in whole ms as bwPollTimeout has them (24 bits). */
  pollTimeoutMs(nowMs: number): number {
    if (this.#state !== 'busy') return 0;
    return Math.min(0xffffff, Math.max(1, Math.ceil(this.#readyMs - nowMs)));
  }

  #waitMs({ busyMs, later }: MediumResult): number {
    const usable = Number.isFinite(busyMs) ? Math.max(0, busyMs) : 0;
    return later === undefined ? usable : Math.max(LATER_MS, usable);
  }
}

function outcome({ status }: MediumResult): DfuWork {
  return status === 'OK' ? 'done' : 'failed';
}
