import { DfuError } from '../bytes/index.ts';
import type { CancelSignal, Clock } from './clock.ts';

/** How long something is waited for, and who may end that early. */
export interface WaitLimits<T> {
  /** Most time, in ms; left out: as long as it takes. */
  readonly ms?: number | undefined;
  readonly signal?: CancelSignal | undefined;
  /** Called when that time is over: answers or throws what the wait ends with. Default: `TIMEOUT`. */
  readonly late?: (() => T) | undefined;
}

/** How whatever was started tells its end. What comes after the first call counts no more. */
export interface Ending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** What a cancelled wait fails with. */
function aborted(signal: CancelSignal | undefined): DfuError {
  return new DfuError('ABORTED', 'cancelled', { cause: signal?.reason });
}

/** Throws `ABORTED` if the signal has been raised. */
export function throwIfAborted(signal: CancelSignal | undefined): void {
  if (signal?.aborted === true) throw aborted(signal);
}

/**
 * Starts something and waits for its end, for a time, or until the signal is raised: then it throws
 * `ABORTED`. Nothing is started if the signal has been raised before. What `start` answers is called
 * once when the wait is over, whatever ended it: it stops listening, and gives up what has not ended.
 */
export function until<T>(
  clock: Clock,
  { ms, signal, late }: WaitLimits<T>,
  start: (ending: Ending<T>) => (() => void) | undefined,
): Promise<T> {
  if (signal?.aborted === true) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    let over = false;
    let stop: (() => void) | undefined;
    let cancelTimer: (() => void) | undefined;
    const end = (tell: () => void): void => {
      if (over) return;
      over = true;
      cancelTimer?.();
      signal?.removeEventListener('abort', abort);
      stop?.();
      tell();
    };
    const abort = (): void => end(() => reject(aborted(signal)));
    stop = start({
      resolve: (value) => end(() => resolve(value)),
      reject: (error) => end(() => reject(error)),
    });
    // Either may have happened while it was started.
    if (over) stop?.();
    else if (signal?.aborted === true) abort();
    else {
      signal?.addEventListener('abort', abort);
      if (ms !== undefined) cancelTimer = clock.at(clock.now() + ms, () => end(timeIsUp));
    }

    function timeIsUp(): void {
      try {
        if (late === undefined) throw new DfuError('TIMEOUT', `no answer within ${ms} ms`);
        resolve(late());
      } catch (error) {
        reject(error);
      }
    }
  });
}

/** Resolves after `ms` on that clock; rejects with `ABORTED` once the signal says so. */
export function sleep(clock: Clock, ms: number, signal?: CancelSignal): Promise<void> {
  return until<void>(clock, { ms, signal, late: () => {} }, () => undefined);
}
