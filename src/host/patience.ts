import { DfuError } from '../bytes/index.ts';
import type { DfuRemedy } from '../bytes/index.ts';
import type { StatusReport } from './status-report.ts';
import { giveUp } from './steps.ts';
import type { Action, Outcome } from './steps.ts';

/** How long a host goes on asking a device that is busy. */
export interface PatienceLimits {
  /** Most time that a device may take over one block, or over manifestation, in ms. */
  readonly busyLimitMs: number;
  /** How long to wait between two questions, in ms, whatever bwPollTimeout says. */
  readonly pollTimeMs?: number | undefined;
  /** How many stalls of DFU_GETSTATUS in a row mean nothing; default 3: an STM32L4 stalls some while it erases a page. */
  readonly statusStalls?: number | undefined;
}

/** Longest time that a device may be busy unless told otherwise: mass erase takes half a minute. */
export const BUSY_LIMIT_MS = 120_000;

/** How often a stalled DFU_GETSTATUS is repeated unless told otherwise. */
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

/** All bits of bwPollTimeout: memory that nobody has written, and no time. */
const NO_TIME_MS = 0xffffff;

/**
 * How long to wait before the next DFU_GETSTATUS: what the device asked for (DFU 1.1 §6.1.2), or,
 * if it names no time, 0, 1, 2 … 20 ms. Throws `TIMEOUT` beyond the limit, in which the time that the
 * answers took counts, too.
 */
export function pause(
  patience: Patience,
  report: StatusReport,
  { busyLimitMs, pollTimeMs }: PatienceLimits,
): readonly [Patience, number] {
  const { pollTimeoutMs: asked, tookMs, state } = report;
  const isNamed = asked !== 0 && asked !== NO_TIME_MS;
  const ms = pollTimeMs ?? (isNamed ? asked : Math.min(patience.polls, LONGEST_UNASKED_MS));
  const spentMs = patience.waitedMs + tookMs;
  const waitedMs = spentMs + ms;
  if (waitedMs > busyLimitMs) {
    const asks = `the device is in ${state} and asks for ${asked} ms more`;
    const limit = `more than ${busyLimitMs} ms in all are not waited for`;
    const message = `${asks} after ${Math.round(spentMs)} ms; ${limit}`;
    // Where it asks for more than all at once, no limit will do.
    const remedies = ms > busyLimitMs ? ['poll-time', 'busy-limit'] : ['busy-limit'];
    throw new DfuError('TIMEOUT', message, { remedies: remedies as readonly DfuRemedy[] });
  }
  const lastPollMs = isNamed ? asked : 0;
  return [{ polls: patience.polls + 1, waitedMs, stalls: 0, lastPollMs }, ms];
}

/** After a stalled DFU_GETSTATUS: how long to wait before asking again; undefined for no more. */
export function pauseAfterStall(
  patience: Patience,
  outcome: Outcome,
  { statusStalls = MOST_STALLS }: Pick<PatienceLimits, 'statusStalls'>,
): readonly [Patience, number] | undefined {
  if (patience.stalls >= statusStalls) return undefined;
  const ms = Math.min(patience.lastPollMs, 1000);
  const tookMs = 'tookMs' in outcome ? (outcome.tookMs ?? 0) : 0;
  const waitedMs = patience.waitedMs + tookMs + ms;
  return [{ ...patience, stalls: patience.stalls + 1, waitedMs }, ms];
}

/** After a stalled DFU_GETSTATUS: waits and asks again, or gives up with what the outcome says. */
export function waitAfterStall<S extends { readonly patience: Patience }>(
  state: S,
  outcome: Outcome,
  limits: Pick<PatienceLimits, 'statusStalls'>,
): readonly [S, Action<never>] {
  const again = pauseAfterStall(state.patience, outcome, limits);
  if (again === undefined) return [state, giveUp(outcome)];
  const [patience, ms] = again;
  return [
    { ...state, patience },
    { do: 'wait', ms },
  ];
}
