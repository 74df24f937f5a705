import { DfuError } from '../bytes/index.ts';
import type { DfuState } from '../dfu/index.ts';
import { FRESH, pause, pauseAfterStall } from './patience.ts';
import type { Patience, PatienceLimits } from './patience.ts';
import { failing } from './refusal.ts';
import { isFailure, readStatus, unexpectedState } from './status-report.ts';
import type { StatusReport } from './status-report.ts';
import { GET_STATUS } from './steps.ts';
import type { Action, InAction, Outcome, ResetOutcome } from './steps.ts';

/** How a download ended, as far as the host can know. */
export type Ending =
  /** The device said so: it came back to dfuIDLE, or asked for the reset that follows manifestation. */
  | 'manifested'
  /** It took everything, then left the bus, as a device does that starts its new firmware; its bus says so too. */
  | 'left'
  /** It took everything, and what became of that it did not say. */
  | 'unconfirmed'
  /** DfuSe only: everything is written, and nobody asked the device to leave. */
  | 'written';

/** What is known once it is over. */
export interface Ended {
  readonly ending: Ending;
  /** The last state that the device reported after the end of the data. */
  readonly finalState: DfuState | undefined;
  /** What became of the reset that dfuMANIFEST-WAIT-RESET asks for; undefined if it needed none. */
  readonly reset: ResetOutcome | undefined;
}

/** How long the end may take. */
export interface EndingLimits extends PatienceLimits {
  /** How long a device that has all its data may take to leave, in ms. */
  readonly lingerMs: number;
  /** Most time for manifestation, in ms; default: as long as being busy. */
  readonly manifestMs?: number | undefined;
}

/** How long a device that has it all may take to leave unless told otherwise: RIOT takes a second. */
export const LINGER_MS = 3000;

/** Where the dialects differ once the end of the data has been sent. */
export interface EndingRules extends EndingLimits {
  /** What the device is at, for messages. */
  readonly doing: string;
  /** States of a device that is not done yet: it is asked again. */
  readonly busy: ReadonlySet<DfuState>;
  /** States after which it says no more, but may leave; `any` that means nothing else. */
  readonly quiet: ReadonlySet<DfuState> | 'any';
  /** A stalled question is asked again. */
  readonly asksAgain: boolean;
  /** By the letter the device answers no more after dfuMANIFEST, and wants a reset (DFU 1.1 A.2.8). */
  readonly silentAfterManifest: boolean;
  /** What it means if the device goes before it has acknowledged the end of the data. */
  readonly goneAtTheEnd: Ending;
}

/** From the end of the data on. A device that leaves is no failure any more. */
export type EndingState =
  /** The zero-length DNLOAD is under way. */
  | { readonly at: 'closing' }
  | { readonly at: 'manifesting'; readonly patience: Patience; readonly seen: DfuState | undefined }
  | { readonly at: 'resetting' | 'lingering'; readonly seen: DfuState | undefined }
  | { readonly at: 'done'; readonly ended: Ended };

type Next = readonly [EndingState, Action<Ended>];

/** How long to wait for the answer of a device that may have fallen silent for good, in ms. */
const SILENT_MS = 1000;

/** A stall of the zero-length DNLOAD is its sender's business: here it counts as silence. */
export function endingStep(state: EndingState, outcome: Outcome, rules: EndingRules): Next {
  switch (state.at) {
    case 'closing':
      if (outcome.is === 'gone') return over(rules.goneAtTheEnd, undefined);
      if (outcome.is !== 'done') return linger(undefined, rules);
      return [{ at: 'manifesting', patience: FRESH, seen: undefined }, ask(rules)];
    case 'manifesting':
      return manifesting(state, outcome, rules);
    case 'resetting':
      // It asked for the reset; that this side could not do it takes nothing from the data.
      return over('manifested', state.seen, outcome.is === 'reset' ? outcome.port : 'impossible');
    case 'lingering': {
      const left = outcome.is === 'lingered' && outcome.left;
      return over(left ? 'left' : afterwards(state.seen, rules), state.seen);
    }
    case 'done':
      return [state, { do: 'end', result: state.ended }];
    default:
      return state satisfies never;
  }
}

