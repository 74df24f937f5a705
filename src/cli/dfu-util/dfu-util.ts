import { PACKAGE_VERSION } from '../../bytes/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import { carryOut } from './carry-out.ts';
import { CommandLineEnd, readCommandLine, wrongUsage } from './command-line.ts';
import type { Wishes } from './command-line.ts';

/** The first line is what scripts ask for a version; a blank line ends it, as dfu-util's. */
const BANNER = `dfu-util 0.11

This is dfukit ${PACKAGE_VERSION}, with its command line.

`;

/** `dfukit dfu-util …`: the command line of dfu-util 0.11, its words and its exit codes. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const wishes = readCommandLine(args);
    bannerOut(wishes, terminal).write(BANNER);
    if (wishes.mode === 'version') return ExitCode.ok;
    if (wishes.mode === 'commands' && wishes.dfuse === undefined) {
      throw wrongUsage('You need to specify one of -D or -U');
    }
    return await carryOut(wishes, terminal);
  } catch (error) {
    if (!(error instanceof CommandLineEnd)) throw error;
    const stream = error.exitCode === ExitCode.ok ? terminal.out : terminal.err;
    stream.write(error.message);
    return error.exitCode;
  }
}

/** Where an upload goes to standard output, nothing else does. */
function bannerOut({ mode, path }: Wishes, { out, err }: Terminal): Terminal['out'] {
  return mode === 'upload' && path === '-' ? err : out;
}
