import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bootloaderOf, createBoard, programFlash, readBoardFile } from '../../src/board/index.ts';
import type { BoardEvent, BoardModel, StandIn } from '../../src/board/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { parseVersion, readKey, riotbootImage, signImage } from '../../src/image/index.ts';
import type { Key, PrivateKey } from '../../src/image/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { FakeRunner, happening } from '../support/boards.ts';
import { ran } from '../support/fake-terminal.ts';
import { machineCode } from '../support/machine-code.ts';

/* Build folders as they are left, made into boards by the command, and images linked for them that boot. */

const builds = join(import.meta.dirname, '../fixtures/builds');
let folder: string;
const path = (...parts: readonly string[]): string => join(folder, ...parts);
const slashed = (text: string): string => text.replaceAll('\\', '/');

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dfukit-import-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

const importing = (...args: readonly string[]): ReturnType<typeof ran> =>
  ran(['board', 'import', ...args]);

function boardOf(file: string): BoardModel {
  return readBoardFile(JSON.parse(readFileSync(file, 'utf8')));
}

async function newKey(type: string): Promise<{ readonly file: string; readonly key: Key }> {
  const file = path(`${type}.pem`);
  expect(await ran(['imgtool', 'keygen', '-k', file, '-t', type])).toMatchObject({ exit: 0 });
  return { file, key: await readKey(readFileSync(file, 'utf8')) };
}

/** What a build for that board would leave: machine code linked for its slot, with the bootloader's header. */
async function imageFor(
  model: BoardModel,
  { slot = 0, version, key }: { slot?: number; version: number; key?: Key | undefined },
): Promise<Uint8Array> {
  const { slots, imageKind } = bootloaderOf(model).layout(model);
  const entry = slots[slot]?.imageAddress ?? 0;
  const stackPointer = model.ram.baseAddress + model.ram.sizeBytes;
  const code = machineCode(entry, { stackPointer, text: `version ${version}` });
  if (imageKind === 'riotboot') {
    const headerLength = model.riotboot?.headerBytes ?? 0;
    return riotbootImage(code, { version, startAddress: entry, headerLength });
  }
  const headerSize = model.zephyr?.romStartOffset ?? 0;
  const plain = new Uint8Array(headerSize + code.length);
  plain.set(code, headerSize);
  const signed = { version: parseVersion(`${version}.0.0`), headerSize };
  const { bytes } = await signImage(plain, { ...signed, key: key as PrivateKey | undefined });
  return bytes;
}

type Boot = Extract<BoardEvent, { type: 'boot' }>;

/** Powers a board with images in its slots; answers what it boots, one boot after the other. */
async function boots(
  model: BoardModel,
  images: readonly Uint8Array[],
  { key, standIns }: { key?: Key | undefined; standIns?: readonly StandIn[] } = {},
): Promise<{ readonly first: Boot; readonly next: (ms: number) => Promise<Boot> }> {
  const clock = new VirtualClock();
  const flash = new MemoryFlash(model.flash);
  const layout = bootloaderOf(model).layout(model);
  for (const [slot, image] of images.entries()) programFlash(flash, layout, image, { slot });
  const mcuboot = { keys: key === undefined ? [] : [key] };
  const runner = new FakeRunner();
  const board = createBoard({ model, flash, clock, runner, standIns: standIns ?? [], mcuboot });
  const booted = (start: () => void): Promise<Boot> => {
    const event = happening(board, ({ type }) => type === 'boot');
    start();
    return event as Promise<Boot>;
  };
  return {
    first: await booted(() => board.powerOn()),
    next: (ms) => booted(() => clock.advance(ms)),
  };
}

/** Asks for the other slot on trial, then starts again. */
const upgrading: readonly StandIn[] = [
  {
    when: { version: '1.0.0' },
    upgrade: { afterMs: 10 },
    ends: { how: 'reset', afterMs: 20 },
  },
];

/** `board program` and `board run` with a board file, until it has booted; what its console said of it. */
async function runs(file: string, image: Uint8Array): Promise<string> {
  const [flash, bin] = [path('flash.bin'), path('image.bin')];
  writeFileSync(bin, image);
  const put = ['board', 'program', file, bin, '--flash', flash, '--slot', '0'];
  expect(await ran(put)).toMatchObject({ exit: 0, err: '' });
  const until = ['--until', 'boot', '--timeout', '30s', '--usbip', '127.0.0.1:0'];
  const { exit, out } = await ran(['board', 'run', file, '--flash', flash, ...until]);
  expect(exit).toBe(0);
  return out;
}