/** It is over, so. */
export function over(ending: Ending, finalState: DfuState | undefined, reset?: ResetOutcome): Next {
  const ended: Ended = { ending, finalState, reset };
  return [
    { at: 'done', ended },
    { do: 'end', result: ended },
  ];
}

/** Some manifest before they answer; whoever grants them time for it grants it there, too. */
function ask({ manifestMs }: EndingRules): InAction {
  return manifestMs === undefined ? GET_STATUS : { ...GET_STATUS, leastTimeoutMs: manifestMs };
}

type Manifesting = EndingState & { readonly at: 'manifesting' };

function manifesting(state: Manifesting, outcome: Outcome, rules: EndingRules): Next {
  const { seen } = state;
  if (outcome.is === 'done') {
    return [state, mute(seen, rules) ? { ...GET_STATUS, timeoutMs: SILENT_MS } : ask(rules)];
  }
  if (outcome.is === 'data') return reported(state, readStatus(outcome), rules);
  if (outcome.is === 'gone') return over('left', seen);
  if (mute(seen, rules)) return resetPort(seen);
  const asks = rules.asksAgain && outcome.is === 'stalled';
  const again = asks ? pauseAfterStall(state.patience, outcome, rules) : undefined;
  if (again === undefined) return linger(seen, rules);
  return [
    { ...state, patience: again[0] },
    { do: 'wait', ms: again[1] },
  ];
}

/** dfuMANIFEST was the last word of a device that cannot speak after it. */
function mute(seen: DfuState | undefined, { silentAfterManifest }: EndingRules): boolean {
  return seen === 'dfuMANIFEST' && silentAfterManifest;
}

function reported(state: Manifesting, report: StatusReport, rules: EndingRules): Next {
  if (isFailure(report)) return [state, failing(report, rules.doing)];
  const seen = report.state;
  if (rules.busy.has(seen)) {
    const busyLimitMs = rules.manifestMs ?? rules.busyLimitMs;
    const again = pauseOrNot(state.patience, report, { ...rules, busyLimitMs });
    // It has all the data, so that its time being up is no failure: whether it is done is not known.
    if (again === undefined) return over('unconfirmed', seen);
    return [
      { at: 'manifesting', patience: again[0], seen },
      { do: 'wait', ms: again[1] },
    ];
  }
  if (seen === 'dfuMANIFEST-WAIT-RESET') return resetPort(seen);
  if (seen === 'dfuIDLE' || seen === 'appIDLE') return over('manifested', seen);
  if (rules.quiet === 'any' || rules.quiet.has(seen)) return linger(seen, rules);
  return [state, { do: 'fail', error: unexpectedState(report, rules.doing, 'dfuIDLE') }];
}

/** The pause that is due; undefined beyond the limit. */
function pauseOrNot(
  patience: Patience,
  report: StatusReport,
  limits: PatienceLimits,
): readonly [Patience, number] | undefined {
  try {
    return pause(patience, report, limits);
  } catch (error) {
    if (DfuError.is(error, 'TIMEOUT')) return undefined;
    throw error;
  }
}

function resetPort(seen: DfuState | undefined): Next {
  return [{ at: 'resetting', seen }, { do: 'reset' }];
}

function linger(seen: DfuState | undefined, { lingerMs }: EndingRules): Next {
  return [
    { at: 'lingering', seen },
    { do: 'linger', ms: lingerMs },
  ];
}

/** Of a device that stays: where dfuMANIFEST is its last word, it has said that it is at it. */
function afterwards(seen: DfuState | undefined, { busy }: EndingRules): Ending {
  return seen === 'dfuMANIFEST' && !busy.has(seen) ? 'manifested' : 'unconfirmed';
}
