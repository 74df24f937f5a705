import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readSegments, recognise, writeIntelHex } from '../../src/image/index.ts';
import type { Segment } from '../../src/image/index.ts';
import { nativeBinary, nativeElf, nativeNames, nativeSegments } from '../fixtures/native/native.ts';
import type { NativeName } from '../fixtures/native/native.ts';
import { CliBoard } from '../support/cli-board.ts';
import type { Said } from '../support/cli-board.ts';
import { ran } from '../support/fake-terminal.ts';
import { asRoot, installOnDebian, need } from '../support/needs.ts';
import { uf2Blocks, uf2File } from '../support/uf2-file.ts';

/* Applications in C, through the commands that their developer would type. */

const sources = resolve(import.meta.dirname, '../fixtures/native');
const folder = mkdtempSync(join(tmpdir(), 'dfukit-native-'));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `dfukit`, which works, and answers what it says. */
async function dfukit(...args: readonly string[]): Promise<string> {
  const { exit, out, err } = await ran(args);
  expect({ args, exit, err: exit === 0 ? '' : err }).toEqual({ args, exit: 0, err: '' });
  return out;
}

/** Runs `dfukit`, which refuses, and answers why. */
async function refused(...args: readonly string[]): Promise<string> {
  const { exit, err } = await ran(args);
  expect({ args, exit }).toEqual({ args, exit: 64 });
  return err;
}

function file(name: string, content: Uint8Array | string): string {
  writeFileSync(path(name), content);
  return path(name);
}

const key = path('root.pem');

/** `imgtool sign` as Zephyr's build calls it: `.hex` in, `.hex` out. */
async function sign(version: string, input: string, output: string): Promise<string> {
  const slot = ['-H', '0x200', '-S', '0x76000', '--align', '4'];
  await dfukit('imgtool', 'sign', '-k', key, ...slot, '-v', version, input, path(output));
  return path(output);
}

/** What riotboot's build leaves: the header of `genhdr`, and the program. */
async function boxed(name: NativeName, version: number, address: string): Promise<string> {
  const plain = file(`${name}.bin`, nativeBinary(name));
  const header = path(`${name}.hdr`);
  await dfukit('genhdr', 'generate', plain, String(version), address, '0x400', header);
  const image = Buffer.concat([readFileSync(header), readFileSync(plain)]);
  return file(`${name}.${version}.riot.bin`, image);
}

const zephyr = { v1: '', v2: '', v2hex: '', other: '' };
const riot = { slot0: '', slot1: '' };

beforeAll(async () => {
  await dfukit('imgtool', 'keygen', '-k', key, '-t', 'ed25519');
  const bin = (name: NativeName): string => file(`${name}.bin`, nativeBinary(name));
  zephyr.v1 = await sign('1.0.0', bin('zephyr-slot0-1.0.0'), 'v1.signed.bin');
  zephyr.v2 = await sign('2.0.0', bin('zephyr-slot0-2.0.0'), 'v2.signed.bin');
  const hex = file('zephyr.hex', writeIntelHex(nativeSegments('zephyr-slot0-2.0.0')));
  zephyr.v2hex = await sign('2.0.0', hex, 'v2.signed.hex');
  zephyr.other = await sign('2.0.0', bin('zephyr-slot1-2.0.0'), 'slot1.signed.bin');
  riot.slot0 = await boxed('riot-slot0-1.0.0', 1, '0x4400');
  riot.slot1 = await boxed('riot-slot1-2.0.0', 2, '0x82400');
});

/** The compiler that made what is in a folder. */
const compiler = (made: string): string => readFileSync(join(made, 'COMPILER'), 'utf8').trim();

/** Where a program stands, and its stack. */
function placeOf([first]: readonly Segment[]): readonly (number | undefined)[] {
  const what = recognise(first?.bytes ?? new Uint8Array(0));
  const vectors = what.format === 'binary' ? what.vectors : undefined;
  return [first?.address, vectors?.offsetBytes, vectors?.stackPointer];
}

