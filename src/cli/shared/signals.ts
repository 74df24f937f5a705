import { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/**
 * A second request within so many milliseconds is the first one told twice: npm hands Ctrl-C on to a
 * program that has had it from the terminal already.
 */
const SAME_MS = 250;

/**
 * Runs what Ctrl-C cancels: the signal is raised, and what runs leaves everything in order. Whoever asks
 * again is not kept waiting.
 */
export async function interruptible<T>(
  terminal: Terminal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let askedMs: number | undefined;
  const stop = terminal.onStop(() => {
    const now = performance.now();
    if (askedMs !== undefined && now - askedMs >= SAME_MS) terminal.exit(ExitCode.interrupted);
    askedMs ??= now;
    controller.abort();
  });
  try {
    return await work(controller.signal);
  } finally {
    stop();
    if (askedMs !== undefined) endUnread(terminal);
  }
}

/** How long a reader may take for what is left once the program was asked to stop and has, in ms. */
const UNREAD_MS = 1000;

/** A reader who does not read keeps no program that was asked to stop. */
function endUnread(terminal: Terminal): void {
  const end = (): void => {
    if (terminal.out.writableLength > 0) terminal.exit(ExitCode.interrupted);
  };
  setTimeout(end, UNREAD_MS).unref();
}

/** Resolves when the signal is raised. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
