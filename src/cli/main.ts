#!/usr/bin/env node
import { dfukit } from './dfukit.ts';
import { processTerminal } from './process-terminal.ts';
import { ExitCode } from './shared/exit-codes.ts';

let isOver = false;
// Where nothing is left to wait for before the command has ended, it never will: no success.
process.once('beforeExit', () => {
  if (isOver) return;
  processTerminal.err.write('dfukit: the command waits for what will never come\n');
  process.exitCode = ExitCode.internal;
});

// No await at the top: the command line is built as CommonJS.
async function main(): Promise<void> {
  const code = await dfukit(process.argv.slice(2), processTerminal);
  isOver = true;
  // An output that has failed has said so already: no success.
  if (code !== 0) process.exitCode = code;
}

/** When the command has ended: who runs the program several times in one process waits for it. */
const ended: Promise<void> = main();
export { ended };
