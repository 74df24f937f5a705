import { DfuError, hexNumber } from '../bytes/index.ts';
import { DFUSE_FIRST_BLOCK, DfuRequest, encodeDfuSeCommand } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';
import type { Ending } from './download-steps.ts';
import type { DfuSeOperation } from './dfuse-plan.ts';
import { FRESH, pause, pauseAfterStall } from './patience.ts';
import type { Patience, PatienceLimits } from './patience.ts';
import { isFailure, readStatus, statusError, unexpectedState } from './status-report.ts';
import type { StatusReport } from './status-report.ts';
import { ABORT, GET_STATUS, giveUp } from './steps.ts';
import type { Action, Outcome, ResetOutcome } from './steps.ts';

/** How the work on a DfuSe device ended. */
export interface DfuSeEnding {
  /** Data blocks, and bytes in them, down or up. */
  readonly blocks: number;
  readonly bytes: number;
  /** Bytes of the sectors that were erased; a mass erase is not counted. */
  readonly erasedBytes: number;
  /** `written`: nobody asked the device to leave, and it is in dfuIDLE. */
  readonly ending: Ending;
  readonly finalState: DfuState | undefined;
  readonly reset: ResetOutcome | undefined;
}

export interface DfuSeTerms extends PatienceLimits {
  readonly plan: readonly DfuSeOperation[];
  /** How long a device that was asked to leave may take, in ms. */
  readonly lingerMs: number;
}

interface Done {
  /** Which operation of the plan is under way. */
  readonly index: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly erasedBytes: number;
}

export type DfuSeState = Done &
  (
    | { readonly at: 'start' | 'sending' | 'idling' | 'storing' }
    | { readonly at: 'busy'; readonly patience: Patience }
    | { readonly at: 'refused'; readonly error: DfuError }
    | { readonly at: 'leaving'; readonly patience: Patience; readonly seen?: DfuState }
    | { readonly at: 'resetting' | 'lingering'; readonly seen?: DfuState }
  );

export const DFUSE_START: DfuSeState = {
  at: 'start',
  index: 0,
  blocks: 0,
  bytes: 0,
  erasedBytes: 0,
};

type Next = readonly [DfuSeState, Action<DfuSeEnding>];

/** ST AN3156: commands and blocks, each followed by DFU_GETSTATUS. Starts in dfuIDLE. */
export function dfuseStep(state: DfuSeState, outcome: Outcome, terms: DfuSeTerms): Next {
  switch (state.at) {
    case 'start':
      return begin(state, terms);
    case 'sending':
      return afterSend(state, outcome, terms);
    case 'busy':
      return afterBusy(state, outcome, terms);
    case 'idling':
      return afterIdle(state, outcome, terms);
    case 'storing':
      return outcome.is === 'done' ? next(state, terms) : [state, giveUp(outcome)];
    case 'refused':
      return afterRefusal(state, outcome, terms);
    case 'leaving':
      return afterLeave(state, outcome, terms);
    case 'resetting': {
      const port = outcome.is === 'reset' ? outcome.port : 'impossible';
      return end(state, 'manifested', state.seen, outcome.is === 'gone' ? 'gone' : port);
    }
    case 'lingering':
      if (outcome.is !== 'lingered') return [state, giveUp(outcome)];
      return end(state, outcome.left ? 'left' : afterwards(state.seen), state.seen);
    default:
      return state satisfies never;
  }
}

/** A device that stays after dfuMANIFEST has said that it is at it; one that said less has not. */
function afterwards(seen: DfuState | undefined): Ending {
  return seen === 'dfuMANIFEST' ? 'manifested' : 'unconfirmed';
}

function done({ index, blocks, bytes, erasedBytes }: Done): Done {
  return { index, blocks, bytes, erasedBytes };
}

function operation({ index }: Done, { plan }: DfuSeTerms): DfuSeOperation | undefined {
  return plan[index];
}

function begin(state: Done, terms: DfuSeTerms): Next {
  const current = operation(state, terms);
  if (current === undefined) return end(state, 'written', 'dfuIDLE');
  return [{ ...done(state), at: 'sending' }, request(current)];
}

function next(state: Done, terms: DfuSeTerms): Next {
  return begin({ ...done(state), index: state.index + 1 }, terms);
}

