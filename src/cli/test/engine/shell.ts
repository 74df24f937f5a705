import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../../../usb/index.ts';
import type { Terminal } from '../../shared/terminal.ts';

/** Most characters of what a command prints that are kept: the last ones. */
const MOST_OUTPUT = 0x10000;
/** How long a process that was asked to end may take, in ms. */
const GRACE_MS = 2000;

/** A command of the shell. */
interface ShellOrder {
  readonly command: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeOutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface ShellEnd {
  /** As a shell would tell it: 128 and the number of the signal, if one ended it. */
  readonly code: number;
  /** Both streams in the order of arrival; of very much the last. */
  readonly output: string;
  readonly timedOut: boolean;
}

const isWindows = process.platform === 'win32';

/** Signals a process and all that it has started. Answers whether there was any. */
function signalGroup({ pid }: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  if (pid === undefined) return false;
  if (isWindows) {
    return spawnSync('taskkill', ['/pid', String(pid), '/T', '/F']).status === 0;
  }
  try {
    return process.kill(-pid, signal);
  } catch {
    // Nobody is left.
    return false;
  }
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGKILL: 9,
  SIGTERM: 15,
};

function codeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signalNumbers[signal ?? ''] ?? 0);
}

/** Waits for something, but not longer than that. */
function atMost(clock: Clock, ms: number, ends: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.at(clock.now() + ms, resolve);
    void ends.then(() => {
      cancel();
      return resolve();
    });
  });
}

/**
 * Runs a command in a process group of its own. When the shell has ended, when its time is up or somebody cancels,
 * whatever is left of the group is ended, too.
 */
export async function runShell(terminal: Terminal, order: ShellOrder): Promise<ShellEnd> {
  const { command, folder, env, timeOutMs, clock, signal } = order;
  const child = spawn(command, {
    cwd: folder,
    env: { ...process.env, ...env },
    shell: true,
    detached: !isWindows,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const heard = (chunk: string): void => void (output = (output + chunk).slice(-MOST_OUTPUT));
  child.stdout.setEncoding('utf8').on('data', heard);
  child.stderr.setEncoding('utf8').on('data', heard);
  let timedOut = false;
  let kill = (): void => {};
  // Whoever does not heed the first signal has no choice with the second one.
  const end = (): void => {
    signalGroup(child, 'SIGTERM');
    kill();
    kill = clock.at(clock.now() + GRACE_MS, () => signalGroup(child, 'SIGKILL'));
  };
  const cancel = clock.at(clock.now() + timeOutMs, () => {
    timedOut = true;
    end();
  });
  const stopExit = terminal.onExit(() => signalGroup(child, 'SIGKILL'));
  signal.addEventListener('abort', end, { once: true });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (status, by) => resolve(codeOf(status, by)));
      if (signal.aborted) end();
    });
    if (signalGroup(child, 'SIGTERM')) {
      await atMost(clock, GRACE_MS, closed);
      signalGroup(child, 'SIGKILL');
    }
    await atMost(clock, GRACE_MS, closed);
    return { code, output, timedOut };
  } finally {
    cancel();
    kill();
    stopExit();
    signal.removeEventListener('abort', end);
  }
}
