import { DfuError } from '../bytes/index.ts';
import { DfuRequest } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';
import { FRESH, pause, pauseAfterStall } from './patience.ts';
import type { Patience, PatienceLimits } from './patience.ts';
import { isFailure, readStatus, statusError, unexpectedState } from './status-report.ts';
import type { StatusReport } from './status-report.ts';
import { GET_STATUS, giveUp } from './steps.ts';
import type { Action, Outcome, ResetOutcome } from './steps.ts';

/** How a download ended, as far as the host can know. */
export type Ending =
  /** The device said so: it came back to dfuIDLE, or asked for the reset that follows manifestation. */
  | 'manifested'
  /** It took everything, then left the bus, as a device does that starts its new firmware. */
  | 'left'
  /** It took everything, and neither said that it is done nor left. */
  | 'unconfirmed'
  /** DfuSe only: everything is written, and nobody asked the device to leave. */
  | 'written';

/** What is known after the last step. */
export interface DownloadEnding {
  readonly blocks: number;
  readonly bytes: number;
  readonly ending: Ending;
  /** The last state that the device reported after the end of the data. */
  readonly finalState: DfuState | undefined;
  /** What became of the reset that dfuMANIFEST-WAIT-RESET asks for; undefined if it needed none. */
  readonly reset: ResetOutcome | undefined;
}

/** What the steps depend on besides the device's answers. */
export interface DownloadTerms extends PatienceLimits {
  /** bitManifestationTolerant of the device. */
  readonly manifestationTolerant: boolean;
  /** How long a device that has all its data may take to leave unasked, in ms. */
  readonly lingerMs: number;
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
    | { readonly at: 'closing' }
    | { readonly at: 'manifesting'; readonly patience: Patience; readonly seen?: DfuState }
    | { readonly at: 'resetting' | 'lingering'; readonly seen?: DfuState }
  );

export const DOWNLOAD_START: DownloadState = { at: 'start', blocks: 0, bytes: 0 };

type Next = readonly [DownloadState, Action<DownloadEnding>];

/** How long to wait for the answer of a device that may have fallen silent for good, in ms. */
const SILENT_MS = 1000;

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
      return afterRefusal(state, outcome);
    case 'closing':
      return afterClose(state, outcome, terms);
    case 'manifesting':
      return manifestStep(state, outcome, terms);
    case 'resetting':
      return afterReset(state, outcome);
    case 'lingering':
      if (outcome.is !== 'lingered') return [state, giveUp(outcome)];
      return end(state, outcome.left ? 'left' : 'unconfirmed', state.seen);
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
    const error = new DfuError('INVALID_ARGUMENT', 'download: expected at least 1 byte, got none');
    return [
      { ...written(state), at: 'reading' },
      { do: 'fail', error },
    ];
  }
  const next: DownloadState = { ...written(state), at: 'closing' };
  return [next, { do: 'out', bRequest: DfuRequest.DNLOAD, wValue }];
}

function blockName(state: Written): string {
  return `block ${state.blocks} at byte ${state.bytes}`;
}

function afterSend(state: Written, size: number, outcome: Outcome): Next {
  if (outcome.is === 'done') {
    return [{ ...written(state), at: 'writing', size, patience: FRESH }, GET_STATUS];
  }
  if (outcome.is !== 'stalled') return [{ ...written(state), at: 'reading' }, giveUp(outcome)];
  const doing = `download, ${blockName(state)}`;
  return [{ ...written(state), at: 'refused', doing, error: outcome.error }, GET_STATUS];
}

function afterWrite(
  state: DownloadState & { at: 'writing' },
  outcome: Outcome,
  terms: DownloadTerms,
): Next {
  if (outcome.is === 'done') return [state, GET_STATUS];
  if (outcome.is === 'stalled') {
    const again = pauseAfterStall(state.patience);
    if (again === undefined) return [state, giveUp(outcome)];
    return [
      { ...state, patience: again[0] },
      { do: 'wait', ms: again[1] },
    ];
  }
  if (outcome.is !== 'data') return [state, giveUp(outcome)];
  const report = readStatus(outcome.data);
  if (isFailure(report)) return failed(state, report, `download, ${blockName(state)}`);
  if (report.state === 'dfuDNLOAD-IDLE') {
    const next = { blocks: state.blocks + 1, bytes: state.bytes + state.size };
    return [{ ...next, at: 'reading' }, { do: 'read' }];
  }
  if (report.state !== 'dfuDNLOAD-SYNC' && report.state !== 'dfuDNBUSY') {
    const error = unexpectedState(report, `download, ${blockName(state)}`, 'dfuDNLOAD-IDLE');
    return [state, { do: 'fail', error }];
  }
  // Waiting is due while the device is busy, and only then (DFU 1.1 §6.1.2).
  const [patience, ms] = pause(state.patience, report, terms);
  return [{ ...state, patience }, ms === 0 ? GET_STATUS : { do: 'wait', ms }];
}