describe('the applications in C', () => {
  test.each(nativeNames)('%s is what was committed', (name) => {
    const sums = readFileSync(join(sources, 'built/SHA256SUMS'), 'utf8');
    const sum = createHash('sha256').update(nativeElf(name)).digest('hex');
    expect(sums.split('\n')).toContain(`${sum}  ${name}.elf`);
  });

  test('are what Debian’s compiler makes of their sources', (context) => {
    const script = join(sources, 'build');
    const { stdout, error } = spawnSync(script, ['missing'], { encoding: 'utf8' });
    const what = error === undefined ? stdout.trim() : 'bash';
    const install = installOnDebian(asRoot('test/fixtures/native/build install'));
    need(context, what === '' ? undefined : { what, install });
    const made = spawnSync(script, ['all', path('built')], { encoding: 'utf8' });
    expect([made.status, made.stderr]).toEqual([0, '']);
    const isSame = compiler(path('built')) === compiler(join(sources, 'built'));
    for (const name of nativeNames) {
      const elf = Uint8Array.from(readFileSync(path(`built/${name}.elf`)));
      // What is loaded is the program. Another compiler makes other instructions of it, for the same place.
      const [loaded, committed] = [readSegments(elf, 'elf'), nativeSegments(name)];
      const seen = isSame ? [loaded, committed] : [placeOf(loaded), placeOf(committed)];
      expect([name, seen[0]]).toEqual([name, seen[1]]);
      expect(placeOf(loaded)).not.toContain(undefined);
      const text = Buffer.from(loaded[0]?.bytes ?? []);
      expect([name, text.includes(`native ${name.slice(-5)}\0`)]).toEqual([name, true]);
    }
  });
});

describe('board program', () => {
  let count = 0;
  const program = (board: string, ...args: readonly string[]): readonly string[] => {
    count += 1;
    return ['board', 'program', board, ...args, '--flash', path(`flash-${count}.bin`)];
  };

  test('takes what builds leave, and a file with addresses goes to its own', async () => {
    const reel = async (...args: readonly string[]): Promise<string> =>
      dfukit(...program('reel_board', ...args));
    expect(await reel(zephyr.v1)).toBe('programmed 820 bytes at 0x0000c000 (slot 0)\n');
    expect(await reel(zephyr.v2hex)).toBe('programmed 820 bytes at 0x0000c000 (slot 0)\n');
    expect(await reel(zephyr.v2hex, '--slot', '1')).toContain('at 0x00082000 (slot 1)');
    const uf2 = uf2Blocks([{ address: 0xc000, bytes: readFileSync(zephyr.v1) }]);
    expect(await reel(file('v1.uf2', uf2File(...uf2)))).toContain('at 0x0000c000 (slot 0)');
    const [bare, none] = [path('zephyr-slot0-1.0.0.bin'), ['--bootloader', 'none']];
    expect(await reel(file('flash.elf', nativeElf('flash-1.0.0')), ...none)).toContain(
      'programmed 164 bytes at 0x00000000',
    );
    const { exit, out, err } = await ran(program('reel_board', bare, '--slot', '0'));
    expect([exit, out]).toEqual([0, 'programmed 676 bytes at 0x0000c000 (slot 0)\n']);
    expect(err).toContain('it has no header; make an MCUboot image of it with imgtool sign');
    const code = { address: 0xc200, bytes: nativeBinary('zephyr-slot0-1.0.0').subarray(0x200) };
    const hex = file('no-room.hex', writeIntelHex([code]));
    expect(await ran(program('reel_board', hex))).toMatchObject({
      exit: 0,
      out: expect.stringContaining('at 0x0000c200'),
      err: `${hex}: it will not run there: it has no header; make an MCUboot image of it with imgtool sign\n`,
    });
    expect(await refused(...program('reel_board', bare))).toContain(
      `${bare}: the image has no header: make an MCUboot image of it with imgtool sign, or say`,
    );
    const xenon = (image: string): Promise<string> => dfukit(...program('particle-xenon', image));
    expect(await xenon(riot.slot0)).toContain('at 0x00004000 (slot 0)');
    expect(await xenon(riot.slot1)).toContain('at 0x00082000 (slot 1)');
  });

  test('a merged file leaves the bootloader out, which comes with the board', async () => {
    const loader = { address: 0, bytes: new Uint8Array(0x400).fill(0x11) };
    const application = { address: 0xc000, bytes: readFileSync(zephyr.v1) };
    const merged = file('merged.hex', writeIntelHex([loader, application]));
    const { exit, out, err } = await ran(program('reel_board', merged));
    expect([exit, out]).toEqual([0, 'programmed 820 bytes at 0x0000c000 (slot 0)\n']);
    expect(err).toContain('left out, the bootloader comes with the board: 0x00000000 to');
  });

  test('refuses what is linked for another slot, with both addresses', async () => {
    const elf = file('riot-slot1.elf', nativeElf('riot-slot1-2.0.0'));
    const xenon = (...args: readonly string[]): Promise<string> =>
      refused(...program('particle-xenon', ...args));
    expect(await xenon(elf, '--slot', '0')).toContain(
      'the file is for 0x00082400, slot 0 is at 0x00004000 (--force to do it all the same)',
    );
    expect(await xenon(riot.slot1, '--slot', '0')).toContain(
      'linked for slot 1 (0x00082400), not for slot 0 (0x00004400)',
    );
    const reel = (...args: readonly string[]): Promise<string> =>
      refused(...program('reel_board', ...args));
    const words = /would run from 0x0000c200 .* reset vector is 0x00082243; .* slot 1, 0x00082200/;
    expect(await reel(zephyr.other)).toMatch(words);
    expect(await reel(zephyr.other, '--slot', '1')).toMatch(words);
    const inPlace = ['--algorithm', 'direct-xip'];
    await dfukit(...program('reel_board', zephyr.other, '--slot', '1', ...inPlace));
    expect(await reel(zephyr.other, '--slot', '0', ...inPlace)).toContain('linked for slot 1');
    const bare = path('zephyr-slot0-1.0.0.bin');
    expect(await reel(bare, '--bootloader', 'none')).toMatch(
      /would run from 0x00000200 .* reset vector is 0x0000c243/,
    );
  });
});

