import type { DfuError } from '../bytes/index.ts';
import { hexNumber } from '../bytes/index.ts';
import { DFUSE_FIRST_BLOCK, DfuRequest, encodeDfuSeCommand } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';
import type { DfuSeOperation } from './dfuse-plan.ts';
import { endingStep, over } from './ending-steps.ts';
import type { Ended, EndingLimits, EndingRules, EndingState } from './ending-steps.ts';
import { FRESH, pause, waitAfterStall } from './patience.ts';
import type { Patience } from './patience.ts';
import { failing, refusal } from './refusal.ts';
import { isFailure, readStatus, unexpectedState } from './status-report.ts';
import { ABORT, GET_STATUS, giveUp } from './steps.ts';
import type { Action, Outcome } from './steps.ts';

/** How the work on a DfuSe device ended. */
export interface DfuSeEnding extends Ended {
  /** Data blocks, and bytes in them, down or up. */
  readonly blocks: number;
  readonly bytes: number;
  /** Bytes of the sectors that were erased; a mass erase is not counted. */
  readonly erasedBytes: number;
  /** How many operations of the plan the device has acknowledged, from its beginning. */
  readonly operations: number;
}

export interface DfuSeTerms extends EndingLimits {
  readonly plan: readonly DfuSeOperation[];
}

interface Progress {
  /** Which operation of the plan is under way. */
  readonly index: number;
  readonly blocks: number;
  readonly bytes: number;
  readonly erasedBytes: number;
}

export type DfuSeState = Progress &
  (
    | { readonly at: 'start' | 'sending' | 'idling' | 'storing' }
    | { readonly at: 'busy'; readonly patience: Patience }
    | { readonly at: 'refused'; readonly error: DfuError }
    | EndingState
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
      return [state, refusal(doing(operation(state, terms)), state.error, outcome)];
    case 'closing':
      if (outcome.is === 'stalled') return refused(state, outcome.error);
      return ending(state, endingStep(state, outcome, rulesOf(terms)));
    case 'manifesting':
    case 'resetting':
    case 'lingering':
    case 'done':
      return ending(state, endingStep(state, outcome, rulesOf(terms)));
    default:
      return state satisfies never;
  }
}

function progress({ index, blocks, bytes, erasedBytes }: Progress): Progress {
  return { index, blocks, bytes, erasedBytes };
}

function operation({ index }: Progress, { plan }: DfuSeTerms): DfuSeOperation | undefined {
  return plan[index];
}

function begin(state: Progress, terms: DfuSeTerms): Next {
  const current = operation(state, terms);
  if (current === undefined) return ending(state, over('written', 'dfuIDLE'));
  const at = current.op === 'leave' ? 'closing' : 'sending';
  return [{ ...progress(state), at }, request(current)];
}

function next(state: Progress, terms: DfuSeTerms): Next {
  return begin({ ...progress(state), index: state.index + 1 }, terms);
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
  if (outcome.is === 'stalled') return refused(state, outcome.error);
  if (outcome.is === 'gone' && mayLeave(current)) return ending(state, over('left', undefined));
  if (current?.op === 'read' && outcome.is === 'data') {
    return afterBlock(state, outcome.data, terms);
  }
  if (outcome.is !== 'done') return [state, giveUp(outcome)];
  if (current?.op === 'idle') return [{ ...progress(state), at: 'idling' }, GET_STATUS];
  return [{ ...progress(state), at: 'busy', patience: FRESH }, GET_STATUS];
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
  if (outcome.is === 'stalled') return waitAfterStall(state, outcome);
  if (outcome.is === 'gone' && mayLeave(current)) return ending(state, over('left', undefined));
  if (outcome.is !== 'data') return [state, giveUp(outcome)];
  const report = readStatus(outcome.data);
  if (isFailure(report)) return [state, failing(report, doing(current))];
  if (report.state === 'dfuDNLOAD-IDLE') return next(counting(state, current), terms);
  if (report.state !== 'dfuDNLOAD-SYNC' && report.state !== 'dfuDNBUSY') {
    const error = unexpectedState(report, doing(current), 'dfuDNLOAD-IDLE');
    return [state, { do: 'fail', error }];
  }
  const [patience, ms] = pause(state.patience, report, terms);
  return [{ ...state, patience }, ms === 0 ? GET_STATUS : { do: 'wait', ms }];
}

function counting(state: Progress, current: DfuSeOperation | undefined): Progress {
  const { index, blocks, bytes, erasedBytes } = state;
  if (current?.op === 'write') {
    return { index, blocks: blocks + 1, bytes: bytes + current.data.length, erasedBytes };
  }
  const erased = current?.op === 'command' ? (current.erasesBytes ?? 0) : 0;
  return { index, blocks, bytes, erasedBytes: erasedBytes + erased };
}

/** A block that is shorter than asked for is the last one, whatever the plan expected. */
function afterBlock(state: Progress, data: Uint8Array, terms: DfuSeTerms): Next {
  const current = operation(state, terms);
  const short = current?.op === 'read' && data.length < current.lengthBytes;
  let { index } = state;
  if (short) {
    const rest = terms.plan.findIndex((each, at) => at > index && isEnd(each, terms.plan, at));
    index = (rest < 0 ? terms.plan.length : rest) - 1;
  }
  const blocks = state.blocks + (data.length > 0 ? 1 : 0);
  const after = { ...progress(state), index, blocks, bytes: state.bytes + data.length };
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

function afterIdle(state: DfuSeState, outcome: Outcome, terms: DfuSeTerms): Next {
  if (outcome.is !== 'data') return [state, giveUp(outcome)];
  const report = readStatus(outcome.data);
  if (isFailure(report)) return [state, failing(report, doing(operation(state, terms)))];
  if (report.state === 'dfuIDLE') return next(state, terms);
  return [state, { do: 'fail', error: unexpectedState(report, 'DFU_ABORT', 'dfuIDLE') }];
}

/** It was stalled: the device is asked why. */
function refused(state: Progress, error: DfuError): Next {
  return [{ ...progress(state), at: 'refused', error }, GET_STATUS];
}

const BUSY: ReadonlySet<DfuState> = new Set(['dfuMANIFEST-SYNC', 'dfuDNBUSY']);

/** Behind the block of length 0. GD32 and others are off before they answer: they are asked once. */
function rulesOf({ busyLimitMs, lingerMs }: DfuSeTerms): EndingRules {
  return {
    doing: 'leaving',
    busy: BUSY,
    quiet: 'any',
    asksAgain: false,
    silentAfterManifest: false,
    busyLimitMs,
    lingerMs,
  };
}

function ending(state: Progress, [after, action]: readonly [EndingState, Action<Ended>]): Next {
  const counts = progress(state);
  if (action.do !== 'end') return [{ ...counts, ...after }, action];
  const { index: operations, blocks, bytes, erasedBytes } = counts;
  const result: DfuSeEnding = { blocks, bytes, erasedBytes, operations, ...action.result };
  return [
    { ...counts, ...after },
    { do: 'end', result },
  ];
}
