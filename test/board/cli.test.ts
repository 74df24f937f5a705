import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { firmwareExamples } from '../../src/board/node/index.ts';
import { BoardProcess, dfukit, main, prepareBuild } from '../support/built-cli.ts';

/* The commands as a script calls them: processes of their own, USB/IP between them, no root. */

const LIMIT_MS = 120_000;

let folder = '';
let flash = '';
const running: BoardProcess[] = [];

beforeAll(() => prepareBuild(), LIMIT_MS);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-board-'));
  flash = join(folder, 'flash.bin');
});
afterEach(async () => {
  for (const board of running.splice(0)) {
    board.kill('SIGKILL');
    await board.ended;
  }
  rmSync(folder, { recursive: true });
});

function run(...args: string[]): BoardProcess {
  const board = new BoardProcess(...args);
  running.push(board);
  return board;
}

/** Starts a board with its flash in the file; answers it and where its USB/IP is. */
async function start(...args: string[]): Promise<{ board: BoardProcess; bus: string }> {
  const board = run('--usbip', '127.0.0.1:0', '--flash', flash, ...args);
  const { usbip } = await board.until({ event: 'ready', board: 'particle-xenon' });
  const { port } = usbip as { readonly port: number };
  return { board, bus: `usbip://127.0.0.1:${port}` };
}

const flashCommand = (name: string, slot: number, ...args: string[]): string[] =>
  ['firmware', 'flash', name, '--board', 'particle-xenon', '--slot', String(slot)].concat(args);