describe('board run', () => {
  const running: CliBoard[] = [];
  let started = 0;
  afterEach(async () => {
    for (const board of running.splice(0)) await board.quit();
  });

  /** A board with these images, by slot. */
  async function start(
    name: string,
    images: readonly string[],
    ...options: readonly string[]
  ): Promise<CliBoard> {
    started += 1;
    const flash = path(`run-${started}.bin`);
    for (const [slot, image] of images.entries()) {
      await dfukit('board', 'program', name, image, '--slot', String(slot), '--flash', flash);
    }
    const board = await CliBoard.start(name, '--flash', flash, ...options);
    running.push(board);
    return board;
  }

  const trusted = ['--key', key];
  const event = (board: CliBoard, type: string): Said | undefined =>
    board.said.findLast((each) => each['event'] === type);

  /** Resets it, and waits until the image is introduced. */
  async function reset(board: CliBoard): Promise<Said | undefined> {
    await board.command({ command: 'reset' });
    await board.until('stand-in: ');
    return event(board, 'boot');
  }

  test('boots, tells of it once, swaps and reverts', async () => {
    const standIn = ['--stand-in', 'version=1.0.0:upgrade=1ms'];
    const board = await start('reel_board', [zephyr.v1, zephyr.v2], ...trusted, ...standIn);
    await board.until('"event":"upgrade"');
    const natives = board.said.filter((each) => each['event'] === 'native');
    expect(natives).toEqual([
      expect.objectContaining({
        slot: 0,
        version: '1.0.0+0',
        entry: 0xc243,
        stackPointer: 0x20004000,
        sha256: createHash('sha256').update(readFileSync(zephyr.v1)).digest('hex'),
      }),
    ]);
    expect(board.said.map((each) => each['text'])).toContain(
      'board: machine code at 0x0000c200, entry 0x0000c243, stack pointer 0x20004000; it is not executed',
    );
    expect(await reset(board)).toMatchObject({ version: '2.0.0+0', why: 'test swap' });
    expect(await reset(board)).toMatchObject({ version: '1.0.0+0', why: 'revert' });
    expect(await board.quit()).toBe(0);
  });

  test('keeps what the stand-in confirms, and loses what hangs', async () => {
    const standIns = [
      ['--stand-in', 'version=1.0.0:upgrade=1ms'],
      ['--stand-in', 'version=2.0.0:confirm=1ms'],
    ].flat();
    const board = await start('reel_board', [zephyr.v1, zephyr.v2], ...trusted, ...standIns);
    await board.until('"event":"upgrade"');
    expect(await reset(board)).toMatchObject({ why: 'test swap' });
    await board.until('"event":"confirmed"');
    expect(await reset(board)).toMatchObject({ version: '2.0.0+0', why: 'primary slot' });
    await board.quit();

    const hangs = ['--stand-in', 'slot=0,version=2.0.0:hang=1ms', '--watchdog', '100'];
    const images = [zephyr.v1, zephyr.v2hex];
    const other = await start(
      'reel_board',
      images,
      ...trusted,
      ...hangs,
      '--stand-in',
      'upgrade=1ms',
    );
    await other.until('"event":"upgrade"');
    expect(await reset(other)).toMatchObject({ why: 'test swap' });
    await other.until('"why":"revert"');
    expect(event(other, 'boot')).toMatchObject({ cause: 'watchdog', version: '1.0.0+0' });
  });

  test('is flashed through the stand-in’s USB port', async () => {
    const board = await start('reel_board', [zephyr.v1], ...trusted, '--stand-in', 'usb-dfu');
    const args = ['download', zephyr.v2, '-a', 'slot1_image', '--bus', board.bus];
    await dfukit(...args);
    expect(event(board, 'download')).toMatchObject({ slot: 1, bytes: 820 });
    expect(event(board, 'upgrade')).toMatchObject({ slot: 1, permanent: false });
    expect(await reset(board)).toMatchObject({ version: '2.0.0+0', why: 'test swap' });
  });

  test('plays a firmware of the user’s with the image that it stands in for', async () => {
    const source = 'export const main = (b) => b.console.print(`I play ${b.image.version}`);';
    const script = file('mine.mjs', source);
    const standIn = ['--stand-in', `version=1:firmware=${script}`];
    const board = await start('reel_board', [zephyr.v1], ...trusted, ...standIn);
    await board.until('"text":"I play 1.0.0+0"');
    expect(event(board, 'native')).toMatchObject({ version: '1.0.0+0' });
  });

  test('boots what riotboot’s build leaves, and detaches into DFU mode', async () => {
    const images = [riot.slot0, riot.slot1];
    const board = await start('particle-xenon', images, '--stand-in', 'dfu-runtime');
    expect(event(board, 'boot')).toMatchObject({ slot: 1, version: 2 });
    expect(event(board, 'native')).toMatchObject({ slot: 1, version: 2, entry: 0x82443 });
    const newer = await boxed('riot-slot0-2.0.0', 3, '0x4400');
    await dfukit('download', newer, '-a', '0', '--bus', board.bus);
    await board.until('"slot":0,"version":3');
    await board.until('"entry":17475');
  });

  test('without a bootloader, and with the loader of a chip’s maker', async () => {
    const flash = path('bare.bin');
    const elf = file('flash.elf', nativeElf('flash-1.0.0'));
    const none = ['--bootloader', 'none'];
    await dfukit('board', 'program', 'reel_board', elf, ...none, '--flash', flash);
    const board = await CliBoard.start('reel_board', '--flash', flash, ...none);
    running.push(board);
    expect(event(board, 'native')).toMatchObject({ entry: 0x43, stackPointer: 0x20004000 });
    expect(event(board, 'native')).not.toHaveProperty('slot');
  });

  test.each([
    ['confrim=1s', 'stand-in: no word "confrim", did you mean "confirm"?'],
    ['firmware=/nowhere', '/nowhere: expected the folder of a firmware or a module'],
  ])('refuses --stand-in %s', async (text, words) => {
    const { exit, err } = await ran(['board', 'run', 'reel_board', '--stand-in', text, '--json']);
    expect(exit).toBeGreaterThan(0);
    expect(err).toContain(words);
  });
});
