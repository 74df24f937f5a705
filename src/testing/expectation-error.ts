import { DfuError } from '../bytes/index.ts';
import type { DfuErrorCode } from '../bytes/index.ts';
import type { BoardPowerCut } from '../board/index.ts';
import type { CallSite } from './call-site.ts';

/** Where a power cut fell, and what became of the flash operation that it met. */
export interface PowerCutPlace extends Omit<BoardPowerCut, 'operation'> {
  /** Of the steps, counted from 0. */
  readonly operation: number;
}

/** A power cut that went wrong. */
export interface PowerCutFailure {
  /** Where it fell; undefined: after the last operation. */
  readonly cut: PowerCutPlace | undefined;
  /** What the check has thrown. */
  readonly error: unknown;
}

/** What an {@link ExpectationError} is made of. */
export interface ExpectationDetails {
  readonly at: CallSite;
  /** The error underneath, where there is one. */
  readonly cause?: unknown;
  /** The console's last lines and the last events, as the message shows them. */
  readonly shown: string;
  readonly failures?: readonly PowerCutFailure[] | undefined;
}

/**
 * Something did not come as a test expects it. The message says what was expected and what came, and shows the console's
 * last lines and the last events; the stack begins in the test.
 */
export class ExpectationError extends Error {
  override readonly name = 'ExpectationError';
  /** `EXPECTATION`, or the code of the error underneath. */
  readonly code: DfuErrorCode | 'EXPECTATION';
  /** The power cuts that went wrong, from `everyPowerCut`; else none. */
  readonly failures: readonly PowerCutFailure[];

  constructor(message: string, { at, cause, shown, failures = [] }: ExpectationDetails) {
    const whole = shown === '' ? message : `${message}\n\n${shown}`;
    super(whole, cause === undefined ? undefined : { cause });
    this.failures = failures;
    this.code = DfuError.is(cause) ? cause.code : 'EXPECTATION';
    this.stack = `${this.name}: ${whole}\n${at.frames}`;
  }
}