describe('a Zephyr build', () => {
  test.each([
    ['nrf52840dk', 'rsa-2048', 'test swap'],
    ['nrf5340dk', 'ed25519', 'test swap'],
    ['nucleo_f429zi', 'ecdsa-p256', 'test swap'],
    ['rpi_pico', undefined, 'test swap'],
  ])('of %s becomes a board that boots and updates', async (name, type, why) => {
    const made = type === undefined ? undefined : await newKey(type);
    const keys = made === undefined ? [] : ['--key', made.file];
    const file = path('board.json');
    const { exit, out } = await importing(join(builds, name), ...keys, '-o', file);
    expect({ exit, out }).toEqual({ exit: 0, out: `wrote ${file}\n` });
    const model = boardOf(file);
    expect(model).toMatchObject({ name, bootloaders: ['mcuboot'] });
    expect(model.mcuboot?.keys).toEqual(type && [`${type}.pem`]);
    const key = made?.key;
    const images = [
      await imageFor(model, { version: 1, key }),
      await imageFor(model, { version: 2, key }),
    ];
    const { first, next } = await boots(model, images, { key, standIns: upgrading });
    expect(first).toMatchObject({ slot: 0, version: '1.0.0+0' });
    expect(await next(30)).toMatchObject({ slot: 0, version: '2.0.0+0', why });
    const [image = new Uint8Array()] = images;
    expect(await runs(file, image)).toContain('application of slot 0, version 1.0.0+0 (primary');
  });

  test('has its key where MCUboot was built from', async () => {
    const { file } = await newKey('ed25519');
    cpSync(join(builds, 'nrf5340dk'), path('app/build'), { recursive: true });
    mkdirSync(path('bootloader/mcuboot/boot/zephyr'), { recursive: true });
    cpSync(file, path('bootloader/mcuboot/root-ed25519.pem'));
    const home = slashed(path('bootloader/mcuboot/boot/zephyr'));
    writeFileSync(
      path('app/build/mcuboot/CMakeCache.txt'),
      `CMAKE_HOME_DIRECTORY:INTERNAL=${home}\n`,
    );
    const board = path('app/board.json');
    const { err } = await importing(path('app/build'), '-o', board);
    expect(err).toMatch(/^keys +\.\.\/bootloader\/mcuboot\/root-ed25519\.pem {2}\(/m);
    expect(err).toContain("MCUboot's serial recovery is not played");
    expect(boardOf(board).mcuboot?.keys).toEqual(['../bootloader/mcuboot/root-ed25519.pem']);
  });

  test.each([
    ['the folder of the application', ['hello']],
    ['the folder of its zephyr.dts', ['hello', 'zephyr']],
    ['its zephyr.dts', ['hello', 'zephyr', 'zephyr.dts']],
  ])('is found from %s, too', async (_, parts) => {
    const { file } = await newKey('rsa-2048');
    const build = join(builds, 'nrf52840dk', ...parts);
    const { exit, err } = await importing(build, '--key', file, '-o', path('b.json'));
    expect({ exit, algorithm: /algorithm .*swap-using-offset/.test(err) }).toEqual({
      exit: 0,
      algorithm: true,
    });
  });

  test("MCUboot's build may be elsewhere", async () => {
    cpSync(join(builds, 'nucleo_f429zi/zephyr'), path('build/zephyr'), { recursive: true });
    const { file } = await newKey('ecdsa-p256');
    const asked = await importing(path('build'), '--key', file);
    expect(asked.exit).toBe(64);
    expect(asked.err).toContain('--algorithm  how MCUboot updates; no build of MCUboot is here');
    const mcuboot = join(builds, 'nucleo_f429zi/mcuboot');
    const to = ['-o', path('b.json'), '--key', file];
    expect(await importing(path('build'), '--mcuboot', mcuboot, ...to)).toMatchObject({ exit: 0 });
    expect(boardOf(path('b.json')).mcuboot?.mode).toBe('swap-using-scratch');
  });
});

test('an RP2040 starts behind the second stage that its boot ROM wants to see', async () => {
  cpSync(join(builds, 'rpi_pico/blinky/zephyr'), path('build/zephyr'), { recursive: true });
  const configuration = path('build/zephyr/.config');
  const text = readFileSync(configuration, 'utf8')
    .replace('CONFIG_BOOTLOADER_MCUBOOT=y', '# CONFIG_BOOTLOADER_MCUBOOT is not set')
    .replace('CONFIG_FLASH_LOAD_OFFSET=0x10000', 'CONFIG_FLASH_LOAD_OFFSET=0x100');
  writeFileSync(configuration, text);
  const file = path('pico.json');
  expect(await importing(path('build'), '-o', file)).toMatchObject({ exit: 0 });
  // Of a program for it: what fetches the vectors, and the CRC-32 over 252 bytes.
  const stage = new Uint8Array(256);
  const code = '142000880549182212889047804704480449086006c881f308881047435800000001001008ed00e0';
  stage.set(Buffer.from(code, 'hex'));
  stage.set([0x2d, 0x6a, 0xee, 0x8a], 252);
  const program = machineCode(0x10000100, { stackPointer: 0x20042000, text: 'blinky' });
  writeFileSync(path('zephyr.bin'), Buffer.concat([stage, program]));
  const flash = ['--flash', path('flash.bin')];
  expect(await ran(['board', 'program', file, path('zephyr.bin'), ...flash])).toMatchObject({
    exit: 0,
  });
  const until = ['--until', 'native', '--timeout', '30s', '--usbip', '127.0.0.1:0'];
  const { exit, out } = await ran(['board', 'run', file, ...flash, ...until]);
  expect({ exit, out }).toEqual({ exit: 0, out: expect.stringContaining('* machine code') });
  const inspected = await ran(['flash', 'inspect', path('flash.bin'), '--board', file]);
  expect(inspected.out).toContain('The program at 0x10000100 starts.');
});

describe('a RIOT build', () => {
  test('becomes a board that boots', async () => {
    const file = path('riot.json');
    const said = ['--sectors', '256x4K', '--write-unit', '4'];
    const variables = join(builds, 'riot-nrf52840dk/riot.vars');
    expect(await importing(variables, ...said, '-o', file)).toMatchObject({ exit: 0 });
    const model = boardOf(file);
    const images = [
      await imageFor(model, { version: 1 }),
      await imageFor(model, { slot: 1, version: 2 }),
    ];
    const { first } = await boots(model, images);
    expect(first).toMatchObject({ slot: 1, version: 2 });
    const [image = new Uint8Array()] = images;
    expect(await runs(file, image)).toContain('application of slot 0, version 1');
  });

  test('is read from its bin/BOARD, too', async () => {
    const said = ['--sectors', '1024x256', '--write-unit', '4', '--flash-base', '0'];
    const build = join(builds, 'riot-samr21-xpro');
    const args = [build, ...said, '--riotboot-header', '0x100', '-o', '-'];
    const { exit, out, err } = await importing(...args);
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ name: 'samr21-xpro', chip: 'samd21' });
    expect(slashed(err)).toContain('riotbuild/riotbuild.h:11 SLOT0_OFFSET)');
  });
});

