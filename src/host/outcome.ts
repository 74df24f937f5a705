import { DfuError, retold } from '../bytes/index.ts';
import type { SendOutcome } from '../bytes/index.ts';
import type { DownloadEnding } from './endings.ts';
import type { Ending } from './ending-steps.ts';
import type { DfuSession } from './session.ts';

/** Of what was thrown in the middle of the work and is no plain `DfuError`: a caller's own function failed. */
const outcomes = new WeakMap<object, SendOutcome>();

/**
 * What has become of the device's memory, by how a download ended (`DownloadEnding`) or by what it threw. An error that does not come from
 * sending says `unchanged`: nothing had been sent.
 */
export function outcomeOf(endingOrError: unknown): SendOutcome {
  if (isEnding(endingOrError)) return endingOrError.outcome;
  return outcomeSaid(endingOrError) ?? 'unchanged';
}

function isEnding(value: unknown): value is DownloadEnding {
  if (typeof value !== 'object' || value === null || value instanceof Error) return false;
  return 'outcome' in value && 'ending' in value;
}

/** What an error says itself of the device's memory; undefined of what was no work on one. */
export function outcomeSaid(error: unknown): SendOutcome | undefined {
  if (DfuError.is(error) && error.outcome !== undefined) return error.outcome;
  return typeof error === 'object' && error !== null ? outcomes.get(error) : undefined;
}

/** What an ending means. A device that was to go, and has not been seen going, is in doubt though its memory be right. */
export function outcomeBy(ending: Ending, isVerified: boolean): SendOutcome {
  if (ending === 'unconfirmed') return 'unconfirmed';
  return isVerified ? 'verified' : 'written';
}

/** Does what may change a device; what it throws says whether something may have been changed. */
export async function withOutcome<T>(session: DfuSession, work: () => Promise<T>): Promise<T> {
  const { changes } = session;
  try {
    return await work();
  } catch (error) {
    throw endedAs(error, session.changes === changes ? 'unchanged' : 'partly-written');
  }
}

/** Before anything is sent: what is thrown has left the device's memory as it was, unless it says otherwise. */
export async function unchangedElse<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw endedAs(error, 'unchanged');
  }
}

/** Where all is acknowledged already: what is thrown leaves it in doubt what became of that. */
export async function unconfirmedElse<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw endedAs(error, 'unconfirmed');
  }
}

/** The error, which says so; what it has said before of a device that was changed stands. */
function endedAs(error: unknown, outcome: SendOutcome): unknown {
  if (outcomeOf(error) !== 'unchanged') return error;
  // One of a class of its own stays what it is.
  if (DfuError.is(error) && Object.getPrototypeOf(error) === DfuError.prototype) {
    return error.outcome === outcome ? error : retold(error, error.message, { outcome });
  }
  if (typeof error === 'object' && error !== null) outcomes.set(error, outcome);
  return error;
}
