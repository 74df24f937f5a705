import { diskFiles } from './shared/files.ts';
import type { Terminal } from './shared/terminal.ts';

/** Signals that mean: stop, and leave nothing behind. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The terminal of this process. Its streams are made when they are first used. */
export const processTerminal: Terminal = {
  get in() {
    return process.stdin;
  },
  get out() {
    return process.stdout;
  },
  get err() {
    return process.stderr;
  },
  files: diskFiles,
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
