import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { prepareBuild } from '../../../test/support/built-cli.ts';
import { CliBoard } from '../../../test/support/cli-board.ts';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { writeIntelHex } from '../../image/index.ts';
import { vectorFile } from '../../../test/support/mcuboot/imgtool-runs.ts';
import { dfukit } from '../dfukit.ts';
import { uf2Blocks, uf2File } from '../../../test/support/uf2-file.ts';

/* Boards as a person and as a program run them; their firmware is the package's, so it must be built. */

let folder: string;
let flash: string;
const boards: CliBoard[] = [];
const path = (name: string): string => join(folder, name);
const built = new URL('../../../test/fixtures/machine/rp2040/built/', import.meta.url);

beforeAll(() => prepareBuild());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-board-'));
  flash = path('flash.bin');
  vi.stubEnv('XDG_CONFIG_HOME', folder);
});
afterEach(async () => {
  for (const board of boards.splice(0)) await board.quit();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

async function start(...args: string[]): Promise<CliBoard> {
  const board = await CliBoard.start(...args);
  boards.push(board);
  return board;
}

/** A flash file with the shell of the sensors in slot 0. */
async function withSaul(): Promise<void> {
  const at = ['--board', 'particle-xenon', '--slot', '0', '--version', '7'];
  expect(await ran(['firmware', 'build', 'saul', ...at, '-o', path('saul.bin')])).toMatchObject({
    exit: 0,
    err: '',
  });
  const to = ['particle-xenon', path('saul.bin'), '--flash', flash];
  expect(await ran(['board', 'program', ...to])).toMatchObject({
    exit: 0,
    out: expect.stringMatching(/^programmed \d+ bytes at 0x00004000 \(slot 0\)\n$/) as string,
  });
}

describe('board list', () => {
  test('names boards with their chips, flash and bootloaders', async () => {
    const { exit, out, err } = await ran(['board', 'list']);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(/^particle-xenon +nRF52840 +1024 KiB +riotboot_dfu, riotboot, mcuboot$/m);
  });

  test('one JSON object a line', async () => {
    const { out } = await ran(['board', 'list', '--json']);
    const lines = out.trimEnd().split('\n');
    const listed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(listed).toContainEqual(
      expect.objectContaining({ board: 'stm32f072b_disco', flashBytes: 128 * 1024 }),
    );
  });
});

describe('board program and erase', () => {
  test('Intel HEX says itself where it belongs', async () => {
    writeFileSync(path('a.hex'), ':020000040000FA\n:0440000001020304B2\n:00000001FF\n');
    const args = ['particle-xenon', path('a.hex'), '--flash', flash];
    expect(await ran(['board', 'program', ...args])).toEqual({
      exit: 0,
      out: 'programmed 4 bytes at 0x00004000 (slot 0)\n',
      err: '',
    });
    expect([...readFileSync(flash).subarray(0x4000, 0x4005)]).toEqual([1, 2, 3, 4, 0xff]);
  });

  test('a merged HEX: the slots are programmed, the rest is named; what is no image is refused', async () => {
    const merged = [0, 0x4000, 0x1000_1200].map((address) => ({
      address,
      bytes: Uint8Array.of(1, 2, 3, 4),
    }));
    writeFileSync(path('merged.hex'), writeIntelHex(merged));
    const args = ['particle-xenon', path('merged.hex'), '--flash', flash];
    const { exit, out, err } = await ran(['board', 'program', ...args]);
    expect([exit, out]).toEqual([0, 'programmed 4 bytes at 0x00004000 (slot 0)\n']);
    expect(err).toContain(
      'left out, the bootloader comes with the board: 0x00000000 to 0x00000003',
    );
    expect(err).toContain('left out, outside of the flash: 0x10001200 to 0x10001203 (4 bytes)');
    writeFileSync(path('a.zip'), 'PK\u0003\u0004');
    const zip = await ran(['board', 'program', 'particle-xenon', path('a.zip'), '--flash', flash]);
    expect(zip).toMatchObject({
      exit: 65,
      err: expect.stringContaining('got a zip file') as string,
    });
  });

  test('of a UF2 file for several other chips the family is named', async () => {
    const blocks = [0x5ee21072, 0xe48bff56].flatMap((family, at) =>
      uf2Blocks([{ address: 0x4000, bytes: new Uint8Array(256).fill(at + 1) }], { family }),
    );
    writeFileSync(path('both.uf2'), uf2File(...blocks));
    const args = ['board', 'program', 'particle-xenon', path('both.uf2'), '--flash', flash];
    const { exit, err } = await ran(args);
    expect(exit).toBe(64);
    expect(err).toContain('the file is for another chip: particle-xenon has an nRF52840');
    expect(await ran([...args, '--part', 'RP2040'])).toMatchObject({ exit: 0 });
    expect(readFileSync(flash)[0x4000]).toBe(2);
  });

  test('any bytes go where they are told to, and away again', async () => {
    writeFileSync(path('a.bin'), 'any bytes');
    const args = ['particle-xenon', path('a.bin'), '--flash', flash];
    expect(await ran(['board', 'program', ...args, '--address', '0x5000'])).toMatchObject({
      exit: 0,
      out: 'programmed 9 bytes at 0x00005000\n',
    });
    expect(readFileSync(flash).toString('latin1', 0x5000, 0x5009)).toBe('any bytes');
    expect(await ran(['board', 'program', ...args, '--slot', '1'])).toMatchObject({
      exit: 0,
      out: expect.stringContaining('(slot 1)') as string,
    });
    expect(await ran(['board', 'erase', 'particle-xenon', '--flash', flash])).toEqual({
      exit: 0,
      out: `erased ${statSync(flash).size} bytes\n`,
      err: '',
    });
    expect(readFileSync(flash).every((byte) => byte === 0xff)).toBe(true);
  });

  test('an image that will not run where it is told to go is refused, but for --force', async () => {
    const image = path('slot0.bin');
    const build = ['hello-world', '--board', 'particle-xenon', '--slot', '0', '-o', image];
    expect(await ran(['firmware', 'build', ...build])).toMatchObject({ exit: 0 });
    const args = ['particle-xenon', image, '--slot', '1', '--flash', flash];
    const linked = 'the image is linked for slot 0 (0x00004400), not for slot 1 (0x00082400)';
    expect(await ran(['board', 'program', ...args])).toMatchObject({
      exit: 64,
      err: `dfukit: ${image}: it will not run at 0x00082000: ${linked} (--force to do it all the same)\n`,
    });
    expect(await ran(['board', 'program', ...args, '--force'])).toMatchObject({
      exit: 0,
      err: `${image}: it will not run there: ${linked}\n`,
    });
    const other = ['board', 'program', 'reel_board', image, '--flash', path('other.flash')];
    expect(await ran(other)).toMatchObject({
      exit: 64,
      err: expect.stringContaining('expected an MCUboot image, got a riotboot image') as string,
    });
  });

  test('what an RP2040 would not start is refused, and flash inspect says the same of it', async () => {
    const [elf, bin, pico] = [
      new URL('dfu.elf', built).pathname,
      path('pico.bin'),
      path('pico.flash'),
    ];
    const bytes = readFileSync(new URL('dfu.bin', built));
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    writeFileSync(bin, bytes);
    const args = ['board', 'program', 'rpi_pico', bin, '--flash', pico];
    const why = /its first 256 bytes are no second stage with its checksum \(expected 0x.{8}, got/;
    const refused = await ran(args);
    expect(refused.exit).toBe(64);
    expect(refused.err).toMatch(why);
    expect(refused.err).toContain('(--force to do it all the same)');
    expect(existsSync(pico), 'a flash file that nothing was written to').toBe(false);
    // Without the second stage in front.
    writeFileSync(path('bare.bin'), bytes.subarray(256));
    expect(await ran(args.with(3, path('bare.bin')))).toMatchObject({ exit: 64 });
    const forced = await ran([...args, '--force']);
    expect(forced).toMatchObject({ exit: 0, out: expect.stringContaining('programmed') as string });
    expect(forced.err).toMatch(why);
    const inspect = ['flash', 'inspect', pico, '--board', 'rpi_pico'];
    expect((await ran(inspect)).out).toMatch(
      /^The chip starts nothing of what is in flash: its fir/,
    );
    expect(await ran(args.with(3, elf))).toMatchObject({ exit: 0, err: '' });
    expect((await ran(inspect)).out).toMatch(/^The chip starts what is in flash/);
  });

  test('what an STM32 would not start is refused: it would go to its loader instead', async () => {
    const bin = new URL('dfu.bin', built).pathname;
    const args = ['board', 'program', 'stm32f072b_disco', bin, '--flash', path('disco.flash')];
    const refused = await ran(args);
    expect(refused.exit).toBe(64);
    expect(refused.err).toMatch(
      /it will not run at 0x08000000: the stack pointer 0x.{8} is not in RAM \(--force to/,
    );
    expect(await ran([...args, '--force'])).toMatchObject({ exit: 0 });
  });

  const program = (...more: string[]): string[] => ['board', 'program', ...more];
  test.each([
    [program('particle-xenon', 'nowhere.bin'), 66, /nowhere\.bin: no such file/],
    [program('particle-xenon', '.'), 66, /\.: it is a folder/],
    [program('particle-xenon', 'a.bin', '--slot', '0', '--address', '0'), 64, /--slot or --add/],
    [program('particle-xenon', 'a.bin', '--slot', '9'), 64, /slot 9/],
    [program('particle-xenon', 'a.bin', '--slot', 'x'), 64, /--slot: expected a whole number/],
    [program('particle-xenon', 'a.bin', '--bootloader', 'grub'), 64, /grub/],
    [program('reel_board', 'a.bin', '--algorithm', 'none'), 64, /no mode "none"/],
    [program('nothing', 'a.bin'), 64, /no board "nothing"/],
    [['board', 'erase', 'nothing'], 64, /no board "nothing"/],
  ])('%j: %i', async (args, code, words) => {
    writeFileSync(path('a.bin'), 'x');
    const real = args.map((arg) => (arg === 'a.bin' ? path('a.bin') : arg));
    const { exit, out, err } = await ran([...real, '--flash', flash]);
    expect({ exit, out }).toEqual({ exit: code, out: '' });
    expect(err).toMatch(words);
  });

  test('a flash file of another size is left alone', async () => {
    writeFileSync(flash, 'short');
    const { exit, err } = await ran(['board', 'erase', 'particle-xenon', '--flash', flash]);
    expect(exit).toBe(65);
    expect(err).toContain('expected 1048576 bytes, got 5');
    expect(readFileSync(flash, 'utf8')).toBe('short');
  });
});

describe('board run --json', () => {
  test('is driven by commands, until one says quit', async () => {
    await withSaul();
    const board = await start('particle-xenon', '--flash', flash, '--serial', 'ABC', '-v');
    expect(board.said.at(-1)).toMatchObject({
      event: 'ready',
      board: 'particle-xenon',
      bootloader: 'riotboot_dfu',
      serial: 'ABC',
      usbip: { host: '127.0.0.1', busid: '1-1' },
    });
    await board.command({ command: 'sensor', name: 'NRF_TEMP', value: -501 });
    await board.command({ command: 'input', text: 'saul read 4' });
    await board.until('-5.01 °C');
    await board.command({ command: 'unplug' });
    await board.command({ command: 'replug' });
    await board.command({ command: 'button', pressed: true });
    await board.command({ command: 'reset' });
    await board.until('"why":"button"');
    await board.command({ command: 'button', pressed: false, name: 'BTN0' });
    await board.command({ command: 'reset', button: true });
    await board.until('"why":"button"');
    await board.command({ command: 'power-cut', afterOperations: 3 });
    await board.command({ command: 'power-cut', afterOperations: 3, kind: 'torn' });
    await board.command({ command: 'power-off' });
    await board.command({ command: 'power-on' });
    await board.until('"mode":"application"');
    expect(await board.quit()).toBe(0);
    expect(existsSync(`${flash}.lock`)).toBe(false);
    expect(board.terminal.listeners).toBe(0);
  });

  test.each([
    ['nonsense', 'a JSON object on one line, got \\"nonsense\\"'],
    ['[]', 'a JSON object on one line, got []'],
    ['{"command":"fly"}', '\\"command\\" to be one of reset, button'],
    ['{"command":"input"}', '\\"text\\" with text, got nothing'],
    ['{"command":"button"}', '\\"pressed\\" true or false'],
    ['{"command":"sensor","name":"x"}', '\\"value\\" with a number'],
    ['{"command":"power-cut","afterOperations":1,"kind":"odd"}', '\\"kind\\"'],
    ['{"command":"button","pressed":true,"name":"X"}', 'X'],
    ['x'.repeat(100_000), 'a command is one line of up to 64 KiB'],
  ])('%.40s ends nothing', async (line, words) => {
    const board = await start('particle-xenon');
    board.terminal.out.take();
    board.write(line);
    await board.until('"event":"error"');
    expect(board.terminal.out.text).toContain(words);
    await board.command({ command: 'power-off' });
  });

  test('ends with its input, with Ctrl-C, and when nobody listens any more', async () => {
    const one = await start('particle-xenon');
    one.terminal.in.end('{"command":"unplug"}');
    expect(await one.ended).toBe(0);
    const unplugged = { event: 'done', command: 'unplug', changed: true };
    expect(one.said).toContainEqual(expect.objectContaining(unplugged));
    const two = await start('particle-xenon');
    two.terminal.interrupt();
    expect(await two.ended).toBe(0);
    const three = await start('particle-xenon');
    three.terminal.out.destroy(new Error('EPIPE'));
    expect(await three.ended).toBe(0);
  });

  const run = (...more: string[]): string[] => ['board', 'run', ...more];
  test.each([
    [run('nothing'), 'no board "nothing"'],
    [run('particle-xenon', '--bootloader', 'grub'), 'grub'],
    [run('particle-xenon', '--usb-id', 'x:y'), 'x:y'],
    [run('particle-xenon', '--profile', 'odd'), 'odd'],
    [run('reel_board', '--algorithm', 'odd'), 'no mode "odd"'],
  ])('%j is told as JSON too', async (args, words) => {
    const { exit, out, err } = await ran([...args, '--json', '--usbip', ':0']);
    expect(exit).toBe(64);
    expect(JSON.parse(out)).toMatchObject({ event: 'error', code: expect.any(String) as string });
    expect(err).toContain(words);
  });

  test.each([
    [['--usbip', '127.0.0.1'], 'expected HOST:PORT'],
    [['--usbip', 'x:70000'], 'expected HOST:PORT'],
    [['--btn-mode', 'UP'], 'UP'],
    [['--will-detach', '2'], '--will-detach: expected a whole number from 0 to 1'],
    [['--watchdog', '5'], '--watchdog: expected a whole number from 100'],
  ])('%j is a wrong argument', async (args, words) => {
    const { exit, err } = await ran(['board', 'run', 'particle-xenon', ...args]);
    expect(exit).toBe(64);
    expect(err).toContain(words);
  });

  test('two cannot have one address', async () => {
    const board = await start('particle-xenon');
    const address = board.bus.replace('usbip://', '');
    const { exit, err } = await ran(['board', 'run', 'particle-xenon', '--usbip', address]);
    expect(exit).toBe(74);
    expect(err).toContain(address);
  });

  test('without an address one is found', async () => {
    const board = await start('particle-xenon', '--usbip', '[::1]:0', '--button', '--btn-none');
    expect(board.bus).toMatch(/^usbip:\/\/::1:\d+$/);
    const terminal = new FakeTerminal();
    const ended = dfukit(['board', 'run', 'particle-xenon', '--json'], terminal);
    await terminal.out.until('"event":"ready"');
    terminal.in.end();
    expect(await ended).toBe(0);
  });

  test('MCUboot trusts the keys that it is given, or the one of the examples', async () => {
    writeFileSync(path('key.pem'), vectorFile('keys/ed25519.pub.pem'));
    const key = ['--key', path('key.pem'), '--algorithm', 'offset', '--guarded'];
    const one = await start('reel_board', ...key, '--refuse-older');
    expect(one.terminal.out.text).toContain('"bootloader":"mcuboot"');
    expect(existsSync(path('dfukit'))).toBe(false);
    await start('reel_board');
    expect(existsSync(path('dfukit/examples-rsa-2048.pem'))).toBe(true);
  });
});

describe('board run at a terminal', () => {
  interface Seat {
    readonly terminal: FakeTerminal;
    readonly ended: Promise<number>;
    /** Presses keys and waits for what comes of it. */
    readonly press: (keys: string, until: string | RegExp) => Promise<void>;
  }

  async function sit(...args: string[]): Promise<Seat> {
    const terminal = new FakeTerminal().sitDown();
    const all = ['board', 'run', 'particle-xenon', '--usbip', '127.0.0.1:0', ...args];
    const ended = dfukit(all, terminal);
    await terminal.out.until('h  this help');
    return {
      terminal,
      ended,
      async press(keys, until) {
        terminal.out.take();
        terminal.in.write(keys);
        await terminal.out.until(until);
      },
    };
  }

  test('keys drive it, and a line can be typed to its console', async () => {
    await withSaul();
    const { terminal, ended, press } = await sit('--flash', flash);
    expect(terminal.raw).toBe(true);
    await press('h', 'power cut / power on');
    await press('x', 'r  reset');
    await press('k', '* button held');
    await press('r', '* reset-pin: DFU mode (button)');
    await press('k', '* button released');
    await press('r', '* reset-pin: application of slot 0, version 7 (newest slot)\r\n');
    await press('b', '* reset-pin: DFU mode (button)');
    await press('r', '* USB attached');
    await press('u', '* USB cable out');
    await press('u', '* USB cable in');
    await press('p', '* power off');
    await press('r', '* no power: p gives it some');
    await press('b', '* no power: p gives it some');
    await press('p', '* power on');
    await terminal.out.until('Welcome');
    await press('t', '> ');
    await press('one two', '> one two');
    await press('\u0017', '> one ');
    await press('\u0015', '\r\u001B[K> ');
    await press('saul reax', '> saul reax');
    await press('\u007F', '> saul rea');
    await press('d 4\r', '°C');
    await press('\rnonsense', '> nonsense');
    await press('\u001B', '\r\u001B[K');
    expect(terminal.out.text).toBe('\r\u001B[K');
    await press('q', '* power off');
    expect(await ended).toBe(0);
    expect(terminal.raw).toBe(false);
    expect(terminal.in.destroyed).toBe(true);
  });

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s ends it', async (_name, key) => {
    const { terminal, ended } = await sit();
    terminal.in.write(key);
    expect(await ended).toBe(0);
    expect(terminal.listeners).toBe(0);
  });

  test('what the board says while a line is typed stands above it', async () => {
    await withSaul();
    const { terminal, ended, press } = await sit('--flash', flash);
    await terminal.out.until('Welcome');
    await press('tabc', '> abc');
    await press('\r', 'abc');
    terminal.interrupt();
    expect(await ended).toBe(0);
  });
});

describe('board run in a pipe', () => {
  test('lines go to its console, and the end of them ends nothing', async () => {
    await withSaul();
    const terminal = new FakeTerminal();
    const ended = dfukit(
      ['board', 'run', 'particle-xenon', '--flash', flash, '--usbip', ':0'],
      terminal,
    );
    await terminal.out.until('Welcome');
    expect(terminal.out.text).toMatch(/^\* power on\n/);
    expect(terminal.out.text).toMatch(/USB\/IP at 127\.0\.0\.1:\d+, bus id 1-1\./);
    terminal.in.write('saul read 4\r\n');
    await terminal.out.until('°C');
    terminal.in.write(`${'x'.repeat(70_000)}\n`);
    await terminal.out.until('* a line of up to 64 KiB is expected');
    terminal.in.end();
    terminal.interrupt();
    expect(await ended).toBe(0);
  });
});
