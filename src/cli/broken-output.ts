import { ExitCode } from './shared/exit-codes.ts';
import type { Output } from './shared/terminal.ts';

/** What is done about an output that takes no more. */
interface Remedy {
  readonly tell: (line: string) => void;
  /** The command goes on, and its success is none. */
  readonly fail: (code: number) => void;
}

/**
 * An output that fails ends no command in the middle: a device is not left half written because nobody reads about it,
 * and whether a command succeeds does not depend on when its reader goes. A reader that has gone (`| head -1`, `| grep -q`)
 * is no failure at all; what cannot be written for another reason is told, and the command ends with 74 if it would have
 * ended with 0. A command that listens for that itself, as one with a board to put away does, is left alone.
 */
export function guardOutput(output: Output, { tell, fail }: Remedy): void {
  let isOthers = false;
  let isTold = false;
  output.on('error', (error: NodeJS.ErrnoException) => {
    isOthers ||= output.listenerCount('error') > 1;
    if (isOthers || isTold || error.code === 'EPIPE') return;
    isTold = true;
    tell(`dfukit: standard output: ${error.message}`);
    fail(ExitCode.io);
  });
}
