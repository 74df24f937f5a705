import type { DfuState, DfuStatus } from '../../dfu/index.ts';
import type { DfuEvent, DfuWork } from '../dfu/machine.ts';
import type { Withheld } from '../media/medium.ts';

/** What went wrong: bStatus, and why in words. */
export interface Failure {
  readonly status: DfuStatus;
  readonly reason?: string | undefined;
}

/**
 * How the transfer that brought a block ends: acknowledged, not yet, stalled, or stalled as if the block
 * had never been sent.
 */
export type BlockAnswer = 'taken' | 'held' | Failure | Withheld;

/** Why an upload brings nothing. */
export interface ReadFailure extends Failure {
  /** The transfer is answered all the same, with no bytes. */
  readonly answered?: boolean | undefined;
}

/** What the passing of time has done to the work. */
export interface WorkTurn<Extra extends string> {
  readonly event: DfuEvent;
  /** The device leaves by itself now that the work is over: at once, or after its usual delay. */
  readonly leaves?: { readonly reason: 'manifested' | Extra; readonly at: 'once' | 'delay' };
}

/**
 * What stands behind a conversation: what blocks come to, and the memory's work on them. `Extra` are
 * reasons to leave that only this kind of work has.
 */
export interface BlockWork<Extra extends string = never> {
  /** Where the work stands that the last block, or the end of the download, has caused. */
  readonly state: DfuWork;
  /** The status of what failed; `OK` before. */
  readonly failure: DfuStatus;
  /** A download has begun that an error must call back. */
  readonly open: boolean;
  /** A download may end here. */
  readonly complete: boolean;
  /** What is missing if it may not; undefined if nobody has words for it. */
  readonly missing?: string | undefined;
  /** A download has been manifested since the last one began. */
  readonly completed: boolean;
  /** The alternate setting. */
  readonly selected: number;
  /** Bytes that the last download has brought; left out: nobody counts them. */
  readonly downloadedBytes?: number;
  /** What the log says of the end of DFU mode besides its reason. */
  readonly lastWords?: string | undefined;
  /** The reason in words, if that is the status that it is for; else empty. */
  reasonFor(status: DfuStatus): string;
  /** Whether the medium does not agree to leave that state yet. */
  refuses?(state: DfuState): boolean;
  /** False: there is no such alternate setting. */
  select(alternate: number): boolean;
  /** A block has come. */
  take(wBlockNum: number, bytes: Uint8Array, nowMs: number): BlockAnswer;
  /** The block of length 0 has come. */
  end(nowMs: number): BlockAnswer;
  /** The manifestation begins. */
  manifest(nowMs: number): void;
  /** The device counts the download as manifested, whatever the work says. */
  manifested?(): void;
  /** A block is asked for; `first`: the upload begins. */
  read(wBlockNum: number, wLength: number, first: boolean): Uint8Array | ReadFailure | Withheld;
  /** How long a block of an upload is, in bytes; a shorter one is the last. */
  fullBytes(wBlockNum: number, wLength: number): number;
  /** bwPollTimeout of the answer that is given now, in ms; asked in dfuDNBUSY and dfuMANIFEST only. */
  promise(nowMs: number): number;
  /** Time has come to that; the answer for a transfer that is held, if the work has just ended. */
  poll(nowMs: number): BlockAnswer | undefined;
  /** What that has led to in dfuDNBUSY or dfuMANIFEST; undefined: nothing yet. */
  turn(state: DfuState, nowMs: number): WorkTurn<Extra> | undefined;
  /** Memory that is done before the host can ask again: what that leads to in those states. */
  readonly settle?: (() => DfuEvent) | undefined;
  /** When something will have changed, in ms; `polling`: in those states. */
  dueMs(polling: boolean, nowMs: number): number;
  /** What was written counts for nothing. */
  discard(): void;
  /** The device starts anew. */
  forget(): void;
  /** A bus reset. */
  reset?(): void;
}
