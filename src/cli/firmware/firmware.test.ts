import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { prepareBuild } from '../../../test/support/built-cli.ts';
import { CliBoard } from '../../../test/support/cli-board.ts';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { machineCode } from '../../../test/support/machine-code.ts';
import { vectorFile } from '../../../test/support/mcuboot/imgtool-runs.ts';
import { firmwareExamples } from '../../board/node/index.ts';
import { writeIntelHex } from '../../image/index.ts';
import { dfukit } from '../dfukit.ts';

let folder: string;
const path = (name: string): string => join(folder, name);
const boards: CliBoard[] = [];

beforeAll(() => prepareBuild());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-firmware-'));
  vi.stubEnv('XDG_CONFIG_HOME', folder);
});
afterEach(async () => {
  for (const board of boards.splice(0)) await board.quit();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const xenon = ['--board', 'particle-xenon', '--slot', '0'];
const build = (name: string, ...more: string[]): Promise<Awaited<ReturnType<typeof ran>>> =>
  ran(['firmware', 'build', name, ...more]);

test('firmware list: the examples', async () => {
  const { exit, out } = await ran(['firmware', 'list']);
  expect({ exit, out }).toEqual({ exit: 0, out: `${firmwareExamples.join('\n')}\n` });
});

describe('firmware build', () => {
  test('makes an image for a slot, with its version', async () => {
    const { exit, out } = await build('saul', ...xenon, '--version', '3', '-o', path('a.bin'));
    const image = readFileSync(path('a.bin'));
    expect({ exit, out }).toEqual({ exit: 0, out: `${path('a.bin')}: ${image.length} bytes\n` });
    expect(image.toString('latin1', 0, 4)).toBe('RIOT');
    expect(image.readUInt32LE(4)).toBe(3);
  });

  test('without a version the one that is built last boots', async () => {
    vi.useFakeTimers({ now: 1_800_000_000_000, toFake: ['Date'] });
    const terminal = new FakeTerminal();
    const args = ['firmware', 'build', 'saul', ...xenon, '--no-usbus-dfu', '-o', '-'];
    expect(await dfukit(args, terminal)).toBe(0);
    vi.useRealTimers();
    expect(terminal.out.bytes.readUInt32LE(4)).toBe(1_800_000_000);
    expect(terminal.err.text).toBe('');
  });

  test('a folder of one’s own', async () => {
    mkdirSync(path('mine'));
    writeFileSync(path('mine/main.ts'), 'export function main() { throw new Error("mine") }');
    const image = path('mine.bin');
    expect(await build(path('mine'), '--board', 'stm32f072b_disco', '-o', image)).toMatchObject({
      exit: 0,
      err: '',
    });
    expect(readFileSync(image, 'latin1')).toContain('mine');
  });

  test('a file of one’s own; board program says that it has to be built', async () => {
    writeFileSync(path('mine.ts'), 'export function main(): void { throw new Error("mine") }');
    const [flash, image] = [path('xenon.bin'), path('mine.bin')];
    const put = ['board', 'program', 'particle-xenon', path('mine.ts'), '--flash', flash];
    const made = `dfukit firmware build ${path('mine.ts')} --board particle-xenon makes one`;
    for (const slot of [[], ['--slot', '0']]) {
      const { exit, err } = await ran([...put, ...slot]);
      expect({ exit, err }).toEqual({
        exit: 64,
        err: `dfukit: ${path('mine.ts')}: expected an image, got the source of a firmware; ${made} (--force to do it all the same)\n`,
      });
    }
    expect(await ran([...put, '--slot', '0', '--force'])).toMatchObject({ exit: 0 });
    expect(await build(path('mine.ts'), ...xenon, '-o', image)).toMatchObject({ exit: 0 });
    expect(readFileSync(image, 'latin1')).toContain('mine');
    writeFileSync(path('stream.ts'), Buffer.from('47000000', 'hex'));
    const stream = ['board', 'program', 'particle-xenon', path('stream.ts'), '--flash', flash];
    expect(await ran([...stream, '--slot', '0'])).toMatchObject({ exit: 0 });
    expect(await build(image, ...xenon, '-o', path('b.bin'))).toMatchObject({
      exit: 64,
      err: expect.stringContaining('neither a folder nor a .ts or .js file') as string,
    });
  });

  test('for MCUboot: signed with the key of the examples, another one, or none', async () => {
    writeFileSync(path('key.pem'), vectorFile('keys/ed25519.pem'));
    writeFileSync(path('public.pem'), vectorFile('keys/ed25519.pub.pem'));
    const to = ['--board', 'reel_board', '-o', path('a.bin')];
    expect(await build('hello-world', ...to, '--version', '1.2.3')).toMatchObject({ exit: 0 });
    const info = await ran(['image', 'info', path('a.bin')]);
    expect(info.out).toMatch(/version +1\.2\.3/);
    expect(info.out).toMatch(/RSA-2048|RSA2048/i);

    const keyed = ['--key', path('key.pem'), '--algorithm', 'offset'];
    expect(await build('hello-world', ...to, ...keyed)).toMatchObject({ exit: 0 });
    const verified = await ran(['image', 'verify', path('a.bin'), '-k', path('public.pem')]);
    expect(verified.exit).toBe(0);

    expect(await build('hello-world', ...to, '--unsigned')).toMatchObject({ exit: 0 });
    expect((await ran(['image', 'verify', path('a.bin')])).exit).toBe(65);
  });

  test.each([
    [['nothing', ...xenon], 64, /nothing: no such folder, and no such example \(hello-world/],
    [['saul', '--board', 'nothing', '--slot', '0'], 64, /no board "nothing"/],
    [['saul', '--board', 'particle-xenon'], 64, /expected --slot/],
    [['saul', ...xenon.slice(0, 3), '7'], 64, /slot 7/],
    [['saul', ...xenon, '--version', 'x'], 64, /version: expected a .*number/],
    [['saul', ...xenon, '--bootloader', 'grub'], 64, /grub/],
    [['usb-dfu', ...xenon, '--config', 'x'], 64, /--config: expected CONFIG_NAME=y, got "x"/],
    [['saul', '--board', 'reel_board', '--key', 'k', '--unsigned'], 64, /--key or --unsigned/],
    [['saul', '--board', 'reel_board', '--key', 'PUBLIC'], 64, /expected a private key/],
    [['saul', '--board', 'reel_board', '--algorithm', 'odd'], 64, /no mode "odd"/],
  ])('%j: %i', async (args, code, words) => {
    writeFileSync(path('public.pem'), vectorFile('keys/ed25519.pub.pem'));
    const real = args.map((arg) => (arg === 'PUBLIC' ? path('public.pem') : arg));
    const { exit, out, err } = await build(real[0] ?? '', ...real.slice(1), '-o', path('a.bin'));
    expect({ exit, out }).toEqual({ exit: code, out: '' });
    expect(err).toMatch(words);
  });

  test('what cannot be written: 73', async () => {
    const { exit, err } = await build('saul', ...xenon, '-o', path('no/a.bin'));
    expect(exit).toBe(73);
    expect(err).toContain(`cannot write ${path('no/a.bin')}: ENOENT`);
  });

  test('a symbol can be set, and taken back', async () => {
    const symbol = 'CONFIG_APP_USB_DFU_USE_FLASH_BACKEND';
    const to = ['--board', 'reel_board', '--unsigned', '-o', path('a.bin')];
    expect(await build('usb-dfu', ...to, '--config', symbol)).toMatchObject({ exit: 0 });
    const withIt = readFileSync(path('a.bin'));
    const back = ['--config', `${symbol}=y`, '--config', `${symbol}=n`];
    expect(await build('usb-dfu', ...to, ...back)).toMatchObject({ exit: 0 });
    expect(readFileSync(path('a.bin')).equals(withIt)).toBe(false);
  });
});

test('firmware flash: DFUKIT_BUS names the bus, as it does for the commands of the host', async () => {
  vi.stubEnv('DFUKIT_BUS', 'nowhere');
  const { exit, err } = await ran(['firmware', 'flash', 'saul', ...xenon]);
  expect({ exit, err }).toEqual({
    exit: 64,
    err: expect.stringContaining('got "nowhere"') as string,
  });
});

describe('firmware flash', () => {
  async function start(...args: string[]): Promise<CliBoard> {
    const board = await CliBoard.start(...args);
    boards.push(board);
    return board;
  }
  const flash = (name: string, board: CliBoard, ...more: string[]): ReturnType<typeof ran> =>
    ran(['firmware', 'flash', name, '--bus', board.bus, ...more]);

  test('to slots of riotboot, from DFU mode and from run-time mode', async () => {
    const board = await start('particle-xenon', '--serial', 'A1');
    const first = await flash('hello-world', board, ...xenon, '--version', '1', '-S', 'A1');
    expect(first).toMatchObject({ exit: 0, err: '' });
    expect(first.out).toContain('Done!');
    await board.until('Slot 0, version 1.');
    await board.until('"state":"attached","id":"1209:7d00"');
    const next = ['--board', 'particle-xenon', '--slot', '1', '--version', '2'];
    const second = await flash('hello-world', board, ...next, '--usb-id', '1209:7d02', '--json');
    expect(second.exit).toBe(0);
    const events = second.out.trimEnd().split('\n');
    expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ type: 'downloaded' });
    await board.until('Slot 1, version 2.');
  });

  test('to the loader in ROM', async () => {
    const board = await start('stm32f072b_disco');
    const outcome = await flash('hello-world', board, '--board', 'stm32f072b_disco');
    expect(outcome).toMatchObject({ exit: 0, err: '' });
    expect(outcome.out).toContain('The device has left to start its new firmware.');
    await board.until('Hello World!');
  });

  test('an image that is built, to the slot that it is linked for', async () => {
    const board = await start('particle-xenon');
    const built = path('one.riot.bin');
    const options = ['--board', 'particle-xenon', '--slot', '1', '--version', '7'];
    expect(await ran(['firmware', 'build', 'hello-world', ...options, '-o', built])).toMatchObject({
      exit: 0,
    });
    const to = ['--board', 'particle-xenon'];
    expect(await flash(built, board, ...to, '--slot', '0')).toMatchObject({
      exit: 64,
      err: expect.stringContaining('linked for slot 1 (0x00082400), not for slot 0') as string,
    });
    expect(await flash(built, board, ...to, '--version', '8')).toMatchObject({
      exit: 64,
      err: expect.stringContaining('is built already: --version would do nothing') as string,
    });
    expect(await flash(built, board, ...to)).toMatchObject({ exit: 0, err: '' });
    await board.until('Slot 1, version 7.');
  });

  test('machine code: to a slot with its header only, to the loader in ROM as it is', async () => {
    const board = await start('particle-xenon');
    writeFileSync(path('slot0.bin'), machineCode(0x4400));
    const bare = await flash(path('slot0.bin'), board, '--board', 'particle-xenon');
    expect([bare.exit, bare.err]).toEqual([64, expect.stringContaining('has no header')]);
    const disco = await start('stm32f072b_disco', '--stand-in', 'dfu-runtime');
    const hex = writeIntelHex([{ address: 0x08000000, bytes: machineCode(0x08000000) }]);
    writeFileSync(path('disco.hex'), hex);
    const outcome = await flash(path('disco.hex'), disco, '--board', 'stm32f072b_disco');
    expect(outcome).toMatchObject({ exit: 0, err: '' });
    await disco.until('"event":"native"');
  });

  test('a board that is not there: 74', async () => {
    const board = await start('particle-xenon', '--serial', 'A1');
    const { exit, err } = await flash('hello-world', board, ...xenon, '-S', 'B2');
    expect(exit).toBe(74);
    expect(err).toMatch(/^dfukit: /);
  });

  test('a board whose bootloader takes no downloads: 64', async () => {
    const { exit, err } = await ran(['firmware', 'flash', 'saul', '--board', 'reel_board']);
    expect(exit).toBe(64);
    expect(err).toContain('use board program');
  });
});
