import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BoardProcess, dfukit, prepareBuild } from '../support/built-cli.ts';

/* A board with MCUboot as a script works with it: processes of their own, keys and flash in files. */

const LIMIT_MS = 120_000;

let folder = '';
let flash = '';
const configHome = process.env['XDG_CONFIG_HOME'];
const running: BoardProcess[] = [];

beforeAll(() => prepareBuild(), LIMIT_MS);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-mcuboot-'));
  flash = join(folder, 'flash.bin');
  process.env['XDG_CONFIG_HOME'] = join(folder, 'config');
});
afterEach(async () => {
  for (const board of running.splice(0)) {
    board.kill('SIGKILL');
    await board.ended;
  }
  if (configHome === undefined) delete process.env['XDG_CONFIG_HOME'];
  else process.env['XDG_CONFIG_HOME'] = configHome;
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);

async function works(...args: string[]): Promise<string> {
  const { status, out, err } = await dfukit(...args);
  expect({ args, status, err }).toEqual({ args, status: 0, err: '' });
  return out;
}

async function start(...args: string[]): Promise<BoardProcess> {
  const usual = ['reel_board', '--usbip', '127.0.0.1:0', '--flash', flash];
  const board = new BoardProcess(...usual, ...args);
  running.push(board);
  await board.until({ event: 'ready', board: 'reel_board', bootloader: 'mcuboot' });
  return board;
}

const says = (board: BoardProcess, text: string): Promise<unknown> =>
  board.until({ event: 'console', text });

/** Resets it and answers the console up to the line `end`. */
async function consoleOf(board: BoardProcess, end: string): Promise<unknown[]> {
  const from = board.messages.length;
  board.write('{"command":"reset"}');
  await board.until({ event: 'boot', cause: 'reset-pin' });
  await says(board, end);
  const lines = board.messages.slice(from).filter((message) => message['event'] === 'console');
  return lines.map((message) => message['text']);
}

const welcome = 'Welcome to the SAUL example: type "saul" for the list, "help" for the rest.';
const hello = 'Hello World! reel_board@1/nrf52840';

describe('dfukit board run reel_board', () => {
  test(
    'swaps in what imgtool has signed, and back',
    async () => {
      const [key, plain, signed] = [at('key.pem'), at('zephyr.bin'), at('zephyr.signed.bin')];
      const forBoard = ['--board', 'reel_board', '--slot', '0'];
      await works('imgtool', 'keygen', '-k', key, '-t', 'ecdsa-p256');
      await works('firmware', 'build', 'hello-world', ...forBoard, '--unsigned', '-o', plain);
      const sign = ['imgtool', 'sign', '--key', key, '--version', '0.0.0+0', '--align', '4'];
      await works(...sign, '--header-size', '0x200', '--slot-size', '0x76000', plain, signed);
      const saul = at('saul.bin');
      await works('firmware', 'build', 'saul', ...forBoard, '--key', key, '-o', saul);
      const program = (...args: string[]): Promise<string> =>
        works('board', 'program', 'reel_board', ...args, '--flash', flash);
      expect(await program(saul)).toMatch(/at 0x0000c000 \(slot 0\)/);
      expect(await program(signed, '--slot', '1')).toMatch(/at 0x00082000 \(slot 1\)/);

      const board = await start('--key', key);
      await says(board, welcome);
      await board.command({ command: 'input', text: 'mcuboot request_upgrade' });
      await board.command({ command: 'input', text: 'mcuboot' });
      await says(board, 'swap type: test');
      await says(board, 'confirmed: 1');
      const swapped = await consoleOf(board, hello);
      expect(swapped.slice(2)).toEqual([
        'I: Starting bootloader',
        'I: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3',
        'I: Secondary image: magic=good, swap_type=0x2, copy_done=0x3, image_ok=0x3',
        'I: Boot source: none',
        'I: Image index: 0, Swap type: test',
        'I: Starting swap using move algorithm.',
        'I: Bootloader chainload address offset: 0xc000',
        'I: Image version: v0.0.0',
        'I: Jumping to the first image slot',
        expect.stringMatching(/^\*\*\* Booting dfukit v\S+ \*\*\*$/),
        hello,
      ]);
      const reverted = await consoleOf(board, welcome);
      expect(reverted).toContain('I: Image index: 0, Swap type: revert');
      board.write('{"command":"quit"}');
      expect(await board.ended).toEqual({ status: 0, signal: null });
      expect(existsSync(at('config'))).toBe(false);
    },
    LIMIT_MS,
  );

  test(
    'trusts the key of the examples, keeps what confirms itself, gives up what crashes',
    async () => {
      mkdirSync(at('crashing'));
      const source = 'export const main = () => { throw new Error("not today"); };';
      writeFileSync(join(at('crashing'), 'main.js'), source);
      const make = async (name: string, version: string): Promise<string> => {
        const file = at(`${version}.bin`);
        const build = ['firmware', 'build', name, '--board', 'reel_board', '--version', version];
        await works(...build, '-o', file);
        return file;
      };
      const [old, fresh] = [await make('saul', '1.0.0'), await make('saul', '2.0.0+7')];
      const crashing = await make(at('crashing'), '3.0.0');
      const key = readFileSync(at('config/dfukit/examples-rsa-2048.pem'), 'utf8');
      expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
      const program = (file: string, slot: string): Promise<string> =>
        works('board', 'program', 'reel_board', file, '--slot', slot, '--flash', flash);
      await program(old, '0');
      await program(fresh, '1');

      const first = await start();
      await says(first, welcome);
      await first.command({ command: 'input', text: 'mcuboot request_upgrade' });
      await first.until({ event: 'upgrade', slot: 1, permanent: false });
      await first.command({ command: 'input', text: 'mcuboot' });
      await says(first, 'swap type: test');
      await consoleOf(first, welcome);
      await first.command({ command: 'input', text: 'mcuboot' });
      await says(first, 'image version: 2.0.0+7');
      await says(first, 'swap type: revert');
      await first.command({ command: 'input', text: 'mcuboot confirm' });
      await first.until({ event: 'confirmed', slot: 0 });
      await first.command({ command: 'input', text: 'mcuboot' });
      await says(first, 'confirmed: 1');
      first.write('{"command":"quit"}');
      await first.ended;

      await works('board', 'program', 'reel_board', crashing, '--slot', '1', '--flash', flash);
      const second = await start('--watchdog', '2000');
      await says(second, welcome);
      await second.command({ command: 'input', text: 'mcuboot request_upgrade' });
      await second.until({ event: 'upgrade', slot: 1, permanent: false });
      second.write('{"command":"reset"}');
      await second.until({ event: 'boot', version: '3.0.0+0', why: 'test swap' });
      await second.until({ event: 'fault' });
      const crash = second.messages.findLast(({ event }) => event === 'fault');
      expect(crash?.['message']).toMatch(/^crash: Error: not today/);
      await says(second, 'I: Image index: 0, Swap type: revert');
      const back = { event: 'boot', cause: 'watchdog', version: '2.0.0+7', why: 'revert' };
      await second.until(back);
      await says(second, welcome);
    },
    LIMIT_MS,
  );

  test.each([
    [['board', 'run', 'reel_board', '--algorithm', 'x'], 64, /MCUboot has no mode "x"/],
    [['board', 'run', 'reel_board', '--key', 'nowhere.pem'], 66, /nowhere\.pem/],
    [['firmware', 'flash', 'saul', '--board', 'reel_board'], 64, /takes downloads/],
    [
      ['firmware', 'build', 'saul', '--board', 'reel_board', '--slot', '2', '-o', '-'],
      64,
      /expected a slot below 2, got slot 2/,
    ],
    [
      ['firmware', 'build', 'saul', '--board', 'reel_board', '--version', '1.', '-o', '-'],
      64,
      /version/,
    ],
  ])(
    '%j: %i',
    async (args, status, message) => {
      const outcome = await dfukit(...args);
      expect(outcome.err).toMatch(message);
      expect(outcome.status).toBe(status);
    },
    LIMIT_MS,
  );
});

test(
  'board list names the boards and their bootloaders',
  async () => {
    const lines = (await works('board', 'list', '--json')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ board: 'reel_board', bootloaders: ['mcuboot', 'none'] }),
        expect.objectContaining({ board: 'nucleo_u575zi_q', flashBytes: 2 ** 21 }),
      ]),
    );
  },
  LIMIT_MS,
);