function request(current: DfuSeOperation): Action<DfuSeEnding> {
  const { DNLOAD, UPLOAD } = DfuRequest;
  switch (current.op) {
    case 'command':
      return { do: 'out', bRequest: DNLOAD, wValue: 0, data: encodeDfuSeCommand(current.command) };
    case 'write':
      return { do: 'out', bRequest: DNLOAD, wValue: current.wBlockNum, data: current.data };
    case 'read': {
      const { wBlockNum: wValue, lengthBytes } = current;
      return { do: 'in', bRequest: UPLOAD, wValue, lengthBytes };
    }
    case 'idle':
      return ABORT;
    case 'leave':
      return { do: 'out', bRequest: DNLOAD, wValue: DFUSE_FIRST_BLOCK };
    default:
      return current satisfies never;
  }
}

/** What this side is at, for messages. */
function doing(current: DfuSeOperation | undefined): string {
  switch (current?.op) {
    case 'command': {
      const { command } = current;
      const at = 'address' in command ? ` ${hexNumber(command.address, 8)}` : '';
      return `${command.command}${at}`;
    }
    case 'write':
      return `download to ${hexNumber(current.address, 8)}`;
    case 'read':
      return `upload from ${hexNumber(current.address, 8)}`;
    case 'leave':
      return 'leaving';
    case 'idle':
    case undefined:
      return 'going back to dfuIDLE';
    default:
      return current satisfies never;
  }
}

function afterSend(state: DfuSeState, outcome: Outcome, terms: DfuSeTerms): Next {
  const current = operation(state, terms);
  if (current?.op === 'leave') return afterLeaveSent(state, outcome, terms);
  if (outcome.is === 'stalled') {
    return [{ ...done(state), at: 'refused', error: outcome.error }, GET_STATUS];
  }
  if (outcome.is === 'gone' && mayLeave(current)) return end(state, 'left', undefined);
  if (current?.op === 'read' && outcome.is === 'data') {
    return afterBlock(state, outcome.data, terms);
  }
  if (outcome.is !== 'done') return [state, giveUp(outcome)];
  if (current?.op === 'idle') return [{ ...done(state), at: 'idling' }, GET_STATUS];
  return [{ ...done(state), at: 'busy', patience: FRESH }, GET_STATUS];
}

function mayLeave(current: DfuSeOperation | undefined): boolean {
  return current?.op === 'command' && current.mayLeave === true;
}

function afterBusy(
  state: DfuSeState & { readonly at: 'busy' },
  outcome: Outcome,
  terms: DfuSeTerms,
): Next {
  const current = operation(state, terms);
  if (outcome.is === 'done') return [state, GET_STATUS];
  if (outcome.is === 'stalled') {
    const again = pauseAfterStall(state.patience);
    if (again === undefined) return [state, giveUp(outcome)];
    return [
      { ...state, patience: again[0] },
      { do: 'wait', ms: again[1] },
    ];
  }
  if (outcome.is === 'gone' && mayLeave(current)) return end(state, 'left', undefined);
  if (outcome.is !== 'data') return [state, giveUp(outcome)];
  const report = readStatus(outcome.data);
  if (isFailure(report)) return failed(state, report, terms);
  if (report.state === 'dfuDNLOAD-IDLE') return next(counted(state, current), terms);
  if (report.state !== 'dfuDNLOAD-SYNC' && report.state !== 'dfuDNBUSY') {
    const error = unexpectedState(report, doing(current), 'dfuDNLOAD-IDLE');
    return [state, { do: 'fail', error }];
  }
  const [patience, ms] = pause(state.patience, report, terms);
  return [{ ...state, patience }, ms === 0 ? GET_STATUS : { do: 'wait', ms }];
}

function counted(state: Done, current: DfuSeOperation | undefined): Done {
  const { index, blocks, bytes, erasedBytes } = state;
  if (current?.op === 'write') {
    return { index, blocks: blocks + 1, bytes: bytes + current.data.length, erasedBytes };
  }
  const erased = current?.op === 'command' ? (current.erasesBytes ?? 0) : 0;
  return { index, blocks, bytes, erasedBytes: erasedBytes + erased };
}