describe('dfukit board run --json', () => {
  test(
    'a board is flashed, boots, is asked back, gets a newer version, keeps it',
    async () => {
      const { board, bus } = await start();
      expect(board.messages).toContainEqual(
        expect.objectContaining({
          event: 'boot',
          cause: 'power-on',
          mode: 'dfu',
          why: 'no valid slot',
        }),
      );
      const first = await dfukit(...flashCommand('hello-world', 0, '--version', '1', '--bus', bus));
      expect(first).toMatchObject({ status: 0, err: '' });
      await board.until({ event: 'download', slot: 0 });
      await board.until({ event: 'boot', mode: 'application', slot: 0, version: 1 });
      await board.until({ event: 'console', text: 'Slot 0, version 1.' });
      await board.until({ event: 'usb', state: 'attached', id: '1209:7d00' });

      const second = await dfukit(...flashCommand('saul', 1, '--version', '2', '--bus', bus));
      expect(second).toMatchObject({ status: 0, err: '' });
      await board.until({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.until({ event: 'usb', state: 'configured', id: '1209:7d02' });
      await board.until({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.until({ event: 'usb', state: 'attached', id: '1209:7d00' });
      board.kill('SIGTERM');
      expect(await board.ended).toEqual({ status: 0, signal: null });
      expect(existsSync(`${flash}.lock`)).toBe(false);

      const { board: again } = await start();
      expect(again.messages).toContainEqual(
        expect.objectContaining({ event: 'boot', mode: 'application', slot: 1, version: 2 }),
      );
    },
    LIMIT_MS,
  );

  test(
    'commands drive it, and what makes no sense ends nothing',
    async () => {
      const image = join(folder, 'saul.bin');
      const build = ['firmware', 'build', 'saul', '--board', 'particle-xenon', '--slot', '0'];
      await dfukit(...build, '--version', '7', '-o', image);
      await dfukit('board', 'program', 'particle-xenon', image, '--flash', flash);
      const { board } = await start('--serial', 'ABC123');
      await board.until({ event: 'usb', state: 'attached', id: '1209:7d00' });
      await board.command({ command: 'sensor', name: 'NRF_TEMP', value: -501 });
      await board.command({ command: 'input', text: 'saul read 4' });
      await board.until({ event: 'console', text: 'Reading from #4 (NRF_TEMP|SENSE_TEMP)' });
      await board.until({ event: 'console', text: 'Data:\t          -5.01 °C' });
      await board.command({ command: 'input', text: 'saul write 0 1' });
      await board.until({ event: 'actuator', name: 'Led Red', value: 1 });
      await board.until({ event: 'console', text: 'data successfully written to device #0' });
      await board.command({ command: 'input', text: 'saul write 3 1' });
      await board.until({ event: 'console', text: 'error: device #3 is not writable' });
      for (const line of ['nonsense', '[]', '{"command":"fly"}', '{"command":"input"}']) {
        board.write(line);
        await board.until({ event: 'error', code: 'INVALID_ARGUMENT' });
      }
      board.write('x'.repeat(100_000));
      await board.until({ event: 'error', code: 'INVALID_ARGUMENT' });
      await board.command({ command: 'unplug' });
      await board.command({ command: 'replug' });
      await board.command({ command: 'button', pressed: true });
      board.write('{"command":"reset"}');
      await board.until({ event: 'boot', cause: 'reset-pin', mode: 'dfu', why: 'button' });
      await board.command({ command: 'button', pressed: false });
      await board.command({ command: 'power-off' });
      board.write('{"command":"power-on"}');
      await board.until({ event: 'boot', cause: 'power-on', mode: 'application', slot: 0 });
      board.write('{"command":"quit"}');
      await board.until({ event: 'done', command: 'quit' });
      expect(await board.ended).toEqual({ status: 0, signal: null });
    },
    LIMIT_MS,
  );

  test(
    'the power is cut in a download, and the download repeated',
    async () => {
      const { board, bus } = await start();
      const send = flashCommand('hello-world', 1, '--version', '5', '--bus', bus);
      await board.command({ command: 'power-cut', afterOperations: 100 });
      const cut = await dfukit(...send);
      expect(cut.status).not.toBe(0);
      await board.until({ event: 'power', on: false });
      board.write('{"command":"power-on"}');
      await board.until({ event: 'boot', mode: 'dfu', why: 'no valid slot' });
      await board.until({ event: 'usb', state: 'attached' });
      expect(await dfukit(...send)).toMatchObject({ status: 0 });
      await board.until({ event: 'boot', mode: 'application', slot: 1, version: 5 });
    },
    LIMIT_MS,
  );

  test(
    'killed at once, it leaves a flash file that the next one takes',
    async () => {
      const { board } = await start();
      board.kill('SIGKILL');
      await board.ended;
      expect(existsSync(`${flash}.lock`)).toBe(true);
      const { board: next } = await start();
      const refused = await dfukit('board', 'erase', 'particle-xenon', '--flash', flash);
      expect(refused).toMatchObject({ status: 74 });
      expect(refused.err).toMatch(/in use by process \d+/);
      next.closeInput();
      expect(await next.ended).toEqual({ status: 0, signal: null });
      expect(existsSync(`${flash}.lock`)).toBe(false);
    },
    LIMIT_MS,
  );

  test(
    'two boards without a word about USB/IP both find a port',
    async () => {
      const ports = await Promise.all(
        [run(), run()].map(async (board) => {
          const { usbip } = await board.until({ event: 'ready' });
          return (usbip as { readonly port: number }).port;
        }),
      );
      expect(new Set(ports).size).toBe(2);
    },
    LIMIT_MS,
  );

  test(
    'the button held at the start, an id and a profile of its own',
    async () => {
      const args = [
        '--button',
        '--usb-id',
        '1234:5678',
        '--profile',
        'riotboot',
        '--will-detach',
        '1',
      ];
      const { board } = await start(...args);
      const attached = { event: 'usb', state: 'attached', id: '1234:5678' };
      expect(board.messages).toContainEqual(expect.objectContaining(attached));
    },
    LIMIT_MS,
  );
});

describe('dfukit board run in the background', () => {
  /** A real shell, with `main` as the command. */
  function shell(script: string): { readonly child: ChildProcess; readonly out: Promise<string> } {
    const env = { ...process.env, NODE: process.execPath, MAIN: main };
    const child = spawn('sh', ['-c', script], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    return { child, out: new Promise((done) => child.on('close', () => done(out))) };
  }
  const begin = '"$NODE" "$MAIN" board run particle-xenon --usbip 127.0.0.1:0';

  test.skipIf(process.platform === 'win32')(
    'with /dev/null it stays until a signal, with a pipe until its end',
    async () => {
      // `read` returns at "ready", and nothing but the signal ends the board then.
      const stays = `mkfifo "${folder}/events"; ${begin} --json < /dev/null > "${folder}/events" &
        exec 4< "${folder}/events"; while read -r line <&4; do case $line in *'"ready"'*) break;; esac; done
        kill -TERM $!; cat <&4; wait $!; echo "exit $?"`;
      expect(await shell(stays).out).toMatch(/"event":"quit","why":"signal".*\nexit 0\n$/);
      const { child, out } = shell(`${begin} --json; echo "exit $?"`);
      child.stdout?.once('data', () => child.stdin?.end());
      expect(await out).toMatch(/"why":"end of standard input".*\nexit 0\n$/);
    },
    LIMIT_MS,
  );

  test.skipIf(process.platform === 'win32')(
    'with --until neither ends it, and its exit code says what did',
    async () => {
      const script = [
        `${begin} --json --until boot --until 300ms < /dev/null; echo "exit $?"`,
        `: | ${begin} --json --until boot --until 300ms; echo "exit $?"`,
        `: | ${begin} --until boot --until 300ms; echo "exit $?"`,
        `${begin} --until boot --until 300ms < /dev/null | head -1; echo "head"`,
        `${begin} --fail-on boot < /dev/null; echo "exit $?"`,
        `${begin} --until fault --timeout 300ms < /dev/null; echo "exit $?"`,
      ];
      const said = await shell(script.join('\n')).out;
      expect(said.match(/^(?:exit \d+|head)$/gm)).toEqual([
        'exit 0',
        'exit 0',
        'exit 0',
        'head',
        'exit 1',
        'exit 124',
      ]);
    },
    LIMIT_MS,
  );
});

describe('dfukit board and firmware, the other commands', () => {
  test(
    'list the boards and the examples',
    async () => {
      expect((await dfukit('board', 'list')).out).toMatch(
        /^particle-xenon +nRF52840 +1024 KiB +riotboot_dfu, riotboot, mcuboot$/m,
      );
      const listed = (await dfukit('firmware', 'list')).out.trimEnd().split('\n');
      expect(listed).toEqual(firmwareExamples);
      expect(listed.slice(0, 3)).toEqual(['hello-world', 'usbus-minimal', 'saul']);
    },
    LIMIT_MS,
  );

  test(
    'a firmware from a folder, built for the layout of its bootloader',
    async () => {
      writeFileSync(join(folder, 'main.ts'), 'export const main = (): void => {};\n');
      const image = join(folder, 'image.bin');
      const build = ['firmware', 'build', folder, '--board', 'particle-xenon', '--slot', '1'];
      expect(await dfukit(...build, '--version', '9', '-o', image)).toMatchObject({ status: 0 });
      expect(readFileSync(image).readUInt32LE(8)).toBe(0x82400);
      expect(readFileSync(image).readUInt32LE(4)).toBe(9);
      await dfukit(...build, '--no-usbus-dfu', '-o', image);
      expect(readFileSync(image).readUInt32LE(8)).toBe(0x81400);
      const wrong = await dfukit('board', 'program', 'particle-xenon', image, '--flash', flash);
      expect(wrong).toMatchObject({ status: 64 });
      expect(wrong.err).toMatch(/linked for another layout: expected 0x4400 or 0x82400/);
      const args = ['--flash', flash, '--bootloader', 'riotboot'];
      const right = await dfukit('board', 'program', 'particle-xenon', image, ...args);
      expect(right.out).toMatch(/at 0x00081000 \(slot 1\)/);
      expect(statSync(flash).size).toBe(0x100000);
      await dfukit('board', 'erase', 'particle-xenon', '--flash', flash);
      expect(readFileSync(flash).every((byte) => byte === 0xff)).toBe(true);
    },
    LIMIT_MS,
  );

  test.each([
    [['board', 'run'], 64, /missing required argument 'board'/],
    [['board', 'run', 'nucleo'], 64, /no board "nucleo"; there is: particle-xenon/],
    [['board', 'run', 'particle-xenon', '--usbip', 'here'], 64, /HOST:PORT/],
    [['board', 'run', 'particle-xenon', '--usb-id', '12'], 64, /1209:7d02/],
    [['board', 'run', 'particle-xenon', '--bootloader', 'x'], 64, /riotboot_dfu, riotboot/],
    [['board', 'run', 'particle-xenon', '--profile', 'x'], 64, /strict, compatible, riotboot/],
    [['board', 'run', 'particle-xenon', '--will-detach', '2'], 64, /0 to 1/],
    [['board', 'run', 'particle-xenon', '--btn-mode', 'UP'], 64, /GPIO_IN_PU/],
    [['board', 'program', 'particle-xenon', 'x'], 64, /--flash/],
    [['board', 'program', 'particle-xenon', 'x', '--flash', 'y', '--slot', '-1'], 64, /--slot/],
    [
      ['firmware', 'build', 'saul', '--board', 'particle-xenon', '--slot', '2', '-o', '-'],
      64,
      /expected a slot below 2, got slot 2/,
    ],
    [['board', 'fly'], 64, /unknown command 'fly'/],
    [['firmware', 'build', 'saul', '--board', 'particle-xenon', '-o', '-'], 64, /--slot/],
    [
      ['firmware', 'build', 'nothing', '--board', 'particle-xenon', '--slot', '0', '-o', '-'],
      64,
      /no such folder, and no such example/,
    ],
  ])(
    '%j: %i',
    async (args, status, message) => {
      const outcome = await dfukit(...args);
      expect(outcome).toMatchObject({ status });
      expect(outcome.err).toMatch(message);
    },
    LIMIT_MS,
  );
});
