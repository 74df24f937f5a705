import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { DfuError } from '../../bytes/index.ts';
import type { Input, Terminal } from './terminal.ts';

function none(): DfuError {
  return new DfuError('ABORTED', 'a passphrase is needed, and none was given');
}

/** A terminal that shows nothing of what is typed, from before it asks. */
async function askTerminal(terminal: Terminal, prompt: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: terminal.in, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      // Ctrl-C and Ctrl-D.
      lines.once('close', () => reject(none()));
      terminal.err.write(prompt);
    });
  } finally {
    lines.close();
    terminal.err.write('\n');
  }
}

/** One reader for each pipe, or the second question would find it empty. */
const piped = new WeakMap<Input, AsyncIterator<string>>();

/** The next line of a pipe. */
async function nextLine(input: Input): Promise<string> {
  const lines = piped.get(input) ?? createInterface({ input })[Symbol.asyncIterator]();
  piped.set(input, lines);
  const { value, done } = await lines.next();
  if (done === true) throw none();
  return value;
}

/**
 * Asks on the terminal without showing what is typed; from a pipe it takes the next line. The prompt
 * goes to standard error, so that output can be redirected. Throws `ABORTED` where nobody answers.
 */
export function askPassphrase(terminal: Terminal, prompt: string): Promise<string> {
  return terminal.in.isTTY === true ? askTerminal(terminal, prompt) : nextLine(terminal.in);
}
