import { DfuError } from '../bytes/index.ts';
import { DfuRequest } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';
import { endingStep } from './ending-steps.ts';
import type { Ended, EndingLimits, EndingState } from './ending-steps.ts';
import { FRESH, pause, waitAfterStall } from './patience.ts';
import type { Patience } from './patience.ts';
import { failing, refusal } from './refusal.ts';
import { isFailure, readStatus, unexpectedState } from './status-report.ts';
import { GET_STATUS, giveUp } from './steps.ts';
import type { Action, Outcome } from './steps.ts';

/** How a conversation that downloads ended. */
interface DownloadEnd extends Ended {
  readonly blocks: number;
  readonly bytes: number;
}

/** What the steps depend on besides the device's answers. */
export interface DownloadTerms extends EndingLimits {
  /** bitManifestationTolerant of the device. */
  readonly manifestationTolerant: boolean;
}

interface Written {
  /** Blocks that the device has taken. */
  readonly blocks: number;
  /** Bytes that the device has taken. */
  readonly bytes: number;
}

export type DownloadState = Written &
  (
    | { readonly at: 'start' | 'reading' }
    | { readonly at: 'sending'; readonly size: number }
    | { readonly at: 'writing'; readonly size: number; readonly patience: Patience }
    /** A block or the end was refused; the status says why. */
    | { readonly at: 'refused'; readonly doing: string; readonly error: DfuError }
    | EndingState
  );

export const DOWNLOAD_START: DownloadState = { at: 'start', blocks: 0, bytes: 0 };

type Next = readonly [DownloadState, Action<DownloadEnd>];

/** DFU 1.1 §6.1 and §7: blocks, the zero-length end, manifestation. Starts in dfuIDLE. */
export function downloadStep(state: DownloadState, outcome: Outcome, terms: DownloadTerms): Next {
  switch (state.at) {
    case 'start':
      return [{ ...state, at: 'reading' }, { do: 'read' }];
    case 'reading':
      return outcome.is === 'data' ? afterRead(state, outcome.data) : [state, giveUp(outcome)];
    case 'sending':
      return afterSend(state, state.size, outcome);
    case 'writing':
      return afterWrite(state, outcome, terms);
    case 'refused':
      return [state, refusal(state.doing, state.error, outcome)];
    case 'closing':
      if (outcome.is === 'stalled') return refused(state, endName(state), outcome.error);
      return ending(state, outcome, terms);
    case 'manifesting':
    case 'resetting':
    case 'lingering':
    case 'done':
      return ending(state, outcome, terms);
    default:
      return state satisfies never;
  }
}

function written({ blocks, bytes }: Written): Written {
  return { blocks, bytes };
}

function afterRead(state: Written, data: Uint8Array): Next {
  // wBlockNum counts from 0 and wraps at 65536 (DFU 1.1 §6.1.1).
  const wValue = state.blocks & 0xffff;
  if (data.length > 0) {
    const next: DownloadState = { ...written(state), at: 'sending', size: data.length };
    return [next, { do: 'out', bRequest: DfuRequest.DNLOAD, wValue, data }];
  }
  if (state.blocks === 0) {
    // DFU 1.1 A.2.3: dfuIDLE takes no zero-length DNLOAD.
    return [
      { ...written(state), at: 'reading' },
      { do: 'fail', error: nothingToSend() },
    ];
  }
  const next: DownloadState = { ...written(state), at: 'closing' };
  return [next, { do: 'out', bRequest: DfuRequest.DNLOAD, wValue }];
}

/** Nothing sent is nothing that went well. */
export function nothingToSend(): DfuError {
  return new DfuError('INVALID_ARGUMENT', 'download: expected at least 1 byte, got none');
}

function blockName(state: Written): string {
  return `download, block ${state.blocks} at byte ${state.bytes}`;
}

function endName(state: Written): string {
  return `download, end after ${state.bytes} bytes`;
}

function afterSend(state: Written, size: number, outcome: Outcome): Next {
  if (outcome.is === 'done') {
    return [{ ...written(state), at: 'writing', size, patience: FRESH }, GET_STATUS];
  }
  if (outcome.is !== 'stalled') return [{ ...written(state), at: 'reading' }, giveUp(outcome)];
  return refused(state, blockName(state), outcome.error);
}

function afterWrite(
  state: DownloadState & { at: 'writing' },
  outcome: Outcome,
  terms: DownloadTerms,
): Next {
  if (outcome.is === 'done') return [state, GET_STATUS];
  if (outcome.is === 'stalled') return waitAfterStall(state, outcome, terms);
  if (outcome.is !== 'data') return [state, giveUp(outcome)];
  const report = readStatus(outcome);
  if (isFailure(report)) return [state, failing(report, blockName(state))];
  if (report.state === 'dfuDNLOAD-IDLE') {
    const next = { blocks: state.blocks + 1, bytes: state.bytes + state.size };
    return [{ ...next, at: 'reading' }, { do: 'read' }];
  }
  if (report.state !== 'dfuDNLOAD-SYNC' && report.state !== 'dfuDNBUSY') {
    const error = unexpectedState(report, blockName(state), 'dfuDNLOAD-IDLE');
    return [state, { do: 'fail', error }];
  }
  // Waiting is due while the device is busy, and only then (DFU 1.1 §6.1.2).
  const [patience, ms] = pause(state.patience, report, terms);
  return [{ ...state, patience }, ms === 0 ? GET_STATUS : { do: 'wait', ms }];
}

/** The block or the end was stalled: the device is asked why. */
function refused(state: Written, doing: string, error: DfuError): Next {
  return [{ ...written(state), at: 'refused', doing, error }, GET_STATUS];
}

const BUSY: ReadonlySet<DfuState> = new Set([
  'dfuMANIFEST-SYNC',
  'dfuMANIFEST',
  // By the letter it has left these behind; some come by again.
  'dfuDNLOAD-SYNC',
  'dfuDNBUSY',
]);
/** RIOT reports this state and restarts a second later. */
const QUIET: ReadonlySet<DfuState> = new Set(['dfuDNLOAD-IDLE']);

/** DFU 1.1 §7: manifestation, and what may follow it. */
function ending(state: Written & EndingState, outcome: Outcome, terms: DownloadTerms): Next {
  const { manifestationTolerant, ...limits } = terms;
  const [next, action] = endingStep(state, outcome, {
    ...limits,
    doing: 'manifestation',
    busy: BUSY,
    quiet: QUIET,
    asksAgain: true,
    silentAfterManifest: !manifestationTolerant,
    goneAtTheEnd: 'unconfirmed',
  });
  const counts = written(state);
  if (action.do !== 'end') return [{ ...counts, ...next }, action];
  const result: DownloadEnd = { ...counts, ...action.result };
  return [
    { ...counts, ...next },
    { do: 'end', result },
  ];
}
