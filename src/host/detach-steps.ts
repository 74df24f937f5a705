import { DfuError } from '../bytes/index.ts';
import { DfuRequest } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';
import { readStatus } from './status-report.ts';
import { GET_STATUS } from './steps.ts';
import type { Action, Outcome, ResetOutcome } from './steps.ts';

/** What DFU_DETACH led to. */
export interface DetachEnding {
  /** False if the device stalled DFU_DETACH or did not answer; some do so and leave all the same. */
  readonly accepted: boolean;
  /** What the reset led to; undefined if none was issued. */
  readonly reset: ResetOutcome | undefined;
  /** A state of DFU mode, reported by a device that describes itself as in run-time mode. */
  readonly dfuState: DfuState | undefined;
}

export interface DetachTerms {
  /** wValue of DFU_DETACH: how long the device shall wait for a reset, in ms. */
  readonly timeoutMs: number;
  /** Whether this side resets the port after DFU_DETACH (in run-time mode: bitWillDetach is 0). */
  readonly reset: boolean;
  /**
   * Ask the device for its state first: some say run-time in their descriptors, and are in DFU mode (NXP
   * LPC: greatscottgadgets/hackrf#1509). There DFU_DETACH would mean something else, or nothing.
   */
  readonly asksFirst: boolean;
  /** wIndex of DFU_DETACH, where it is not the number of the interface. */
  readonly wIndex?: number | undefined;
}

interface DetachState extends DetachEnding {
  readonly at: 'start' | 'asking' | 'detaching' | 'resetting' | 'looking' | 'done';
}

export const DETACH_START: DetachState = {
  at: 'start',
  accepted: true,
  reset: undefined,
  dfuState: undefined,
};

type Next = readonly [DetachState, Action<DetachEnding>];

/**
 * DFU 1.1 §5.1: from run-time to DFU mode; in DFU mode, where DFU_DETACH is no request of DFU 1.1 but
 * understood by many, out of it. The device may drop off the bus at any point, also in the middle of
 * the request: that is what was asked for. Whether it came back is for the bus to tell.
 */
export function detachStep(state: DetachState, outcome: Outcome, terms: DetachTerms): Next {
  switch (state.at) {
    case 'start':
      if (!terms.asksFirst) return detach(state, terms);
      return [{ ...state, at: 'asking' }, GET_STATUS];
    case 'asking': {
      const dfuState = dfuStateOf(outcome);
      if (dfuState !== undefined) return end({ ...state, accepted: false, dfuState });
      // A stall is how most answer in run-time mode.
      return outcome.is === 'gone' ? end(state) : detach(state, terms);
    }
    case 'detaching': {
      const accepted = outcome.is === 'done' || outcome.is === 'gone';
      const next: DetachState = { ...state, at: 'resetting', accepted };
      if (outcome.is !== 'gone' && terms.reset) return [next, { do: 'reset' }];
      return end(next);
    }
    case 'resetting': {
      const reset = outcome.is === 'reset' ? outcome.port : 'impossible';
      const next: DetachState = { ...state, at: 'looking', reset };
      // The same descriptors as before, and yet it may be in DFU mode now.
      return terms.asksFirst && reset === 'same' ? [next, GET_STATUS] : end(next);
    }
    case 'looking':
      return end({ ...state, dfuState: dfuStateOf(outcome) });
    case 'done':
      return end(state);
    default:
      return state.at satisfies never;
  }
}

function detach(state: DetachState, { timeoutMs: wValue, wIndex }: DetachTerms): Next {
  return [
    { ...state, at: 'detaching' },
    { do: 'out', bRequest: DfuRequest.DETACH, wValue, wIndex },
  ];
}

/** The state of DFU mode that the device answers to be in, if it does. */
export function dfuStateOf(outcome: Outcome): DfuState | undefined {
  if (outcome.is !== 'data') return undefined;
  try {
    const { state } = readStatus(outcome);
    return state === 'appIDLE' || state === 'appDETACH' ? undefined : state;
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return undefined;
  }
}

function end({ accepted, reset, dfuState }: DetachEnding): Next {
  const result = { accepted, reset, dfuState };
  return [
    { at: 'done', ...result },
    { do: 'end', result },
  ];
}
