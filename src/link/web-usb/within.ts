import { DfuError } from '../../bytes/index.ts';
import { TRANSFER_TIMEOUT_MS, until, wholeMs } from '../../usb/index.ts';
import type { CancelSignal, Clock } from '../../usb/index.ts';

/** How long a browser may take over something. */
interface Within {
  readonly clock: Clock;
  /** In ms; default 5000. */
  readonly ms?: number | undefined;
  readonly signal?: CancelSignal | undefined;
}

/**
 * Has the browser do something, and waits no longer than that for it: WebUSB keeps no time. What is given up goes on in the
 * browser. Throws `TIMEOUT`, `ABORTED`, and what the browser does.
 */
export function within<T>(
  { clock, ms = TRANSFER_TIMEOUT_MS, signal }: Within,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const late = (): never => {
    throw new DfuError('TIMEOUT', `${what}: the browser has not done it within ${wholeMs(ms)}`);
  };
  return until<T>(clock, { ms, signal, late }, ({ resolve, reject }) => {
    work().then(resolve, reject);
    return undefined;
  });
}