/** The block or the end was stalled: what does the device say about it? */
function afterRefusal(state: DownloadState & { at: 'refused' }, outcome: Outcome): Next {
  const { doing, error } = state;
  if (outcome.is === 'data') {
    const report = readStatus(outcome.data);
    if (isFailure(report)) return failed(state, report, doing, error);
  }
  const message = `${doing}: the device refused it with a stall and gives no reason`;
  return [state, { do: 'fail', error: new DfuError('STALLED', message, { cause: error }) }];
}

function failed(state: DownloadState, report: StatusReport, doing: string, cause?: unknown): Next {
  return [state, { do: 'fail', error: statusError(report, doing, cause), report }];
}

/** The zero-length DNLOAD has been sent. From here on a device that leaves is no failure. */
function afterClose(state: Written, outcome: Outcome, terms: DownloadTerms): Next {
  if (outcome.is === 'done') {
    return [{ ...written(state), at: 'manifesting', patience: FRESH }, GET_STATUS];
  }
  if (outcome.is === 'gone') return end(state, 'left', undefined);
  if (outcome.is !== 'stalled') return linger(state, undefined, terms);
  const doing = `download, end after ${state.bytes} bytes`;
  return [{ ...written(state), at: 'refused', doing, error: outcome.error }, GET_STATUS];
}

type Manifesting = DownloadState & { readonly at: 'manifesting' };

function manifestStep(state: Manifesting, outcome: Outcome, terms: DownloadTerms): Next {
  if (outcome.is === 'done') {
    // By the letter an intolerant device answers no more after dfuMANIFEST (DFU 1.1 A.2.8).
    const mayBeSilent = awaitsReset(state, terms);
    return [state, mayBeSilent ? { ...GET_STATUS, timeoutMs: SILENT_MS } : GET_STATUS];
  }
  if (outcome.is === 'data') return afterManifestReport(state, readStatus(outcome.data), terms);
  if (outcome.is === 'gone') return end(state, 'left', state.seen);
  if (awaitsReset(state, terms)) return reset(state);
  const again = outcome.is === 'stalled' ? pauseAfterStall(state.patience) : undefined;
  if (again === undefined) return linger(state, state.seen, terms);
  return [
    { ...state, patience: again[0] },
    { do: 'wait', ms: again[1] },
  ];
}

/** dfuMANIFEST was the last word of a device that cannot speak after it: it waits for a reset. */
function awaitsReset(state: Manifesting, terms: DownloadTerms): boolean {
  return state.seen === 'dfuMANIFEST' && !terms.manifestationTolerant;
}

function afterManifestReport(state: Manifesting, report: StatusReport, terms: DownloadTerms): Next {
  if (isFailure(report)) return failed(state, report, 'manifestation');
  const seen = report.state;
  if (seen === 'dfuMANIFEST-SYNC' || seen === 'dfuMANIFEST') {
    const [patience, ms] = pause(state.patience, report, terms);
    return [
      { ...state, patience, seen },
      { do: 'wait', ms },
    ];
  }
  if (seen === 'dfuMANIFEST-WAIT-RESET') return reset({ ...state, seen });
  if (seen === 'dfuIDLE' || seen === 'appIDLE') return end(state, 'manifested', seen);
  // RIOT reports this state and restarts a second later.
  if (seen === 'dfuDNLOAD-IDLE') return linger(state, seen, terms);
  return [state, { do: 'fail', error: unexpectedState(report, 'manifestation', 'dfuIDLE') }];
}

function reset(state: Manifesting): Next {
  return [{ ...written(state), at: 'resetting', ...seenIn(state) }, { do: 'reset' }];
}

function seenIn({ seen }: { readonly seen?: DfuState }): { readonly seen?: DfuState } {
  return seen === undefined ? {} : { seen };
}

function afterReset(state: Written & { readonly seen?: DfuState }, outcome: Outcome): Next {
  const { seen } = state;
  if (outcome.is === 'reset') return end(state, 'manifested', seen, outcome.port);
  if (outcome.is === 'gone') return end(state, 'manifested', seen, 'gone');
  // The data is in the device and it asked for a reset; that the reset failed is not its doing.
  return end(state, 'manifested', seen, 'impossible');
}

function linger(state: Written, seen: DfuState | undefined, { lingerMs }: DownloadTerms): Next {
  const seenNow = seen === undefined ? {} : { seen };
  return [
    { ...written(state), at: 'lingering', ...seenNow },
    { do: 'linger', ms: lingerMs },
  ];
}

function end(
  state: Written,
  ending: Ending,
  finalState: DfuState | undefined,
  port?: ResetOutcome,
): Next {
  const result: DownloadEnding = { ...written(state), ending, finalState, reset: port };
  return [
    { ...written(state), at: 'reading' },
    { do: 'end', result },
  ];
}
