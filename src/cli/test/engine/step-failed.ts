import { DfuError } from '../../../bytes/index.ts';
import { ExpectationError } from '../../../testing/index.ts';
import { ExitCode, exitCodeOf, explain } from '../../shared/exit-codes.ts';
import { UnreadableFile } from '../../shared/unreadable-file.ts';
import type { StepResult } from '../report/result.ts';

/** A step has come out otherwise than it should. */
export class StepFailed extends Error {
  /** The last that somebody has said. */
  readonly details: string | undefined;

  constructor(message: string, details?: string) {
    super(message);
    this.details = details;
  }
}

/** The sentence of a bench's error, and what it shows of the board. */
export function halvesOf(message: string): readonly [sentence: string, shown: string] {
  const at = message.indexOf('\n\n');
  return at < 0 ? [message, ''] : [message.slice(0, at), message.slice(at + 2)];
}

/** What could not even be tried: its message and exit code. */
interface Stop {
  readonly message: string;
  readonly exit: number;
}

/** What keeps a scenario from being run at all. */
export function stopOf(error: unknown): Stop {
  const message = explain(error);
  const isOrder =
    DfuError.is(error) &&
    !(error instanceof UnreadableFile) &&
    ['INVALID_ARGUMENT', 'NOT_FOUND', 'MALFORMED', 'UNSUPPORTED', 'OUT_OF_RANGE'].includes(
      error.code,
    );
  return { message, exit: isOrder ? ExitCode.config : exitCodeOf(error) };
}

/** What became of a step that has thrown. */
export function brokenBy(
  error: unknown,
): Pick<StepResult, 'outcome' | 'message' | 'details'> & { readonly exit?: number } {
  if (error instanceof StepFailed) {
    return { outcome: 'failed', message: error.message, details: error.details };
  }
  if (error instanceof ExpectationError) {
    const [message, details] = halvesOf(error.message);
    return { outcome: 'failed', message, details };
  }
  return { outcome: 'error', ...stopOf(error) };
}
