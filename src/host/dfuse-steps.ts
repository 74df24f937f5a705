import type { DfuError, SendTally } from '../bytes/index.ts';
import { hexNumber } from '../bytes/index.ts';
import { DFUSE_FIRST_BLOCK, DfuRequest, encodeDfuSeCommand, statusNumber } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';
import type { DfuSeOperation } from './dfuse-plan.ts';
import { endingStep, over } from './ending-steps.ts';
import type { Ended, EndingLimits, EndingRules, EndingState } from './ending-steps.ts';
import { FRESH, pause, waitAfterStall } from './patience.ts';
import type { Patience } from './patience.ts';
import { failing, refusal } from './refusal.ts';
import { isFailure, readStatus, unexpectedState } from './status-report.ts';
import type { StatusReport } from './status-report.ts';
import { ABORT, GET_STATUS, giveUp } from './steps.ts';
import type { Action, Failing, InAction, Outcome } from './steps.ts';
import { NOTHING, counted } from './tally.ts';

/** How a conversation with a DfuSe device ended. */
export interface DfuSeEnd extends Ended {
  /** What the device has acknowledged; of an upload, what it gave. */
  readonly acknowledged: SendTally;
  /** The operation that it left at, before there was nothing more to do. */
  readonly leftAt: DfuSeOperation | undefined;
}

/** What the steps depend on besides the device's answers. */
export interface DfuSeTerms extends EndingLimits {
  /** How long a device may keep silent behind an erase of everything, in ms; default 35 s. */
  readonly massEraseMs?: number | undefined;
  /** The same behind any erase, whatever else is said. */
  readonly eraseMs?: number | undefined;
}

interface Progress {
  /** Which operation is under way. */
  readonly current: DfuSeOperation | undefined;
  /** The last one that was acknowledged, if the device may restart with it. */
  readonly before?: DfuSeOperation | undefined;
  /** What the device has acknowledged, or given. */
  readonly done: SendTally;
}

export type DfuSeState = Progress &
  (
    | { readonly at: 'start' | 'planning' | 'sending' | 'idling' }
    | { readonly at: 'storing'; readonly short: boolean }
    | { readonly at: 'busy'; readonly patience: Patience }
    | { readonly at: 'refused'; readonly error: DfuError }
    | EndingState
  );

export const DFUSE_START: DfuSeState = { at: 'start', current: undefined, done: NOTHING };

type Next = readonly [DfuSeState, Action<DfuSeEnd>];

