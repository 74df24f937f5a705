import type { MediumResult } from '../media/medium.ts';
import { MediumWork } from '../media/medium-work.ts';
import type { DfuSeJob, DfuSeProfile } from './profile.ts';

/** What a block asked for, until the host asks for the status; then the work that it is. */
export class DfuSeJobs {
  readonly work: MediumWork = new MediumWork();
  readonly #pollTimesMs: DfuSeProfile['pollTimesMs'];
  #run: (() => MediumResult) | undefined;
  /** Until then the device says that it is busy, whatever the memory says. */
  #leastMs = 0;
  /** What the host was told last. */
  #promisedMs = 0;
  /** What was prepared last. */
  job: DfuSeJob = 'program';
  /** Between `begin` and the answer that it is for: the work counts as busy whatever it took. */
  starting = false;

  readonly #keepsPromise: boolean;

  /** `pollTimesMs`: least bwPollTimeout for each job, in ms. `kind`: when a job counts as over. */
  constructor(pollTimesMs: DfuSeProfile['pollTimesMs'], kind: DfuSeProfile['jobs']) {
    this.#pollTimesMs = pollTimesMs;
    this.#keepsPromise = kind !== 'held';
  }

  prepare(job: DfuSeJob, run: () => MediumResult): void {
    this.work.clear();
    this.job = job;
    this.#run = run;
  }

  /** Carries it out, if that is not done yet. */
  begin(nowMs: number): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.starting = true;
    this.#leastMs = nowMs + (this.#pollTimesMs[this.job] ?? 0);
    this.work.start(run(), nowMs);
  }

  /** Never to be carried out. */
  drop(): void {
    this.#run = undefined;
    this.starting = false;
    this.work.clear();
  }

  /** bwPollTimeout of the answer that is given now, in ms. */
  promise(nowMs: number): number {
    this.starting = false;
    const left = Math.max(0, Math.ceil(this.#leastMs - nowMs));
    const pollTimeoutMs = Math.max(this.work.pollTimeoutMs(nowMs), left);
    this.#promisedMs = nowMs + pollTimeoutMs;
    return pollTimeoutMs;
  }

  /** Whether the work is over and, unless nobody need wait for that, the time that the host was told. */
  over(nowMs: number): boolean {
    if (this.starting || this.work.state === 'busy') return false;
    return !this.#keepsPromise || nowMs >= this.#promisedMs;
  }

  poll(nowMs: number): void {
    this.work.poll(nowMs);
  }

  /** When something will have changed; `waiting`: whether the state ends with the time promised. */
  dueMs(waiting: boolean, nowMs: number): number {
    if (!waiting) return Infinity;
    const promisedMs = this.#promisedMs > nowMs ? this.#promisedMs : Infinity;
    return Math.min(this.work.dueMs, promisedMs);
  }
}
