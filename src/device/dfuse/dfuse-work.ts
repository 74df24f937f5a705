import { hexNumber } from '../../bytes/index.ts';
import type { DfuState, DfuStatus } from '../../dfu/index.ts';
import type { BlockAnswer, BlockWork, ReadFailure, WorkTurn } from '../conversation/block-work.ts';
import type { DfuEvent, DfuWork } from '../dfu/machine.ts';
import { DfuSeAccess } from './access.ts';
import { DfuSeBlocks } from './blocks.ts';
import { DfuSeJobs } from './jobs.ts';
import type { DfuSeModeOptions } from './options.ts';
import type { DfuSeProfile } from './profile.ts';

/** Why only a DfuSe device leaves DFU mode. */
export type Unprotected = 'unprotected';

/** DfuSe: block 0 is a command, blocks from 2 on are data at the address pointer; each is a job. */
export class DfuSeWork implements BlockWork<Unprotected> {
  /** It restarts whatever was downloaded. */
  readonly open = false;
  /** A download may end anywhere: to leave is all that it means. */
  readonly complete = true;
  /** Nobody but the host says when to leave. */
  readonly completed = false;
  readonly settle: (() => DfuEvent) | undefined;
  readonly #memories: readonly DfuSeAccess[];
  readonly #jobs: DfuSeJobs;
  readonly #blocks: DfuSeBlocks;
  readonly #leaves: DfuSeProfile['leaves'];

  /** Throws what `parseMemoryLayout` throws. */
  constructor(options: DfuSeModeOptions, profile: DfuSeProfile, transferSize: number) {
    this.#memories = options.memories.map((memory) => new DfuSeAccess(memory, profile));
    this.#jobs = new DfuSeJobs(options.pollTimesMs ?? profile.pollTimesMs, profile.jobs);
    this.#blocks = new DfuSeBlocks(this.#memories, this.#jobs, {
      profile,
      transferSize,
      initialAddress: options.initialAddress,
    });
    this.#leaves = profile.leaves;
    this.settle = profile.jobs === 'instant' ? () => this.#settled() : undefined;
  }

  /** The address that block 2 belongs to. */
  get addressPointer(): number {
    return this.#blocks.pointer;
  }

  get state(): DfuWork {
    return this.#jobs.starting ? 'busy' : this.#jobs.work.state;
  }

  get failure(): DfuStatus {
    return this.#jobs.work.failure;
  }

  get selected(): number {
    return this.#blocks.selected;
  }

  get lastWords(): string {
    return `address ${hexNumber(this.addressPointer, 8)}`;
  }

  reasonFor(status: DfuStatus): string {
    return this.#jobs.work.reasonFor(status);
  }

  select(alternate: number): boolean {
    if (alternate >= this.#memories.length) return false;
    this.#blocks.selected = alternate;
    return true;
  }

  take(wBlockNum: number, bytes: Uint8Array): BlockAnswer {
    const answer = this.#blocks.take(wBlockNum, bytes);
    return answer.status === 'OK' ? 'taken' : answer;
  }

  end(): BlockAnswer {
    this.#blocks.end();
    return 'taken';
  }

  manifest(nowMs: number): void {
    this.#jobs.begin(nowMs);
  }

  read(wBlockNum: number, wLength: number): Uint8Array | ReadFailure {
    return this.#blocks.read(wBlockNum, wLength);
  }

  fullBytes(wBlockNum: number, wLength: number): number {
    return this.#blocks.fullBytes(wBlockNum, wLength);
  }

  /** The job begins with the answer that says so. */
  promise(nowMs: number): number {
    this.#jobs.begin(nowMs);
    return this.#jobs.promise(nowMs);
  }

  /** No transfer ever waits for a job. */
  poll(nowMs: number): undefined {
    this.#jobs.poll(nowMs);
  }

  /** The time promised is over, and so is the work: DFU 1.1 A.2.5 and A.2.8. */
  turn(state: DfuState, nowMs: number): WorkTurn<Unprotected> | undefined {
    if (!this.#jobs.over(nowMs)) return undefined;
    const manifesting = state === 'dfuMANIFEST';
    // In dfuMANIFEST a device that does not come back by itself has no other way to tell.
    if (this.failure !== 'OK') return { event: manifesting ? 'FAIL' : 'POLL_TIMEOUT' };
    if (this.#jobs.job === 'read-unprotect') return UNPROTECTED;
    return manifesting && this.#leaves === 'by itself' ? MANIFESTED : { event: 'POLL_TIMEOUT' };
  }

  dueMs(polling: boolean, nowMs: number): number {
    return this.#jobs.dueMs(polling, nowMs);
  }

  discard(): void {
    this.#jobs.drop();
  }

  forget(): void {
    this.#jobs.drop();
  }

  reset(): void {
    for (const { memory } of this.#memories) memory.reset?.();
  }

  /** The memory is done before the host can ask again. */
  #settled(): DfuEvent {
    this.#jobs.poll(Infinity);
    return this.failure === 'OK' ? 'POLL_TIMEOUT' : 'FAIL';
  }
}

const UNPROTECTED: WorkTurn<Unprotected> = {
  event: 'POLL_TIMEOUT',
  leaves: { reason: 'unprotected', at: 'once' },
};
const MANIFESTED: WorkTurn<Unprotected> = {
  event: 'POLL_TIMEOUT',
  leaves: { reason: 'manifested', at: 'delay' },
};
