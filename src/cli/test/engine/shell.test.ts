import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FakeTerminal } from '../../../../test/support/fake-terminal.ts';
import { VirtualClock, timerClock } from '../../../usb/index.ts';
import type { Clock } from '../../../usb/index.ts';
import { runShell } from './shell.ts';
import type { ShellEnd } from './shell.ts';
import { shellWorld } from './shell-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-shell-'));
afterAll(() => rmSync(folder, { recursive: true }));

const timeOutMs = 1000;

function run(
  command: string,
  {
    clock = timerClock(globalThis),
    signal = new AbortController().signal,
    limit = 600_000,
    env = {},
  }: {
    readonly clock?: Clock;
    readonly signal?: AbortSignal;
    readonly limit?: number;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<ShellEnd> {
  const order = { command, folder, env, timeOutMs: limit, clock, signal };
  return runShell(new FakeTerminal(), order);
}

/** Who is dead and waits for somebody to take note is not alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    // Where there is no /proc, the signal has told it.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux';
  }
}

/** Until a command has written its process number there. */
async function pidIn(name: string): Promise<number> {
  const path = join(folder, name);
  for (;;) {
    if (existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'))
      return Number(readFileSync(path, 'utf8'));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Until nobody has that number; a killed process needs a moment to be gone. */
async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

describe.skipIf(process.platform === 'win32')('a command of the shell', () => {
  test('has its folder, its variables, and tells its end', async () => {
    const end = await run('pwd; echo "$A" >&2; exit 7', { env: { A: 'b c' } });
    expect(end).toEqual({ code: 7, output: `${folder}\nb c\n`, timedOut: false });
    expect(await run('kill -9 $$')).toMatchObject({ code: 137 });
    expect(await run('no-such-command-anywhere')).toMatchObject({ code: 127 });
  });

  test('prints as much as it likes: the last of it is kept', async () => {
    const { output } = await run('head -c 300000 /dev/zero | tr "\\0" x; echo end');
    expect(output.length).toBe(0x10000);
    expect(output.endsWith('xxend\n')).toBe(true);
  });

  test('leaves nothing behind in the background', async () => {
    const end = await run('sleep 100000 & echo $! > left; echo done');
    expect(end).toMatchObject({ code: 0, output: 'done\n' });
    await gone(await pidIn('left'));
  });

  test('is ended with all that it has started when its time is up', async () => {
    const clock = new VirtualClock();
    const ended = run('sleep 100000 & echo $! > late; wait', { clock, limit: timeOutMs });
    const pid = await pidIn('late');
    clock.advance(timeOutMs);
    expect(await ended).toMatchObject({ code: 143, timedOut: true });
    await gone(pid);
  });

  test('is ended when somebody cancels', async () => {
    const controller = new AbortController();
    const ended = run('sleep 100000 & echo $! > cancelled; wait', { signal: controller.signal });
    const pid = await pidIn('cancelled');
    controller.abort();
    expect(await ended).toMatchObject({ code: 143, timedOut: false });
    await gone(pid);
  });

  test('is killed when somebody cancels and it does not care', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const { signal } = controller;
    const ended = run('trap "" TERM; echo $$ > stubborn; while :; do sleep 0.01; done', {
      clock,
      signal,
    });
    const pid = await pidIn('stubborn');
    controller.abort();
    expect(isAlive(pid)).toBe(true);
    clock.advance(2000);
    expect(await ended).toMatchObject({ code: 137, timedOut: false });
    await gone(pid);
  });

  test('has a folder with the same dfukit in it, and the flash, for its time', async () => {
    const world = shellWorld();
    const path = world.writeFlash('left', new Uint8Array([1, 2]));
    const { output } = await run(`command -v dfukit; wc -c < ${path}`, {
      env: { PATH: world.path },
    });
    expect(output).toMatch(/^\S+\/dfukit-test-\w+\/dfukit\n\s*2\n$/);
    world.close();
    expect(existsSync(path)).toBe(false);
  });
});
