import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { dfukit as built, prepareBuild } from '../../../test/support/built-cli.ts';
import { CliBoard } from '../../../test/support/cli-board.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import { boardModel, boardModels, readBoardFile } from '../../board/index.ts';
import type { BoardFile } from '../../board/index.ts';

/* A board of one's own: everything that takes a board takes the path of its file. */

let folder: string;
const boards: CliBoard[] = [];
const path = (name: string): string => join(folder, name);

beforeAll(() => prepareBuild());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-board-file-'));
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  mkdirSync(path('keys'));
  await ran(['imgtool', 'keygen', '-t', 'ed25519', '-k', path('keys/mine.pem')]);
});
afterEach(async () => {
  for (const board of boards.splice(0)) await board.quit();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Unequal sectors, not at 0, units of 8 bytes; its key lies beside it. */
const mine: BoardFile = {
  name: 'reel_board',
  chip: 'STM32F429',
  flash: {
    sectors: [
      { count: 4, sizeBytes: 0x4000 },
      { count: 1, sizeBytes: 0x10000 },
      { count: 7, sizeBytes: 0x20000 },
    ],
    writeUnitBytes: 8,
  },
  flashBaseAddress: '0x08000000',
  ram: { baseAddress: '0x20000000', sizeBytes: 0x20000 },
  zephyr: {
    target: 'mine/stm32f429xx',
    romStartOffset: 0x200,
    boot: { offsetBytes: 0, sizeBytes: 0x10000 },
    slots: [
      { offsetBytes: 0x20000, sizeBytes: 0x40000 },
      { offsetBytes: 0x60000, sizeBytes: 0x40000 },
    ],
    scratch: { offsetBytes: 0xa0000, sizeBytes: 0x20000 },
  },
  mcuboot: {
    mode: 'swap-using-scratch',
    downgradePrevention: 'version',
    signature: 'ed25519',
    keys: ['keys/mine.pem'],
  },
  bootloaders: ['mcuboot'],
};

function write(name: string, file: unknown): string {
  writeFileSync(path(name), JSON.stringify(file));
  return path(name);
}

/** A flash file of that board with an image in slot 0. */
async function withImage(board: string): Promise<string> {
  const build = ['firmware', 'build', 'hello-world', '--board', board, '--version', '1.2.3'];
  expect(await ran([...build, '-o', path('v1.bin')])).toMatchObject({ exit: 0, err: '' });
  const program = ['board', 'program', board, path('v1.bin'), '--flash', path('flash.bin')];
  expect(await ran([...program, '--slot', '0'])).toMatchObject({
    exit: 0,
    out: expect.stringMatching(/^programmed \d+ bytes at 0x08020000 \(slot 0\)\n$/) as string,
    err: '',
  });
  return path('flash.bin');
}

describe('board list and show', () => {
  test('take a file', async () => {
    const file = write('mine.json', mine);
    expect(await ran(['board', 'list', file, 'particle-xenon'])).toMatchObject({
      exit: 0,
      out:
        'reel_board           STM32F429    1024 KiB   mcuboot\n' +
        'particle-xenon       nRF52840     1024 KiB   riotboot_dfu, riotboot, mcuboot\n',
    });
    const { out } = await ran(['board', 'list', file, '--json']);
    expect(JSON.parse(out)).toEqual({
      board: 'reel_board',
      chip: 'STM32F429',
      flashBytes: 0x100000,
      bootloaders: ['mcuboot'],
    });
  });

  test.each(boardModels.map(({ name }) => name))(
    '%s is shown as the file that it is',
    async (name) => {
      const { exit, out } = await ran(['board', 'show', name]);
      expect(exit).toBe(0);
      expect(readBoardFile(JSON.parse(out))).toEqual(boardModel(name));
    },
  );
});

describe('a board of a file', () => {
  test.each([
    ['mine.json', JSON.stringify(mine)],
    ['mine.mjs', `export default ${JSON.stringify(mine)};`],
    ['named.mjs', `export const board = ${JSON.stringify(mine)};`],
    ['mine.js', `module.exports = ${JSON.stringify(mine)};`],
  ])('%s runs with its own key, mode and flash', async (name, text) => {
    writeFileSync(path(name), text);
    const flash = await withImage(path(name));
    const board = await CliBoard.start(path(name), '--flash', flash);
    boards.push(board);
    await board.until('"event":"boot"');
    expect(board.said.find(({ event }) => event === 'boot')).toMatchObject({
      why: 'primary slot',
      slot: 0,
      version: '1.2.3+0',
    });
    await board.until('Hello World! mine/stm32f429xx');
  });

  test('TypeScript is read where Node reads it, and refused in words where it does not', async () => {
    const text = `const name: string = 'typed';\nexport const board = { ...${JSON.stringify(mine)}, name };`;
    writeFileSync(path('typed.ts'), text);
    const { status, out, err } = await built('board', 'list', path('typed.ts'));
    const refusal = `${path('typed.ts')}: Node ${process.versions.node} reads no TypeScript: use Node 22.18`;
    const readsIt = status === 0 && out.startsWith('typed ');
    expect([readsIt, readsIt || (status === 65 && err.includes(refusal))]).toEqual([readsIt, true]);
  });

  test('an option wins over the file, and is not silent about it', async () => {
    const file = write('mine.json', mine);
    await ran(['imgtool', 'keygen', '-t', 'ecdsa-p256', '-k', path('other.pem')]);
    const board = await CliBoard.start(
      file,
      '--key',
      path('other.pem'),
      '--algorithm',
      'direct-xip',
    );
    boards.push(board);
    expect(board.terminal.err.text).toContain(
      `--key ${path('other.pem')}: ecdsa-p256 is checked instead of ed25519, which the board says`,
    );
  });

  test('is erased and programmed as itself, whatever else has its name', async () => {
    const file = write('mine.json', mine);
    const flash = await withImage(file);
    expect(readFileSync(flash)).toHaveLength(0x100000);
    expect(await ran(['board', 'erase', file, '--flash', flash])).toMatchObject({
      exit: 0,
      out: 'erased 1048576 bytes\n',
    });
  });

  test('its dumps are read with its layout and its keys', async () => {
    const file = write('mine.json', mine);
    const flash = await withImage(file);
    const { exit, out, err } = await ran(['flash', 'inspect', flash, '--board', file]);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain(
      `layout of board ${file}: swap-using-scratch, sectors 4 × 16384, 1 × 65536`,
    );
    expect(out).toContain(`signature  ED25519 by ${path('keys/mine.pem')}: right`);
    expect(await ran(['flash', 'why', flash, '--board', file])).toMatchObject({ exit: 0, err: '' });
    const other = write('other.json', {
      ...mine,
      mcuboot: { ...mine.mcuboot, keys: undefined, signature: undefined },
    });
    const unsigned = await ran(['flash', 'inspect', flash, '--board', other]);
    expect(unsigned.err).toContain('signatures are not checked: no key was given (-k)');
    await ran(['imgtool', 'keygen', '-t', 'ed25519', '-k', path('keys/other.pem')]);
    const strange = write('strange.json', {
      ...mine,
      mcuboot: { ...mine.mcuboot, keys: ['keys/other.pem'] },
    });
    const foreign = await ran(['flash', 'why', flash, '--board', strange]);
    expect(foreign).toMatchObject({ exit: 1, out: expect.stringContaining('key') as string });
    expect(await ran(['flash', 'fit', '--board', file])).toMatchObject({ err: '' });
  });

  test('with no signatures an image is hashed, boots, and is inspected without a doubt', async () => {
    const file = write('mine.json', {
      ...mine,
      mcuboot: { mode: 'swap-using-scratch', signature: 'none' },
    });
    const flash = await withImage(file);
    const { exit, out, err } = await ran(['flash', 'why', flash, '--board', file]);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(/^primary0 1\.2\.3\+0: runs/);
    const board = await CliBoard.start(file, '--flash', flash);
    boards.push(board);
    await board.until('"version":"1.2.3+0"');
  });
});

describe('a board file that is none', () => {
  test.each<readonly [string, string, number, string]>([
    ['a.json', '{', 65, 'a.json: expected a board file in JSON: '],
    ['b.json', '{}', 65, 'b.json: "name" is missing: expected 1 to 64 letters'],
    [
      'c.json',
      JSON.stringify({ ...mine, flash: { ...mine.flash, sectors: [{ count: 0, sizeBytes: 1 }] } }),
      65,
      'c.json: flash.sectors[0].count: expected a whole number from 1 to 1048576, got 0',
    ],
    [
      'd.mjs',
      'export const bord = {};',
      65,
      'd.mjs: expected a default export, or one named board, with a board, got bord',
    ],
    ['e.mjs', 'throw new Error("no luck");', 65, 'e.mjs: the module cannot be loaded: no luck'],
    [
      'f.mjs',
      'export default { get name() { throw new Error("no name") } };',
      65,
      'f.mjs: no name',
    ],
  ])('%s is refused with file and path', async (name, text, exit, message) => {
    writeFileSync(path(name), text);
    for (const args of [
      ['board', 'run', path(name)],
      ['board', 'program', path(name), 'x.bin', '--flash', path('flash.bin')],
      ['board', 'erase', path(name), '--flash', path('flash.bin')],
      ['board', 'list', path(name)],
      ['board', 'show', path(name)],
      ['firmware', 'build', 'saul', '--board', path(name), '-o', path('x.bin')],
      ['firmware', 'flash', 'saul', '--board', path(name)],
      ['flash', 'inspect', 'x.bin', '--board', path(name)],
      ['flash', 'why', 'x.bin', '--board', path(name)],
      ['flash', 'fit', '--board', path(name)],
    ]) {
      const result = await ran(args);
      expect([args, result.exit]).toEqual([args, exit]);
      expect(result.err).toContain(join(folder, message));
    }
  });

  test('one that is not there is no input; a name that is none is a wrong argument', async () => {
    expect(await ran(['board', 'run', './no.json'])).toMatchObject({
      exit: 66,
      err: expect.stringContaining('./no.json: no such file') as string,
    });
    expect(await ran(['board', 'run', './no.mjs'])).toMatchObject({ exit: 66 });
    expect(await ran(['board', 'run', 'no'])).toMatchObject({
      exit: 64,
      err: expect.stringContaining('no board "no"; there is: particle-xenon') as string,
    });
  });

  test('keys that contradict it are refused', async () => {
    const file = write('mine.json', {
      ...mine,
      mcuboot: { ...mine.mcuboot, signature: 'rsa-2048' },
    });
    const words = `${path('keys/mine.pem')}: expected a key of kind rsa-2048, as mcuboot.signature of the board says, got ed25519`;
    const run = await ran(['board', 'run', file]);
    expect(run).toMatchObject({ exit: 64, err: expect.stringContaining(words) as string });
    const none = write('none.json', { ...mine, mcuboot: { signature: 'ed25519' } });
    expect(await ran(['board', 'run', none])).toMatchObject({
      exit: 64,
      err: expect.stringContaining(
        "board reel_board: MCUboot checks ed25519, and the examples' key is of kind rsa-2048: expected mcuboot.keys in its file, or --key",
      ) as string,
    });
    const other = path('other.pem');
    expect(await ran(['imgtool', 'keygen', '-k', other, '-t', 'rsa-2048'])).toMatchObject({
      exit: 0,
    });
    const several = write('several.json', {
      ...mine,
      mcuboot: { keys: ['keys/mine.pem', 'other.pem'] },
    });
    const build = ['firmware', 'build', 'saul', '-o', path('x.bin'), '--board'];
    for (const args of [
      ['board', 'run', several],
      [...build, several],
    ]) {
      const { exit, err } = await ran(args);
      expect(exit).toBe(64);
      const one = `${other}: expected a key of kind ed25519, as ${path('keys/mine.pem')} is, got rsa-2048`;
      expect(err).toContain(one);
    }
    expect(await ran([...build, file, '--key', path('keys/mine.pem')])).toMatchObject({
      exit: 0,
      err: expect.stringContaining('MCUboot of the board checks rsa-2048, not ed25519') as string,
    });
    const gone = write('gone.json', {
      ...mine,
      mcuboot: { ...mine.mcuboot, keys: ['keys/no.pem'] },
    });
    expect(await ran(['board', 'run', gone])).toMatchObject({
      exit: 66,
      err: expect.stringContaining(`${path('keys/no.pem')}: no such file`) as string,
    });
  });
});
