import { DfuError } from '../bytes/index.ts';
import type { DfuErrorCode } from '../bytes/index.ts';
import type { CallSite } from './call-site.ts';

/** What an {@link ExpectationError} is made of. */
interface ExpectationDetails {
  readonly at: CallSite;
  /** The error underneath, where there is one. */
  readonly cause?: unknown;
  /** The console's last lines and the last events, as the message shows them. */
  readonly shown: string;
}

/**
 * Something did not come as a test expects it. The message says what was expected and what came, and shows the console's
 * last lines and the last events; the stack begins in the test.
 */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError';
  /** `EXPECTATION`, or the code of the error underneath. */
  readonly code: DfuErrorCode | 'EXPECTATION';

  constructor(message: string, { at, cause, shown }: ExpectationDetails) {
    const whole = shown === '' ? message : `${message}\n\n${shown}`;
    super(whole, cause === undefined ? undefined : { cause });
    this.code = DfuError.is(cause) ? cause.code : 'EXPECTATION';
    this.stack = `${this.name}: ${whole}\n${at.frames}`;
  }
}
