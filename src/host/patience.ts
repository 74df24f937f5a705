import { DfuError } from '../bytes/index.ts';
import type { StatusReport } from './status-report.ts';
import { giveUp } from './steps.ts';
import type { Action, Outcome } from './steps.ts';

/** How long a host goes on asking a device that is busy. */
export interface PatienceLimits {
  /** Most time that a device may take over one block, or over manifestation, in ms. */
  readonly busyLimitMs: number;
}

/** Longest time that a device may be busy unless told otherwise: mass erase takes half a minute. */
export const BUSY_LIMIT_MS = 120_000;

/** How often a stalled DFU_GETSTATUS is repeated: STM32L4 stalls some while it erases a page. */
const MOST_STALLS = 3;

/** Longest pause between two questions to a device that names no time, in ms. */
const LONGEST_UNASKED_MS = 20;

/** What a busy device has cost so far: one block, or one manifestation. */
export interface Patience {
  readonly polls: number;
  readonly waitedMs: number;
  /** Stalls in a row. */
  readonly stalls: number;
  /** bwPollTimeout of the last answer, in ms. */
  readonly lastPollMs: number;
}

export const FRESH: Patience = { polls: 0, waitedMs: 0, stalls: 0, lastPollMs: 0 };

/**
 * How long to wait before the next DFU_GETSTATUS: what the device asked for (DFU 1.1 §6.1.2), or,
 * if it names no time, 0, 1, 2 … 20 ms. Throws `TIMEOUT` beyond the limit.
 */
export function pause(
  patience: Patience,
  report: StatusReport,
  limits: PatienceLimits,
): readonly [Patience, number] {
  const ms =
    report.pollTimeoutMs === 0
      ? Math.min(patience.polls, LONGEST_UNASKED_MS)
      : report.pollTimeoutMs;
  const waitedMs = patience.waitedMs + ms;
  if (waitedMs > limits.busyLimitMs) {
    const asks = `the device is in ${report.state} and asks for ${report.pollTimeoutMs} ms more`;
    const limit = `more than ${limits.busyLimitMs} ms in all are not waited for`;
    throw new DfuError('TIMEOUT', `${asks} after ${patience.waitedMs} ms; ${limit}`);
  }
  const polls = patience.polls + 1;
  return [{ polls, waitedMs, stalls: 0, lastPollMs: report.pollTimeoutMs }, ms];
}

/** After a stalled DFU_GETSTATUS: how long to wait before asking again; undefined for no more. */
export function pauseAfterStall(patience: Patience): readonly [Patience, number] | undefined {
  if (patience.stalls >= MOST_STALLS) return undefined;
  const ms = Math.min(patience.lastPollMs, 1000);
  const next = { ...patience, stalls: patience.stalls + 1, waitedMs: patience.waitedMs + ms };
  return [next, ms];
}

/** After a stalled DFU_GETSTATUS: waits and asks again, or gives up with what the outcome says. */
export function waitAfterStall<S extends { readonly patience: Patience }>(
  state: S,
  outcome: Outcome,
): readonly [S, Action<never>] {
  const again = pauseAfterStall(state.patience);
  if (again === undefined) return [state, giveUp(outcome)];
  const [patience, ms] = again;
  return [
    { ...state, patience },
    { do: 'wait', ms },
  ];
}
