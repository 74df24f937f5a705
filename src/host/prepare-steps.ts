import { DfuError } from '../bytes/index.ts';
import { FRESH, pause, waitAfterStall } from './patience.ts';
import type { Patience, PatienceLimits } from './patience.ts';
import { failing } from './refusal.ts';
import { readStatus } from './status-report.ts';
import type { StatusReport } from './status-report.ts';
import { ABORT, CLEAR_STATUS, GET_STATUS, giveUp } from './steps.ts';
import type { Action, Outcome } from './steps.ts';

/** How often a device is asked to leave an error or a transfer before it is given up. */
const MOST_ROUNDS = 4;

/** How long a device that was reset may take to leave, in ms: RIOT's and Zephyr's loaders wait 200. */
const LEAVE_MS = 250;

/** How long it is waited for, and what is done beyond that. */
export interface PrepareLimits extends PatienceLimits {
  /** A device that is busy for longer is left as it is, instead of told to forget what it does. */
  readonly leavesBusy?: boolean | undefined;
}

/** Brings a device in DFU mode to dfuIDLE from wherever somebody left it. */
interface PrepareState {
  readonly at: 'start' | 'asking' | 'acting' | 'resetting' | 'done';
  /** Requests that were meant to bring it to dfuIDLE so far. */
  readonly rounds: number;
  readonly patience: Patience;
  /** Its port was reset, as it asked for. */
  readonly wasReset?: boolean | undefined;
}

export const PREPARE_START: PrepareState = { at: 'start', rounds: 0, patience: FRESH };

type Next = readonly [PrepareState, Action<undefined>];

/** DFU 1.1 §A.2: CLRSTATUS leaves dfuERROR, ABORT leaves the idle transfer states. */
export function prepareStep(state: PrepareState, outcome: Outcome, limits: PrepareLimits): Next {
  switch (state.at) {
    case 'start':
      return [{ ...state, at: 'asking' }, GET_STATUS];
    case 'asking':
      if (outcome.is === 'data') return afterReport(state, readStatus(outcome), limits);
      if (outcome.is === 'done') return [state, GET_STATUS];
      return outcome.is === 'stalled'
        ? waitAfterStall(state, outcome, limits)
        : [state, giveUp(outcome)];
    case 'acting':
      // A refusal shows in the next status; the number of rounds is bounded.
      if (outcome.is === 'done' || outcome.is === 'stalled') {
        return [{ ...state, at: 'asking' }, GET_STATUS];
      }
      return [state, giveUp(outcome)];
    case 'resetting':
      return afterReset(state, outcome);
    case 'done':
      return end(state);
    default:
      return state.at satisfies never;
  }
}

function afterReport(state: PrepareState, report: StatusReport, limits: PrepareLimits): Next {
  switch (report.state) {
    case 'dfuIDLE':
      if (report.status === 0) return end(state);
      return act(state, report, CLEAR_STATUS);
    case 'dfuERROR':
      return act(state, report, CLEAR_STATUS);
    case 'dfuDNLOAD-IDLE':
    case 'dfuUPLOAD-IDLE':
      return act(state, report, ABORT);
    case 'dfuDNLOAD-SYNC':
    case 'dfuDNBUSY':
    case 'dfuMANIFEST-SYNC':
    case 'dfuMANIFEST': {
      return whileBusy(state, report, limits);
    }
    case 'dfuMANIFEST-WAIT-RESET':
      return [{ ...state, at: 'resetting', rounds: state.rounds + 1 }, { do: 'reset' }];
    case 'appIDLE':
    case 'appDETACH':
      return fail(state, `it says that it is in run-time mode (${report.state}), not in DFU mode`);
    default:
      return report.state satisfies never;
  }
}

/**
 * Waits for what somebody left under way. An STM32H743 of revision V stays busy for ever: beyond the limit
 * it is told to forget it, which takes it two times.
 */
function whileBusy(state: PrepareState, report: StatusReport, limits: PrepareLimits): Next {
  try {
    const [patience, ms] = pause(state.patience, report, limits);
    return [
      { ...state, patience },
      { do: 'wait', ms },
    ];
  } catch (error) {
    if (!DfuError.is(error, 'TIMEOUT')) throw error;
    if (limits.leavesBusy === true || state.rounds >= MOST_ROUNDS)
      return [state, { do: 'fail', error }];
    return act(state, report, CLEAR_STATUS);
  }
}

function act(state: PrepareState, report: StatusReport, action: Action<undefined>): Next {
  if (state.rounds < MOST_ROUNDS) {
    return [{ ...state, at: 'acting', rounds: state.rounds + 1 }, action];
  }
  if (report.status !== 0) {
    return [state, failing(report, 'the error does not clear')];
  }
  const remedy = 'reset it or plug it in again';
  return fail(state, `it stays in ${report.state} whatever it is asked; ${remedy}`);
}

function afterReset(state: PrepareState, outcome: Outcome): Next {
  if (outcome.is !== 'reset') return [state, giveUp(outcome)];
  if (outcome.port === 'same' && state.rounds < MOST_ROUNDS) {
    // Many leave some time after they were configured anew, not inside the reset.
    return [
      { ...state, at: 'asking', wasReset: true },
      { do: 'wait', ms: LEAVE_MS },
    ];
  }
  if (outcome.port === 'gone') return leftWithReset(state);
  return fail(state, 'it waits for a reset (dfuMANIFEST-WAIT-RESET); plug it in again');
}

function leftWithReset(state: PrepareState): Next {
  const error = new DfuError(
    'DISCONNECTED',
    'the device waited for a reset after an earlier download, and left with it; start again',
  );
  return [state, { do: 'fail', error }];
}

function end(state: PrepareState): Next {
  return [
    { ...state, at: 'done' },
    { do: 'end', result: undefined },
  ];
}

function fail(state: PrepareState, why: string): Next {
  const error = new DfuError('PROTOCOL', `the device is not ready: ${why}`);
  return [state, { do: 'fail', error }];
}
