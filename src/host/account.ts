import { DfuError, retold } from '../bytes/index.ts';
import type { SendTally } from '../bytes/index.ts';
import { NOTHING, inWords, isWhole, sumOf } from './tally.ts';

/** Keeps count of what a device has acknowledged, so that an error in the middle of it can say so. */
export class Account {
  readonly planned: SendTally;
  #before: SendTally = NOTHING;
  #now: SendTally = NOTHING;
  #isOpen = false;

  constructor(planned: SendTally) {
    this.planned = planned;
  }

  get acknowledged(): SendTally {
    return sumOf([this.#before, this.#now]);
  }

  /** From now on something is on its way. */
  begin(): void {
    this.#before = this.acknowledged;
    this.#now = NOTHING;
    this.#isOpen = true;
  }

  /** So much has been acknowledged since it began. */
  note(now: SendTally): void {
    this.#now = now;
  }

  /** Does the work; what it throws says how far it had come, if anything was on its way. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#told(error);
    }
  }

  #told(error: unknown): unknown {
    if (!DfuError.is(error) || !this.#isOpen || error.progress !== undefined) return error;
    const { planned, acknowledged } = this;
    if (isWhole(planned, NOTHING) && isWhole(acknowledged, NOTHING)) return error;
    const far = `acknowledged so far: ${inWords(planned, acknowledged)}`;
    const message = `${error.message}; ${far}${remains(planned, acknowledged)}`;
    return retold(error, message, { progress: { planned, acknowledged } });
  }
}

/** What a device holds that is left in the middle of being erased and written. */
function remains(planned: SendTally, acknowledged: SendTally): string {
  if (planned.erases === 0 || isWhole(planned, acknowledged)) return '';
  if (acknowledged.erases === 0) return '; it may be half erased now';
  if (acknowledged.erases < planned.erases) return '; it is half erased now';
  return acknowledged.bytes < planned.bytes ? '; it is erased and not wholly written now' : '';
}
