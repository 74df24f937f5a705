import { DfuError } from '../bytes/index.ts';
import type { CancelSignal, Clock } from './clock.ts';
import { until } from './until.ts';

/** How long a part is waited for, in ms: its server may be gone for good. */
const PART_MS = 60_000;

/** Who waits for a part, by which clock. */
export interface PartWait {
  readonly clock: Clock;
  readonly signal?: CancelSignal | undefined;
}

/**
 * A part of this package that not everybody needs: in a page it is a file of its own, which is fetched when it is wanted.
 * What it does stands in the message. Throws `NOT_LOADED` where it cannot be had, `ABORTED`; the next call asks for it again.
 */
export async function loadPart<T>(
  does: string,
  load: () => Promise<T>,
  { clock, signal }: PartWait,
): Promise<T> {
  const late = (): never => {
    throw notLoaded(does, `no answer within ${PART_MS / 1000} s`);
  };
  return until<T>(clock, { ms: PART_MS, signal, late }, ({ resolve, reject }) => {
    load().then(resolve, (cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      reject(notLoaded(does, why, cause));
    });
    return undefined;
  });
}

function notLoaded(does: string, why: string, cause?: unknown): DfuError {
  const message = `the part of this program that ${does} could not be loaded: ${why}; once its server can be reached, try again`;
  return new DfuError('NOT_LOADED', message, { cause });
}
