import { PACKAGE_VERSION } from '../bytes/index.ts';
import type { Terminal } from './shared/terminal.ts';

/**
 * Runs one command line of dfukit. The answer is its exit code: errors are told, and not thrown. What
 * only says its version loads nothing else.
 */
export async function dfukit(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args[0] === '--version' || args[0] === '-V') {
    terminal.out.write(`${PACKAGE_VERSION}\n`);
    return 0;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(args, terminal);
}