/** ST AN3156: commands and blocks, each followed by DFU_GETSTATUS. Starts in dfuIDLE. */
export function dfuseStep(state: DfuSeState, outcome: Outcome, terms: DfuSeTerms): Next {
  switch (state.at) {
    case 'start':
      return next(state);
    case 'planning':
      return outcome.is === 'planned' ? begin(state, outcome.operation) : [state, giveUp(outcome)];
    case 'sending':
      return afterSend(state, outcome, terms);
    case 'busy':
      return afterBusy(state, outcome, terms);
    case 'idling':
      return afterIdle(state, outcome);
    case 'storing':
      return outcome.is === 'done' ? next(state, state.short) : [state, giveUp(outcome)];
    case 'refused':
      return afterRefusal(state, outcome);
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

function progress({ current, before, done }: Progress): Progress {
  return { current, before, done };
}

/** The next operation is asked for; with `toEnd` what is left to be done but the ending is left out. */
function next({ current, done }: Progress, toEnd = false): Next {
  return [
    { at: 'planning', current, done },
    { do: 'plan', toEnd },
  ];
}

function begin({ current: last, done }: Progress, current: DfuSeOperation | undefined): Next {
  const state = { current, before: mayLeave(last) ? last : undefined, done };
  if (current === undefined) return ending(state, over('written', 'dfuIDLE'));
  const at = current.op === 'leave' ? 'closing' : 'sending';
  return [{ ...state, at }, request(current)];
}

function request(current: DfuSeOperation): Action<DfuSeEnd> {
  const { DNLOAD, UPLOAD } = DfuRequest;
  switch (current.op) {
    case 'command': {
      const { command } = current;
      const harmless = command.command === 'set-address';
      return {
        do: 'out',
        bRequest: DNLOAD,
        wValue: 0,
        data: encodeDfuSeCommand(command),
        harmless,
      };
    }
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
  const { current } = state;
  if (outcome.is === 'stalled') return refused(state, outcome.error);
  if (outcome.is === 'gone' && mayLeave(current)) return left(state, state.done);
  // It had said that the last one is done, and is only now seen to have gone with it.
  if (outcome.is === 'gone' && state.before !== undefined) {
    return left({ ...state, current: state.before }, state.done);
  }
  if (current?.op === 'read' && outcome.is === 'data') return afterBlock(state, outcome.data);
  if (isLastWord(current) && isUnanswered(outcome)) return unconfirmed(state);
  if (outcome.is !== 'done') return [state, giveUp(outcome)];
  if (current?.op === 'idle') return [{ ...progress(state), at: 'idling' }, GET_STATUS];
  return [{ ...progress(state), at: 'busy', patience: FRESH }, statusAfter(current, terms)];
}

/** dfu-util gives a mass erase so long: an STM32F405 answers nothing until it is over. */
const ERASE_ALL_MS = 35_000;

/** What erases may keep the device from answering for as long as it takes. */
function statusAfter(
  current: DfuSeOperation | undefined,
  { massEraseMs = ERASE_ALL_MS, eraseMs }: DfuSeTerms,
): InAction {
  const command = current?.op === 'command' ? current.command.command : 'set-address';
  if (command === 'set-address') return GET_STATUS;
  const erasing: InAction = { ...GET_STATUS, isErase: true, timeoutMs: eraseMs };
  const isLong = command !== 'erase' && eraseMs === undefined;
  return isLong ? { ...erasing, leastTimeoutMs: massEraseMs } : erasing;
}

function mayLeave(current: DfuSeOperation | undefined): boolean {
  return (current?.op === 'command' || current?.op === 'write') && current.mayLeave === true;
}

/** It may: whether it had all of the plan by then is for whoever made the plan to see. */
function left({ current }: Progress, done: SendTally): Next {
  return ending({ current, done }, over('left', undefined));
}

function afterBusy(
  state: DfuSeState & { readonly at: 'busy' },
  outcome: Outcome,
  terms: DfuSeTerms,
): Next {
  const { current } = state;
  if (outcome.is === 'done') return [state, statusAfter(current, terms)];
  if (outcome.is === 'stalled') return waitAfterStall(state, outcome, terms);
  // It had taken the block or the command before it went.
  if (outcome.is === 'gone' && mayLeave(current)) return left(state, counting(state));
  if (outcome.is !== 'data') return [state, giveUp(outcome)];
  const report = readStatus(outcome);
  if (isFailure(report)) return [state, failed(state, report)];
  if (report.state === 'dfuDNLOAD-IDLE') return next({ current, done: counting(state) });
  if (report.state !== 'dfuDNLOAD-SYNC' && report.state !== 'dfuDNBUSY') {
    const error = unexpectedState(report, doing(current), 'dfuDNLOAD-IDLE');
    return [state, { do: 'fail', error }];
  }
  const [patience, ms] = pause(state.patience, report, terms);
  return [{ ...state, patience }, ms === 0 ? statusAfter(current, terms) : { do: 'wait', ms }];
}

const PROTECTED = {
  hint: 'an STM32 says so while its flash is read-protected',
  remedies: ['unprotect'],
} as const;

/** An STM32 that is read-protected answers errVENDOR to the first thing that is asked of its flash. */
function failed(state: Progress, report: StatusReport): Failing {
  const isFirst = state.done.bytes === 0 && state.done.erases === 0;
  const isProtected = report.status === statusNumber('errVENDOR') && isFirst;
  return failing(report, doing(state.current), isProtected ? PROTECTED : {});
}

function counting({ current, done }: Progress): SendTally {
  return current === undefined ? done : counted(done, current);
}

/** A block that is shorter than asked for is the last one, whatever the plan expected. */
function afterBlock(state: Progress, data: Uint8Array): Next {
  const { current } = state;
  const short = current?.op === 'read' && data.length < current.lengthBytes;
  if (data.length === 0) return next(state, short);
  const done = {
    ...state.done,
    blocks: state.done.blocks + 1,
    bytes: state.done.bytes + data.length,
  };
  return [
    { current, done, at: 'storing', short },
    { do: 'write', data },
  ];
}

function afterIdle(state: DfuSeState, outcome: Outcome): Next {
  const isLast = isLastWord(state.current);
  if (isLast && isUnanswered(outcome)) return unconfirmed(state);
  if (isLast && outcome.is === 'stalled') return ending(state, over('written', undefined));
  if (outcome.is !== 'data') return [state, giveUp(outcome)];
  const report = readStatus(outcome);
  if (isFailure(report)) return [state, failing(report, doing(state.current))];
  if (report.state === 'dfuIDLE') return next(state);
  if (isLast && IDLING.has(report.state)) return ending(state, over('written', report.state));
  return [state, { do: 'fail', error: unexpectedState(report, 'DFU_ABORT', 'dfuIDLE') }];
}

/** Of a device that takes no notice of DFU_ABORT: it is at nothing any more. */
const IDLING: ReadonlySet<DfuState> = new Set(['dfuDNLOAD-IDLE', 'dfuUPLOAD-IDLE']);

/** The way back to dfuIDLE behind all the work: that it fails takes nothing from what was done. */
function isLastWord(current: DfuSeOperation | undefined): boolean {
  return current?.op === 'idle' && current.isLast === true;
}

function isUnanswered({ is }: Outcome): boolean {
  return is === 'silent' || is === 'gone';
}

function unconfirmed(state: Progress): Next {
  return ending(state, over('unconfirmed', undefined));
}

/** It was stalled: the device is asked why. */
function refused(state: Progress, error: DfuError): Next {
  return [{ ...progress(state), at: 'refused', error }, GET_STATUS];
}

function afterRefusal(state: DfuSeState & { readonly at: 'refused' }, outcome: Outcome): Next {
  const { current, error } = state;
  const report = outcome.is === 'data' ? readStatus(outcome) : undefined;
  if (report !== undefined && isFailure(report)) return [state, failed(state, report)];
  if (isLastWord(current)) return ending(state, over('written', report?.state));
  return [state, refusal(doing(current), error, outcome)];
}

const BUSY: ReadonlySet<DfuState> = new Set(['dfuMANIFEST-SYNC', 'dfuDNBUSY']);

/** Behind the block of length 0. GD32 and others are off before they answer: they are asked once. */
function rulesOf(terms: DfuSeTerms): EndingRules {
  return {
    ...terms,
    doing: 'leaving',
    busy: BUSY,
    quiet: 'any',
    asksAgain: false,
    silentAfterManifest: false,
    goneAtTheEnd: 'left',
  };
}

function ending(state: Progress, [after, action]: readonly [EndingState, Action<Ended>]): Next {
  const counts = progress(state);
  if (action.do !== 'end') return [{ ...counts, ...after }, action];
  const { current, done } = counts;
  const leftAt = action.result.ending === 'left' && mayLeave(current) ? current : undefined;
  const result: DfuSeEnd = { acknowledged: done, leftAt, ...action.result };
  return [
    { ...counts, ...after },
    { do: 'end', result },
  ];
}
