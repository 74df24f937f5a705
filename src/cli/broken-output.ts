import { ExitCode } from './shared/exit-codes.ts';
import type { Output } from './shared/terminal.ts';

/** What is done about an output that takes no more. */
interface Remedy {
  readonly tell: (line: string) => void;
  readonly exit: (code: number) => void;
}

/**
 * An output that fails ends the process in a sentence, or in silence if only its reader has gone. A
 * command that listens for that itself, as one with a board to put away does, is left alone.
 */
export function guardOutput(output: Output, { tell, exit }: Remedy): void {
  let isOthers = false;
  output.on('error', (error: NodeJS.ErrnoException) => {
    isOthers ||= output.listenerCount('error') > 1;
    if (isOthers) return;
    if (error.code !== 'EPIPE') tell(`dfukit: standard output: ${error.message}`);
    exit(ExitCode.io);
  });
}
