import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

/** A terminal that shows nothing of what is typed. */
async function askTerminal(): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

let piped: AsyncIterator<string> | undefined;

/** The next line of a pipe; one reader for all, or the second question would find it empty. */
async function nextLine(): Promise<string> {
  piped ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await piped.next();
  return done === true ? '' : value;
}

/**
 * Asks on the terminal without showing what is typed; from a pipe it takes the next line. The prompt
 * goes to standard error, so that output can be redirected.
 */
export function askPassphrase(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) return nextLine();
  process.stderr.write(prompt);
  return askTerminal();
}
