import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BoardProcess, dfukit, main, prepareBuild } from '../support/built-cli.ts';

/* A signal in the middle of the work, to a process of its own: what is on disk then, and in the device. */

const LIMIT_MS = 120_000;

let folder = '';
let board: BoardProcess | undefined;
const path = (name: string): string => join(folder, name);

beforeAll(() => prepareBuild(), LIMIT_MS);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-stopped-'));
});
afterEach(async () => {
  board?.kill('SIGKILL');
  await board?.ended;
  board = undefined;
  rmSync(folder, { recursive: true });
});

async function start(...args: string[]): Promise<{ board: BoardProcess; bus: string }> {
  board = new BoardProcess(...args, '--usbip', '127.0.0.1:0', '--flash', path('flash.bin'));
  const { usbip } = await board.until({ event: 'ready' });
  const { port } = usbip as { readonly port: number };
  return { board, bus: `usbip://127.0.0.1:${port}` };
}

/** Runs it with `--json`, and sends the signal as soon as some of the bytes are over. */
function stopped(signal: NodeJS.Signals, ...args: string[]): Promise<{ code: number | null }> {
  const child: ChildProcess = spawn(process.execPath, [main, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let sent = false;
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    if (sent || !/"doneBytes":[1-9]/.test(said)) return;
    sent = child.kill(signal);
  });
  return new Promise((done) => child.on('close', (code) => done({ code })));
}

const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'];

describe.skipIf(process.platform === 'win32').each(signals)('%s', (signal) => {
  test(
    'in a download leaves no image that boots, and a device that takes the next one',
    async () => {
      const image = path('image.bin');
      const build = ['firmware', 'build', 'hello-world', '--board', 'particle-xenon'];
      await dfukit(...build, '--slot', '1', '--version', '5', '-o', image);
      const long = Buffer.alloc(200_000, 0x5a);
      readFileSync(image).copy(long);
      writeFileSync(path('long.bin'), long);
      const { board: running, bus } = await start();
      const send = ['download', '-a', '1', '--bus', bus];
      const { code } = await stopped(signal, ...send, path('long.bin'));
      expect(code).toBe(signal === 'SIGKILL' ? null : 130);
      expect(running.messages.filter(({ event }) => event === 'download')).toEqual([]);
      await running.command({ command: 'reset' });
      expect(running.messages.findLast(({ event }) => event === 'boot')).toMatchObject({
        mode: 'dfu',
        why: 'no valid slot',
      });
      expect(await dfukit(...send, image)).toMatchObject({ status: 0 });
      await running.until({ event: 'boot', mode: 'application', slot: 1, version: 5 });
    },
    LIMIT_MS,
  );

  test(
    'in an upload leaves no file, and a device that gives all of it',
    async () => {
      const { bus } = await start('stm32f072b_disco', '--button');
      const read = ['upload', '-a', '0', '-t', '64', '-s', '0x08000000:0x20000', '--bus', bus];
      const { code } = await stopped(signal, ...read, path('half.bin'));
      expect(code).toBe(signal === 'SIGKILL' ? null : 130);
      expect(existsSync(path('half.bin'))).toBe(false);
      expect(await dfukit(...read, path('whole.bin'))).toMatchObject({ status: 0 });
      expect(readFileSync(path('whole.bin'))).toHaveLength(0x20000);
    },
    LIMIT_MS,
  );
});

test(
  'a flash file that is not there is not erased, and not made',
  async () => {
    const typo = path('typo.bin');
    const { status, err } = await dfukit('board', 'erase', 'particle-xenon', '--flash', typo);
    expect({ status, err }).toEqual({
      status: 66,
      err: `dfukit: cannot erase ${typo}: no such file\n`,
    });
    expect(existsSync(typo) || existsSync(`${typo}.lock`)).toBe(false);
  },
  LIMIT_MS,
);
