import { guardOutput } from './broken-output.ts';
import { diskFiles } from './shared/files.ts';
import { inForeground, onForeground } from './job-control.ts';
import type { Terminal } from './shared/terminal.ts';

/** Signals that mean: stop, and leave nothing behind. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What has to be done once to the stream, when it is first used. */
const prepared = new Set<NodeJS.WriteStream>();
function once(stream: NodeJS.WriteStream, prepare: () => void): NodeJS.WriteStream {
  if (!prepared.has(stream)) prepare();
  prepared.add(stream);
  return stream;
}

/** The terminal of this process. Its streams are made when they are first used. */
export const processTerminal: Terminal = {
  get in() {
    return process.stdin;
  },
  get out() {
    return once(process.stdout, () => {
      const tell = (line: string): void => void processTerminal.err.write(`${line}\n`);
      const fail = (code: number): void => void (process.exitCode ||= code);
      guardOutput(process.stdout, { tell, fail });
    });
  },
  get err() {
    // There is nowhere to say that nothing can be said.
    return once(process.stderr, () => process.stderr.on('error', () => {}));
  },
  files: diskFiles,
  inForeground,
  onForeground,
  onStop(listener) {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
  onExit(listener) {
    process.once('exit', listener);
    return () => process.off('exit', listener);
  },
  // oxlint-disable-next-line unicorn/no-process-exit -- for whoever does not want to wait
  exit: (code) => process.exit(code),
};
