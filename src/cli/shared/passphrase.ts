import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Input, Terminal } from './terminal.ts';

/** A terminal that shows nothing of what is typed. */
async function askTerminal(terminal: Terminal): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: terminal.in, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
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
  return done === true ? '' : value;
}

/**
 * Asks on the terminal without showing what is typed; from a pipe it takes the next line. The prompt
 * goes to standard error, so that output can be redirected.
 */
export function askPassphrase(terminal: Terminal, prompt: string): Promise<string> {
  if (terminal.in.isTTY !== true) return nextLine(terminal.in);
  terminal.err.write(prompt);
  return askTerminal(terminal);
}
