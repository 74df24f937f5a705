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
  limits: WaitLimits<T>,
  start: (ending: Ending<T>) => (() => void) | undefined,
): Promise<T> {
  const { signal } = limits;
  if (signal?.aborted === true) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    let over = false;
    let stop: (() => void) | undefined;
    let unwatch: (() => void) | undefined;
    /** False: it has been over before. */
    const ends = (): boolean => {
      if (over) return false;
      over = true;
      unwatch?.();
      stop?.();
      return true;
    };
    stop = start({
      resolve: (value) => {
        if (ends()) resolve(value);
      },
      reject: (error) => {
        if (ends()) reject(error);
      },
    });
    // Most transfers end while they are started, and need neither a timer nor a listener.
    if (over) stop?.();
    else {
      unwatch = watch(clock, limits, (tell) => {
        if (ends()) tell({ resolve, reject });
      });
    }
  });
}

/** Ends a wait when its time is over, or when the signal is raised; the answer stops that. */
function watch<T>(
  clock: Clock,
  { ms, signal, late }: WaitLimits<T>,
  end: (tell: (ending: Ending<T>) => void) => void,
): (() => void) | undefined {
  const abort = (): void => end(({ reject }) => reject(aborted(signal)));
  if (signal?.aborted === true) {
    abort();
    return undefined;
  }
  const timeIsUp = ({ resolve, reject }: Ending<T>): void => {
    try {
      if (late === undefined) {
        throw new DfuError('TIMEOUT', `no answer within ${Math.round(ms ?? 0)} ms`);
      }
      resolve(late());
    } catch (error) {
      reject(error);
    }
  };
  signal?.addEventListener('abort', abort);
  const cancelTimer =
    ms === undefined ? undefined : clock.at(clock.now() + ms, () => end(timeIsUp));
  return () => {
    cancelTimer?.();
    signal?.removeEventListener('abort', abort);
  };
}

/** Resolves after `ms` on that clock; rejects with `ABORTED` once the signal says so. */
export function sleep(clock: Clock, ms: number, signal?: CancelSignal): Promise<void> {
  return until<void>(clock, { ms, signal, late: () => {} }, () => undefined);
}

/** A signal that is raised with its parent, or before it. */
export class Canceller {
  readonly #listeners = new Set<() => void>();
  readonly #unwatch: () => void;
  #raised = false;
  readonly #parent: CancelSignal | undefined;

  constructor(parent?: CancelSignal) {
    this.#parent = parent;
    const raise = (): void => this.cancel();
    parent?.addEventListener('abort', raise);
    this.#unwatch = () => parent?.removeEventListener('abort', raise);
    if (parent?.aborted === true) this.cancel();
  }

  /** What the others listen to. */
  get signal(): CancelSignal {
    const isRaised = (): boolean => this.#raised;
    const parent = this.#parent;
    return {
      get aborted() {
        return isRaised();
      },
      get reason() {
        return parent?.reason;
      },
      addEventListener: (_type, listener) => void this.#listeners.add(listener),
      removeEventListener: (_type, listener) => void this.#listeners.delete(listener),
    };
  }

  /** Raises it. */
  cancel(): void {
    if (this.#raised) return;
    this.#raised = true;
    this.#unwatch();
    for (const listener of this.#listeners) listener();
  }
}