describe('a RIOT board by options alone', () => {
  const slots = ['--slot0-offset', '0x1000', '--slot0-len', '0x1f800'];
  const more = ['--slot1-offset', '0x20800', '--slot1-len', '0x1f800', '--riotboot-header', '256'];
  const memory = ['--flash-base', '0', '--sectors', '1024x256', '--write-unit', '4'];

  test('needs all of them', async () => {
    const { exit, err } = await importing(...slots, ...memory, '--name', 'mine');
    expect(exit).toBe(64);
    expect(err).toBe(`dfukit: the command line: what the build does not say must be said:
  --slot1-offset     slot 1 offset, SLOT1_OFFSET
  --slot1-len        slot 1 length, SLOT1_LEN
  --riotboot-header  riotboot header, RIOTBOOT_HDR_LEN
  --ram              RAM, RAM_START_ADDR and RAM_LEN
`);
    const ram = ['--ram', '0x20000000:32K', '--name', 'mine', '-o', path('mine.json')];
    expect(await importing(...slots, ...more, ...memory, ...ram)).toMatchObject({ exit: 0 });
    expect(boardOf(path('mine.json'))).toMatchObject({ name: 'mine', ram: { sizeBytes: 0x8000 } });
  });
});

describe('what cannot be imported', () => {
  test('a file that is there is not replaced unless asked for: 73', async () => {
    const file = path('b.json');
    writeFileSync(file, 'mine');
    const build = join(builds, 'rpi_pico');
    const { exit, err } = await importing(build, '-o', file);
    expect(exit).toBe(73);
    expect(err).toContain(`cannot create ${file}: it exists already\n`);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await importing(build, '-o', file, '--force')).toMatchObject({ exit: 0 });
    expect(boardOf(file).name).toBe('rpi_pico');
  });

  test.each([
    [['nowhere'], 66, 'nowhere: no such file or folder'],
    [['.'], 66, '.: expected a build of Zephyr or RIOT, with zephyr/zephyr.dts'],
    [['rpi_pico', '--key', 'nowhere.pem'], 66, 'nowhere.pem: no such file'],
    [['rpi_pico', '--slot0-len', '1'], 64, 'a Zephyr build has no --slot0-len'],
    [['riot-nrf52840dk/riot.vars', '--mcuboot', 'x'], 64, 'a RIOT build has no --mcuboot'],
    [['rpi_pico', '--sectors', '4x'], 64, '--sectors: expected sectors as 4x16K,1x64K,7x128K'],
    [['rpi_pico', '--sectors', '3K'], 64, 'expected sectors that fill the flash'],
    [['rpi_pico', '--ram', '5'], 64, '--ram: expected an address and a size'],
    [['rpi_pico', '--write-unit', '3'], 64, '--write-unit: expected'],
    [['rpi_pico', '--algorithm', 'swap'], 64, 'MCUboot has no mode "swap"'],
    [['rpi_pico', '--name', 'a/b'], 64, 'rpi_pico: its board file: name: expected'],
    [['nrf52840dk'], 64, '--key  the key that MCUboot trusts; /workdir/bootloader/'],
  ])('%j: exit %i', async ([build = '', ...args], exit, message) => {
    const from = build.startsWith('no') || build === '.' ? build : join(builds, build);
    const result = await importing(from, ...args, '-o', path('b.json'));
    expect(result.exit).toBe(exit);
    expect(result.err).toContain(message);
  });

  test('keys that MCUboot does not check: 64, with the line that says so', async () => {
    const { file } = await newKey('ed25519');
    const to = ['-o', path('b.json')];
    const other = await importing(join(builds, 'nrf52840dk'), '--key', file, ...to);
    expect(other.exit).toBe(64);
    expect(slashed(other.err)).toMatch(
      /ed25519\.pem: expected a key of kind rsa-2048, as .*\/mcuboot\/zephyr\/\.config:14 says, got ed25519\n$/,
    );
    const none = await importing(join(builds, 'rpi_pico'), '--key', file, ...to);
    expect(none.exit).toBe(64);
    expect(slashed(none.err)).toMatch(
      /^dfukit: --key: MCUboot checks no signature \(.*config:3\): /m,
    );
    writeFileSync(path('no-key.pem'), 'hello');
    const text = await importing(join(builds, 'nrf52840dk'), '--key', path('no-key.pem'), ...to);
    expect(text).toMatchObject({ exit: 65 });
    expect(text.err).toContain('no-key.pem: expected PEM');
  });

  test('what is said of an MCUboot that is not there: 64', async () => {
    cpSync(join(builds, 'nucleo_f429zi/zephyr'), path('build/zephyr'), { recursive: true });
    const configuration = path('build/zephyr/.config');
    const text = readFileSync(configuration, 'utf8')
      .replace('CONFIG_BOOTLOADER_MCUBOOT=y', '# CONFIG_BOOTLOADER_MCUBOOT is not set')
      .replace('CONFIG_FLASH_LOAD_OFFSET=0x20000', 'CONFIG_FLASH_LOAD_OFFSET=0');
    writeFileSync(configuration, text);
    const { file } = await newKey('ed25519');
    for (const said of [
      ['--key', file],
      ['--algorithm', 'overwrite-only'],
      ['--rom-start-offset', '512'],
    ]) {
      const { exit, err } = await importing(path('build'), ...said, '-o', path('b.json'));
      expect(exit).toBe(64);
      expect(slashed(err)).toMatch(/: the application is built without MCUboot \(.*config:\d+\)/);
    }
    expect(await importing(path('build'), '-o', path('b.json'))).toMatchObject({ exit: 0 });
  });

  test('slots that begin within a sector are refused by the path in the file: 64', async () => {
    const result = await importing(
      join(builds, 'rpi_pico'),
      '--sectors',
      '32x64K',
      '-o',
      path('b'),
    );
    expect(result).toMatchObject({ exit: 0 });
    const coarse = await importing(
      join(builds, 'rpi_pico'),
      '--sectors',
      '8x256K',
      '-o',
      path('c'),
    );
    expect(coarse.exit).toBe(64);
    expect(coarse.err).toMatch(/zephyr\.\w+.*: expected whole sectors/);
  });

  test('a devicetree of more than 4 MiB is not read: 65', async () => {
    cpSync(join(builds, 'nucleo_f429zi'), path('build'), { recursive: true });
    truncateSync(path('build/zephyr/zephyr.dts'), 9 * 1024 * 1024);
    const { exit, err } = await importing(path('build'));
    expect(exit).toBe(65);
    expect(err).toContain('expected at most 4194304 bytes, got 9437184');
  });

  test('a devicetree that is none: 65, with its line', async () => {
    cpSync(join(builds, 'nucleo_f429zi'), path('build'), { recursive: true });
    writeFileSync(path('build/zephyr/zephyr.dts'), '/dts-v1/;\n/ {\n  x = < 1 \n};\n');
    const { exit, err } = await importing(path('build'));
    expect(exit).toBe(65);
    expect(slashed(err)).toContain(
      `/build/zephyr/zephyr.dts:4: expected a number, a reference or ">"`,
    );
  });
});
