import { DfuError } from '../bytes/index.ts';
import { DfuRequest, statusNumber } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';
import { endingStep } from './ending-steps.ts';
import type { Ended, EndingLimits, EndingState } from './ending-steps.ts';
import { FRESH, pause, waitAfterStall } from './patience.ts';
import type { Patience } from './patience.ts';
import { failing, refusal } from './refusal.ts';
import { isFailure, readStatus, unexpectedState } from './status-report.ts';
import { CLEAR_STATUS, GET_STATUS, giveUp } from './steps.ts';
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
  /** Bytes in a block, to begin with. */
  readonly blockBytes: number;
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
    | {
        readonly at: 'refused';
        readonly doing: string;
        readonly error: DfuError;
        /** Bytes of the block. */
        readonly size?: number | undefined;
      }
    /** The first block was too long for the device, it seems: it is cleared, and the block cut. */
    | { readonly at: 'clearing' | 'shrinking'; readonly size: number }
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
      return afterRefusal(state, outcome, terms);
    case 'clearing':
      // That it is not cleared shows with the next block.
      if (outcome.is === 'done' || outcome.is === 'stalled') return shrunk(state, terms);
      return [state, giveUp(outcome)];
    case 'shrinking':
      return outcome.is === 'done'
        ? [{ ...written(state), at: 'reading' }, { do: 'read' }]
        : [state, giveUp(outcome)];
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
  const [next, action] = refused(state, blockName(state), outcome.error);
  return [{ ...next, size } as DownloadState, action];
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

/** Fewer bytes are tried by nobody: one packet of endpoint 0. */
const LEAST_BLOCK_BYTES = 64;

/** Of a block that is longer than the device takes; anything else is about what is in it. */
const TOO_LONG: ReadonlySet<number> = new Set([
  statusNumber('OK'),
  statusNumber('errUNKNOWN'),
  statusNumber('errSTALLEDPKT'),
]);

/**
 * A stall of the first block, for which the device has no reason: many cannot take as much at a time as they say. Behind the
 * first block that was taken there is no such doubt.
 */
function afterRefusal(
  state: DownloadState & { readonly at: 'refused' },
  outcome: Outcome,
  terms: DownloadTerms,
): Next {
  const { size = 0, blocks, doing, error } = state;
  if (blocks === 0 && size > LEAST_BLOCK_BYTES && outcome.is === 'data') {
    const report = readStatus(outcome);
    const next = { ...written(state), size };
    if (report.state === 'dfuIDLE' && report.status === 0) return shrunk(next, terms);
    if (report.state === 'dfuERROR' && TOO_LONG.has(report.status)) {
      return [{ ...next, at: 'clearing' }, CLEAR_STATUS];
    }
  }
  return [state, refusal(doing, error, outcome)];
}

/** Half of what a block has, or of that, until this one is longer. */
function shrunk(
  state: Written & { readonly size: number },
  { blockBytes: first }: DownloadTerms,
): Next {
  let blockBytes = first;
  while (blockBytes >= state.size) blockBytes = Math.floor(blockBytes / 2);
  return [
    { ...written(state), size: state.size, at: 'shrinking' },
    { do: 'shrink', blockBytes: Math.max(blockBytes, LEAST_BLOCK_BYTES) },
  ];
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
  const { manifestationTolerant, blockBytes: _, ...limits } = terms;
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
