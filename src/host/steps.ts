import { DfuError } from '../bytes/index.ts';
import { DfuRequest } from '../dfu/index.ts';
import type { DfuSeOperation } from './dfuse-plan.ts';
import type { StatusReport } from './status-report.ts';

/**
 * What a conversation with a device wants done next. The conversations themselves (`*-steps.ts`) are
 * pure: they touch no bus, clock or file, and know the device by its answers alone.
 */
export type Action<R> =
  /** A class request without data, or with these bytes. */
  | OutAction
  /** A class request that asks for at most `lengthBytes`. */
  | InAction
  /** Let so many ms pass. */
  | { readonly do: 'wait'; readonly ms: number }
  /** Bring the next block of the input; empty at its end. */
  | { readonly do: 'read' }
  /** Begin the input anew, in blocks of so many bytes. */
  | { readonly do: 'shrink'; readonly blockBytes: number }
  /** Bring the next operation of the plan; with `toEnd` the first of those that end it. */
  | { readonly do: 'plan'; readonly toEnd: boolean }
  /** Take these bytes to the output. */
  | { readonly do: 'write'; readonly data: Uint8Array }
  /** Reset the port. */
  | { readonly do: 'reset' }
  /** Wait for the device to leave the bus, so many ms at most. */
  | { readonly do: 'linger'; readonly ms: number }
  | { readonly do: 'end'; readonly result: R }
  | Failing;

/** It failed; with `report` the reason is the device's, and its iString is worth reading. */
export interface Failing {
  readonly do: 'fail';
  readonly error: DfuError;
  readonly report?: StatusReport | undefined;
}

export interface OutAction {
  readonly do: 'out';
  readonly bRequest: number;
  readonly wValue: number;
  readonly data?: Uint8Array | undefined;
  /** A DFU_DNLOAD that changes nothing in the device's memory. */
  readonly harmless?: boolean | undefined;
  /** Where it is not the number of the interface. */
  readonly wIndex?: number | undefined;
}

export interface InAction {
  readonly do: 'in';
  readonly bRequest: number;
  readonly wValue: number;
  readonly lengthBytes: number;
  /** Where the usual time is too long to wait for an answer that may never come. */
  readonly timeoutMs?: number | undefined;
  /** Where the usual time may be too short: it is waited for at least so long. */
  readonly leastTimeoutMs?: number | undefined;
  /** The device erases meanwhile. */
  readonly isErase?: boolean | undefined;
}

/** What came of an action. */
export type Outcome =
  /** Nothing has been asked yet: the first step. */
  | { readonly is: 'start' }
  /** `out`, `wait`, `shrink` and `write` went well. */
  | { readonly is: 'done' }
  /** The answer to `in`, or the block that `read` brought. */
  | {
      readonly is: 'data';
      readonly data: Uint8Array;
      /** How long the transfer took, in ms. */
      readonly tookMs?: number | undefined;
    }
  /** What `plan` brought; undefined behind its end. */
  | { readonly is: 'planned'; readonly operation: DfuSeOperation | undefined }
  | FailedOutcome
  /** What a reset led to; `impossible` where the system has none. */
  | { readonly is: 'reset'; readonly port: ResetOutcome }
  /** Whether the device left while `linger` waited for it. */
  | { readonly is: 'lingered'; readonly left: boolean };

/** The transfer ended without an answer: refused by a stall, no answer, device gone, anything else. */
export interface FailedOutcome {
  readonly is: 'stalled' | 'silent' | 'gone' | 'broken';
  readonly error: DfuError;
  /** How long the transfer took, in ms. */
  readonly tookMs?: number | undefined;
}

/** What a reset of the port led to. */
export type ResetOutcome = 'same' | 'gone' | 'impossible';

/** A conversation in one function: the state it is in, what came, and so what to do next. */
export type Step<S, R> = (state: S, outcome: Outcome) => readonly [S, Action<R>];

/** DFU_GETSTATUS (DFU 1.1 §6.1.2). */
export const GET_STATUS: InAction = {
  do: 'in',
  bRequest: DfuRequest.GETSTATUS,
  wValue: 0,
  lengthBytes: 6,
};

/** DFU_CLRSTATUS (DFU 1.1 §6.1.3). */
export const CLEAR_STATUS: OutAction = { do: 'out', bRequest: DfuRequest.CLRSTATUS, wValue: 0 };

/** DFU_ABORT (DFU 1.1 §6.1.4). */
export const ABORT: OutAction = { do: 'out', bRequest: DfuRequest.ABORT, wValue: 0 };

export const START: Outcome = { is: 'start' };

/** The failure that an outcome is, where a conversation has no better answer to it. */
export function giveUp(outcome: Outcome): Failing {
  if ('error' in outcome) return { do: 'fail', error: outcome.error };
  throw new Error(`the outcome "${outcome.is}" answers no action of this conversation`);
}
