import { DfuRequest } from '../dfu/index.ts';
import type { Action, Outcome, ResetOutcome } from './steps.ts';

/** What DFU_DETACH led to. */
export interface DetachEnding {
  /** False if the device stalled DFU_DETACH; some do so and leave all the same. */
  readonly accepted: boolean;
  /** What the reset led to; undefined if none was issued. */
  readonly reset: ResetOutcome | undefined;
}

export interface DetachTerms {
  /** wValue of DFU_DETACH: how long the device shall wait for a reset, in ms. */
  readonly timeoutMs: number;
  /** Whether this side resets the port after DFU_DETACH (in run-time mode: bitWillDetach is 0). */
  readonly reset: boolean;
}

interface DetachState {
  readonly at: 'start' | 'detaching' | 'resetting' | 'done';
  readonly accepted: boolean;
  readonly reset: ResetOutcome | undefined;
}

export const DETACH_START: DetachState = {
  at: 'start',
  accepted: true,
  reset: undefined,
};

type Next = readonly [DetachState, Action<DetachEnding>];

/**
 * DFU 1.1 §5.1: from run-time to DFU mode; in DFU mode, where DFU_DETACH is no request of DFU 1.1 but
 * understood by many, out of it. The device may drop off the bus at any point, also in the middle of
 * the request: that is what was asked for. Whether it came back is for the bus to tell.
 */
export function detachStep(state: DetachState, outcome: Outcome, terms: DetachTerms): Next {
  switch (state.at) {
    case 'start': {
      const action = { do: 'out', bRequest: DfuRequest.DETACH, wValue: terms.timeoutMs } as const;
      return [{ ...state, at: 'detaching' }, action];
    }
    case 'detaching': {
      const next: DetachState = { ...state, at: 'resetting', accepted: outcome.is !== 'stalled' };
      return outcome.is === 'gone' || !terms.reset ? end(next) : [next, { do: 'reset' }];
    }
    case 'resetting':
      return end({ ...state, reset: outcome.is === 'reset' ? outcome.port : 'impossible' });
    case 'done':
      return end(state);
    default:
      return state.at satisfies never;
  }
}

function end(state: DetachState): Next {
  const { accepted, reset } = state;
  return [
    { at: 'done', accepted, reset },
    { do: 'end', result: { accepted, reset } },
  ];
}
