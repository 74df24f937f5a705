import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { vectorFile } from '../../../test/support/mcuboot/imgtool-runs.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import { boardModel } from '../../board/index.ts';
import { FlashFile } from '../../board/node/index.ts';
import { readWhole } from './files.ts';

let folder: string;
const path = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-files-'));
  writeFileSync(path('payload.bin'), Buffer.alloc(64, 0x5a));
  writeFileSync(path('key.pem'), vectorFile('keys/ed25519.pem'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const keygen = (to: string): Promise<unknown> =>
  ran(['imgtool', 'keygen', '-k', to, '-t', 'ed25519']);

test('a file is read whole, in pieces where it is too long for one', () => {
  const bytes = Uint8Array.from({ length: 5000 }, (_, at) => at);
  writeFileSync(path('long'), bytes);
  expect(readWhole(path('long'), 4999)).toEqual(bytes);
  expect(readWhole(path('long'), 5000)).toEqual(bytes);
});

test.each([
  [['image', 'info']],
  [['image', 'verify']],
  [['image', 'diff']],
  [['flash', 'inspect']],
  [['flash', 'why']],
  [['download']],
  [['board', 'program', 'particle-xenon']],
])('%j of a file that cannot be read: 66, in words', async (command) => {
  const more = command[1] === 'diff' ? [path('payload.bin')] : [];
  const flash = command[1] === 'program' ? ['--flash', path('flash.bin')] : [];
  const missing = await ran([...command, path('missing'), ...more, ...flash]);
  expect(missing).toMatchObject({ exit: 66, err: `dfukit: ${path('missing')}: no such file\n` });
  const dir = await ran([...command, folder, ...more, ...flash]);
  expect(dir).toMatchObject({ exit: 66, err: `dfukit: ${folder}: it is a folder\n` });
});

test('a key that cannot be read is such a file, too', async () => {
  const args = ['image', 'info', path('payload.bin'), '-k', path('missing')];
  expect((await ran(args)).exit).toBe(66);
});

test.skipIf(!existsSync('/dev/zero'))('what has no end is given up', async () => {
  const { exit, err } = await ran(['image', 'info', '/dev/zero']);
  expect(exit).toBe(66);
  expect(err).toContain('/dev/zero: expected an end within 268435456 bytes');
});

const modeOf = (file: string): number => statSync(file).mode & 0o777;

// Windows has other rights, and links for administrators alone.
describe.skipIf(process.platform === 'win32')('a secret', () => {
  test('is readable by its owner alone', async () => {
    expect(await keygen(path('k.pem'))).toMatchObject({ exit: 0, err: '' });
    expect(modeOf(path('k.pem'))).toBe(0o600);
    expect(readFileSync(path('k.pem'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test('never stands in a file that others have open', async () => {
    writeFileSync(path('k.pem'), 'everybody reads this', { mode: 0o644 });
    const reader = openSync(path('k.pem'), 'r');
    try {
      expect(await keygen(path('k.pem'))).toMatchObject({ exit: 0 });
      const bytes = Buffer.alloc(1000);
      const length = readSync(reader, bytes, 0, bytes.length, 0);
      expect(bytes.toString('utf8', 0, length)).toBe('everybody reads this');
    } finally {
      closeSync(reader);
    }
    expect(modeOf(path('k.pem'))).toBe(0o600);
    expect(readdirSync(folder).toSorted()).toEqual(['k.pem', 'key.pem', 'payload.bin']);
  });

  test('leaves another name of the old file alone', async () => {
    writeFileSync(path('shown'), 'for all', { mode: 0o644 });
    linkSync(path('shown'), path('k.pem'));
    expect(await keygen(path('k.pem'))).toMatchObject({ exit: 0 });
    expect(readFileSync(path('shown'), 'utf8')).toBe('for all');
    expect(modeOf(path('shown'))).toBe(0o644);
  });

  test.each(['there', 'missing'])('goes where a link leads, to a file that is %s', async (what) => {
    mkdirSync(path('safe'));
    if (what === 'there') writeFileSync(path('safe/k.pem'), 'old', { mode: 0o644 });
    symlinkSync('safe/k.pem', path('k.pem'));
    expect(await keygen(path('k.pem'))).toMatchObject({ exit: 0 });
    expect(lstatSync(path('k.pem')).isSymbolicLink()).toBe(true);
    expect(readFileSync(path('safe/k.pem'), 'utf8')).toMatch(/^-----BEGIN/);
    expect(modeOf(path('safe/k.pem'))).toBe(0o600);
  });

  test('has no folder to go to', async () => {
    const outcome = await keygen(path('no/k.pem'));
    expect(outcome).toMatchObject({
      exit: 1,
      err: `Error: ${path('no/k.pem')}: it cannot be created: no such folder: ${path('no')}\n`,
    });
  });
});

describe('what is written', () => {
  const sign = (to: string, more: readonly string[] = []): ReturnType<typeof ran> =>
    ran(['image', 'sign', path('payload.bin'), '-v', '1.0.0', '-o', to, ...more]);

  test.skipIf(process.platform === 'win32').each([0o640, 0o600])(
    'keeps the rights of what was there: %i',
    async (rights) => {
      writeFileSync(path('out.bin'), 'old');
      chmodSync(path('out.bin'), rights);
      expect(await sign(path('out.bin'))).toMatchObject({ exit: 0 });
      expect(modeOf(path('out.bin'))).toBe(rights);
      expect(statSync(path('out.bin')).size).toBeGreaterThan(64);
    },
  );

  test.skipIf(process.platform === 'win32')('goes to what is no file as it is', async () => {
    expect(await sign('/dev/null')).toMatchObject({ exit: 0 });
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('cannot be a folder', async () => {
    const { exit, err } = await sign(folder);
    expect(exit).toBe(74);
    expect(err).toContain('it is a folder');
  });

  test.skipIf(process.platform === 'win32')('does not go round in circles', async () => {
    symlinkSync('b', path('a'));
    symlinkSync('a', path('b'));
    const { exit, err } = await sign(path('a'));
    expect(exit).toBe(74);
    expect(err).toMatch(/ELOOP/);
  });
});

describe.skipIf(process.platform === 'win32')('the flash of a board that runs', () => {
  const model = boardModel('particle-xenon');
  let flash: FlashFile;
  let before: Buffer;

  beforeEach(() => {
    flash = FlashFile.open(path('flash.bin'), model.flash);
    flash.write(0, Buffer.from('what the board has'));
    before = readFileSync(path('flash.bin'));
    symlinkSync('flash.bin', path('link'));
    symlinkSync('link', path('link-to-link'));
    linkSync(path('flash.bin'), path('hard'));
    writeFileSync(path('dump.bin'), before);
  });
  afterEach(() => flash.close());

  const names = ['flash.bin', 'link', 'link-to-link', 'hard'];
  const geometry = ['--sectors', '4Kx256', '--primary', '0:64K', '--secondary', '64K:64K'];
  const commands: readonly (readonly [string, number, (to: string) => readonly string[]])[] = [
    ['flash boot', 74, (to) => ['flash', 'boot', path('dump.bin'), ...geometry, '-o', to]],
    ['image sign', 74, (to) => ['image', 'sign', path('payload.bin'), '-v', '1', '-o', to]],
    [
      'imgtool sign',
      1,
      (to) =>
        ['imgtool', 'sign', '-v', '1.0.0', '-H', '32', '-S', '0x1000', '--pad-header'].concat(
          path('payload.bin'),
          to,
        ),
    ],
    ['imgtool keygen', 1, (to) => ['imgtool', 'keygen', '-t', 'ed25519', '-k', to]],
    [
      'imgtool getpub',
      1,
      (to) => ['imgtool', 'getpub', '-k', path('key.pem'), '-e', 'raw', '-o', to],
    ],
    ['genhdr generate', 1, (to) => ['genhdr', 'generate', 'x', '1', '0', '256', to]],
    ['upload', 73, (to) => ['upload', to]],
    [
      'board program',
      74,
      (to) =>
        ['board', 'program', 'particle-xenon', path('payload.bin'), '--address', '0'].concat(
          '--flash',
          to,
        ),
    ],
    ['board erase', 74, (to) => ['board', 'erase', 'particle-xenon', '--flash', to]],
  ];

  test.each(commands.flatMap((each) => names.map((name) => [name, ...each] as const)))(
    'is not written to as %s by %s',
    async (name, command, code, args) => {
      const { exit, err } = await ran(args(path(name)));
      expect(exit).toBe(code);
      expect(err).toContain(command === 'upload' ? 'it exists' : `process ${process.pid}`);
      expect(readFileSync(path('flash.bin')).equals(before)).toBe(true);
      expect(statSync(path('flash.bin')).ino).toBe(statSync(path('hard')).ino);
    },
  );

  test('stays what it is when another name of it, elsewhere, becomes another file', async () => {
    mkdirSync(path('elsewhere'));
    linkSync(path('flash.bin'), path('elsewhere/hard'));
    const args = ['image', 'sign', path('payload.bin'), '-v', '1', '-o', path('elsewhere/hard')];
    expect(await ran(args)).toMatchObject({ exit: 0 });
    expect(readFileSync(path('flash.bin')).equals(before)).toBe(true);
  });

  test('is free when the board is put away', async () => {
    flash.close();
    for (const name of names) {
      const args = ['board', 'erase', 'particle-xenon', '--flash', path(name)];
      expect(await ran(args)).toMatchObject({ exit: 0, err: '' });
    }
  });
});

test('a file of more than 32 bits can address is refused with its size', async () => {
  writeFileSync(path('huge.bin'), '');
  truncateSync(path('huge.bin'), 5 * 2 ** 30);
  const { exit, err } = await ran(['image', 'info', path('huge.bin')]);
  expect([exit, err]).toEqual([
    66,
    expect.stringContaining('it has 5368709120 bytes, and no more than 4294967296 are read'),
  ]);
});