/** A block that is shorter than asked for is the last one, whatever the plan expected. */
function afterBlock(state: Done, data: Uint8Array, terms: DfuSeTerms): Next {
  const current = operation(state, terms);
  const short = current?.op === 'read' && data.length < current.lengthBytes;
  let { index } = state;
  if (short) {
    const rest = terms.plan.findIndex((each, at) => at > index && isEnd(each, terms.plan, at));
    index = (rest < 0 ? terms.plan.length : rest) - 1;
  }
  const blocks = state.blocks + (data.length > 0 ? 1 : 0);
  const after = { ...done(state), index, blocks, bytes: state.bytes + data.length };
  if (data.length === 0) return next(after, terms);
  return [
    { ...after, at: 'storing' },
    { do: 'write', data },
  ];
}

/** Nothing is read from here on. */
function isEnd(each: DfuSeOperation, plan: readonly DfuSeOperation[], at: number): boolean {
  return each.op !== 'read' && !plan.slice(at).some(({ op }) => op === 'read');
}

function afterIdle(state: Done & DfuSeState, outcome: Outcome, terms: DfuSeTerms): Next {
  if (outcome.is !== 'data') return [state, giveUp(outcome)];
  const report = readStatus(outcome.data);
  if (isFailure(report)) return failed(state, report, terms);
  if (report.state === 'dfuIDLE') return next(state, terms);
  return [state, { do: 'fail', error: unexpectedState(report, 'DFU_ABORT', 'dfuIDLE') }];
}

function afterRefusal(
  state: DfuSeState & { readonly at: 'refused' },
  outcome: Outcome,
  terms: DfuSeTerms,
): Next {
  if (outcome.is === 'data') {
    const report = readStatus(outcome.data);
    if (isFailure(report)) return failed(state, report, terms, state.error);
  }
  const what = doing(operation(state, terms));
  const message = `${what}: the device refused it with a stall and gives no reason`;
  return [state, { do: 'fail', error: new DfuError('STALLED', message, { cause: state.error }) }];
}

function failed(state: DfuSeState, report: StatusReport, terms: DfuSeTerms, cause?: unknown): Next {
  const error = statusError(report, doing(operation(state, terms)), cause);
  return [state, { do: 'fail', error, report }];
}

/** The block of length 0 has been sent. From here on a device that leaves is no failure. */
function afterLeaveSent(state: DfuSeState, outcome: Outcome, terms: DfuSeTerms): Next {
  if (outcome.is === 'done') {
    return [{ ...done(state), at: 'leaving', patience: FRESH }, GET_STATUS];
  }
  if (outcome.is === 'gone') return end(state, 'left', undefined);
  if (outcome.is !== 'stalled') return linger(state, undefined, terms);
  return [{ ...done(state), at: 'refused', error: outcome.error }, GET_STATUS];
}

function afterLeave(
  state: DfuSeState & { readonly at: 'leaving' },
  outcome: Outcome,
  terms: DfuSeTerms,
): Next {
  if (outcome.is === 'done') return [state, GET_STATUS];
  if (outcome.is === 'gone') return end(state, 'left', state.seen);
  // GD32 and others are off before they answer.
  if (outcome.is !== 'data') return linger(state, state.seen, terms);
  const report = readStatus(outcome.data);
  if (isFailure(report)) return failed(state, report, terms);
  const seen = report.state;
  if (seen === 'dfuMANIFEST-SYNC' || seen === 'dfuDNBUSY') {
    const [patience, ms] = pause(state.patience, report, terms);
    return [
      { ...state, patience, seen },
      { do: 'wait', ms },
    ];
  }
  if (seen === 'dfuMANIFEST-WAIT-RESET') {
    return [{ ...done(state), at: 'resetting', seen }, { do: 'reset' }];
  }
  if (seen === 'dfuIDLE' || seen === 'appIDLE') return end(state, 'manifested', seen);
  return linger(state, seen, terms);
}

function linger(state: Done, seen: DfuState | undefined, { lingerMs }: DfuSeTerms): Next {
  const seenNow = seen === undefined ? {} : { seen };
  return [
    { ...done(state), at: 'lingering', ...seenNow },
    { do: 'linger', ms: lingerMs },
  ];
}

function end(
  state: Done,
  how: Ending,
  finalState: DfuState | undefined,
  reset?: ResetOutcome,
): Next {
  const { blocks, bytes, erasedBytes } = state;
  const result: DfuSeEnding = { blocks, bytes, erasedBytes, ending: how, finalState, reset };
  return [
    { ...done(state), at: 'start' },
    { do: 'end', result },
  ];
}
