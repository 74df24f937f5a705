import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';
import { toHex } from '../../bytes/index.ts';
import { appendSuffix, writeDfuSeFile } from '../../dfu/index.ts';
import {
  generateKey,
  publicKeyHash,
  riotbootImage,
  signImage,
  writePrivatePem,
  writePublicPem,
} from '../../image/index.ts';
import type { PrivateKey } from '../../image/index.ts';
import { readManifest } from '../../manifest/index.ts';
import type { FirmwareManifest } from '../../manifest/index.ts';

let folder = '';
const payload = Uint8Array.from({ length: 3000 }, (_, at) => (at * 11) & 0xff);
const [key, other] = await Promise.all([generateKey('ecdsa-p384'), generateKey('ed25519')]);

async function signed(signer: PrivateKey, build = 0): Promise<Uint8Array> {
  const version = { major: 1, minor: 2, revision: 0, build };
  const { bytes } = await signImage(payload, {
    version,
    headerSize: 32,
    padHeader: true,
    key: signer,
  });
  return bytes;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-manifest-'));
  mkdirSync(join(folder, 'fw 1'));
  const suffix = { bcdDevice: 0x0130, idProduct: 0x7d02, idVendor: 0x1209, bcdDFU: 0x0100 };
  const riot = riotbootImage(payload, { version: 7, startAddress: 0x1100, headerLength: 256 });
  const any = { bcdDevice: 0, idProduct: 0xffff, idVendor: 0xffff };
  const elements = [{ address: 0x0800_0000, data: payload }];
  const files: Record<string, Uint8Array | string> = {
    'plain.bin': payload,
    'riot.dfu': appendSuffix(riot, suffix),
    'dfuse.dfu': writeDfuSeFile([{ alternate: 0, name: undefined, elements }], any),
    'fw 1/signed.bin': await signed(key),
    'build.bin': await signed(key, 9),
    'others.bin': await signed(other),
    'key.pem': await writePrivatePem(key),
    'public.pem': writePublicPem(key),
    'other.pem': writePublicPem(other),
    'zip.bin': Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0),
    'notes.txt': 'Blinks.\nTwice.\n',
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

/** Names of files stand in the folder, in what is typed and in what is said. */
async function typed(line: readonly string[]): Promise<Ran> {
  const args = line.map((word) =>
    /\.(bin|dfu|pem|json|txt)$/.test(word) && !word.includes('=') ? at(word) : word,
  );
  const { exit, out, err } = await ran(['manifest', ...args]);
  const short = (text: string): string => text.replaceAll(`${folder}/`, '');
  return { exit, out: short(out), err: short(err) };
}

function written(name: string): FirmwareManifest {
  return readManifest(readFileSync(at(name), 'utf8'));
}

const lamp = ['--product', 'Lamp', '--board', 'lamp=1209:7D00,1209:7d02'];

describe('dfukit manifest create', () => {
  test('of a file that says all of it', async () => {
    const { exit, out, err } = await typed([
      'create',
      'riot.dfu',
      '--product',
      'Lamp',
      '-o',
      'riot.json',
    ]);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toBe('riot.json: Lamp 7 (stable) for Lamp: riot.dfu, 3272 bytes\n');
    const manifest = written('riot.json');
    expect(manifest.boards).toEqual([{ name: 'Lamp', usb: ['1209:7d02'] }]);
    expect(manifest.releases).toEqual([
      {
        version: '7',
        bcdDevice: '0130',
        files: [
          { url: 'riot.dfu', sizeBytes: 3272, sha256: manifest.releases[0]?.files[0]?.sha256 },
        ],
      },
    ]);
    expect(JSON.parse(readFileSync(at('riot.json'), 'utf8'))).toHaveProperty(
      '$schema',
      'https://unpkg.com/dfukit/schemas/manifest.schema.json',
    );
    expect((await typed(['check', 'riot.json'])).exit).toBe(0);
  });

  test('of a signed image, with its key', async () => {
    const words = ['create', 'fw 1/signed.bin', ...lamp, '-k', 'key.pem', '-o', 'signed.json'];
    const { exit, out } = await typed(words);
    const id = toHex(await publicKeyHash(key, 'SHA-384'));
    expect([exit, out]).toEqual([
      0,
      `signed.json: Lamp 1.2.0 (stable) for lamp: fw%201/signed.bin, ${statSync(at('fw 1/signed.bin')).size} bytes\nThe image is signed with key ${id.slice(0, 16)}…, which the manifest names.\n`,
    ]);
    const manifest = written('signed.json');
    expect(manifest.keys).toEqual([{ id, pem: writePublicPem(key) }]);
    expect(readFileSync(at('signed.json'), 'utf8')).not.toContain('PRIVATE');
    expect(manifest.releases[0]?.files[0]).toMatchObject({ url: 'fw%201/signed.bin', key: id });
    expect(await typed(['check', 'signed.json'])).toEqual({
      exit: 0,
      err: '',
      out: `signed.json: Lamp, for lamp\n  1.2.0 stable  fw%201/signed.bin: good\n    Size and SHA-256 are those of the manifest.\n    The image is signed with key ${id.slice(0, 16)}…, which the manifest names.\n`,
    });
  });

  test('of a signed image whose key nobody gives', async () => {
    const { out } = await typed(['create', 'build.bin', ...lamp, '-o', 'named.json']);
    expect(out).toContain('1.2.0+9 (stable)');
    expect(out).toContain('that was not checked: the manifest does not have the key itself.');
    const { exit, err } = await typed(['check', 'named.json']);
    expect([exit, err]).toEqual([75, 'dfukit: named.json: 1 of 1 files: not checked in full\n']);
    expect((await typed(['check', 'named.json', '-k', 'public.pem'])).exit).toBe(0);
    expect((await typed(['check', 'named.json', '-k', 'other.pem'])).exit).toBe(75);
  });

  test('with all that can be said', async () => {
    const { exit, err } = await typed([
      'create',
      'plain.bin',
      ...lamp,
      '-o',
      'all.json',
      '--release',
      '1.3.0-rc.1',
      '--channel',
      'beta',
      '--bcd-device',
      '1.30',
      '--minimum-version',
      '1.0',
      '--notes',
      'notes.txt',
      '--for',
      'lamp',
      '--label',
      'slot 0',
      '--alternate',
      '0',
      '--address',
      '0x08004000',
      '--erase',
      'ask',
      '--url',
      'https://cdn.example.org/lamp',
    ]);
    expect([exit, err]).toEqual([0, '']);
    expect(written('all.json').releases).toMatchObject([
      {
        version: '1.3.0-rc.1',
        channel: 'beta',
        bcdDevice: '1.30',
        minimumVersion: '1.0',
        notes: 'Blinks.\nTwice.',
        files: [
          {
            boards: ['lamp'],
            label: 'slot 0',
            alternate: 0,
            address: 0x0800_4000,
            erase: 'ask',
            url: 'https://cdn.example.org/lamp/plain.bin',
          },
        ],
      },
    ]);
    expect(readFileSync(at('all.json'), 'utf8')).toContain('"address": "0x08004000"');
    const { exit: checked, out } = await typed(['check', 'all.json']);
    expect(checked).toBe(75);
    expect(out).toContain('It is not beside the manifest, and is not fetched.');
  });

  test('for a board of the catalogue', async () => {
    await typed([
      'create',
      'riot.dfu',
      '--product',
      'Lamp',
      '--board',
      'particle-xenon',
      '-o',
      'xenon.json',
      '--json',
    ]);
    expect(written('xenon.json').boards).toEqual([{ name: 'particle-xenon', usb: ['1209:7d02'] }]);
  });

  test.each<readonly [string, readonly string[], number, string]>([
    [
      'nobody says the version',
      ['plain.bin', ...lamp],
      64,
      'plain.bin does not say its version: --release VERSION',
    ],
    [
      'nobody says the board',
      ['plain.bin', '--product', 'Lamp', '--release', '1'],
      64,
      'which devices the file is for is not said, and its suffix does not say it: --board NAME=VID:PID,VID:PID',
    ],
    [
      'a DfuSe file for any',
      ['dfuse.dfu', '--product', 'Lamp', '--release', '1'],
      64,
      'which devices the file is for is not said, and its suffix does not say it: --board NAME=VID:PID,VID:PID',
    ],
    [
      'a board that is not there',
      ['plain.bin', ...lamp, '--release', '1', '--for', 'lmap'],
      64,
      'manifest: releases[0].files[0].boards[0]: there is no board "lmap", did you mean "lamp"?',
    ],
    [
      'ids that are none',
      ['riot.dfu', '--product', 'x', '--board', 'a=b'],
      64,
      '--board a=b: expected VID:PID in hex, e.g. 1209:7d02, got "b"',
    ],
    [
      'no board of the catalogue',
      ['riot.dfu', '--product', 'x', '--board', 'reel_board'],
      64,
      '--board reel_board: the bootloader of reel_board has no DFU mode: say the ids of its firmware, as reel_board=1209:7d00',
    ],
    [
      'a version that is none',
      ['plain.bin', ...lamp, '--release', 'new'],
      64,
      'manifest: releases[0].version: expected a version',
    ],
    [
      'no firmware',
      ['zip.bin', ...lamp, '--release', '1'],
      65,
      'zip.bin: the file is a zip file, no firmware',
    ],
    [
      'another key',
      ['others.bin', ...lamp, '-k', 'public.pem'],
      65,
      'The image is signed with another key than',
    ],
    [
      'no image for a key',
      ['plain.bin', ...lamp, '-k', 'key.pem', '--release', '1'],
      65,
      'and is no MCUboot image',
    ],
    ['no file', ['none.bin', ...lamp], 66, 'none.bin: no such file'],
  ])('%s', async (_name, words, code, message) => {
    const { exit, err } = await typed(['create', ...words, '-o', 'never.json']);
    expect([exit, err]).toEqual([code, expect.stringContaining(message)]);
    expect(() => written('never.json')).toThrow('ENOENT');
  });

  test('a version that is another than the image says is told', async () => {
    const { exit, err } = await typed([
      'create',
      'riot.dfu',
      '--product',
      'x',
      '--release',
      '2.0',
      '-o',
      'other.json',
    ]);
    expect([exit, err]).toEqual([0, 'dfukit: riot.dfu says of itself that it is 7, not 2.0\n']);
  });

  test('replaces no manifest unless it is told to', async () => {
    const words = ['create', 'riot.dfu', '--product', 'x', '-o', 'twice.json'];
    await typed(words);
    const { exit, err } = await typed(words);
    expect([exit, err]).toEqual([
      73,
      'dfukit: cannot create twice.json: it is there already; dfukit manifest add puts another file into it\n',
    ]);
    expect((await typed([...words, '--force'])).exit).toBe(0);
  });
});

describe('dfukit manifest add', () => {
  test('a release, a file, a board, and a file in place of another', async () => {
    await typed(['create', 'fw 1/signed.bin', ...lamp, '-k', 'key.pem', '-o', 'grow.json']);
    expect((await typed(['add', 'grow.json', 'build.bin', '-k', 'key.pem'])).exit).toBe(0);
    expect(
      (
        await typed([
          'add',
          'grow.json',
          'plain.bin',
          '--release',
          '1.2.0',
          '--board',
          'ring=1209:7d05',
          '--for',
          'ring',
          '--label',
          'ring',
        ])
      ).exit,
    ).toBe(0);
    const { releases, boards, keys } = written('grow.json');
    expect(boards.map(({ name }) => name)).toEqual(['lamp', 'ring']);
    expect(keys).toHaveLength(1);
    expect(releases.map(({ version, files }) => [version, files.map(({ url }) => url)])).toEqual([
      ['1.2.0+9', ['build.bin']],
      ['1.2.0', ['fw%201/signed.bin', 'plain.bin']],
    ]);
    const again = ['add', 'grow.json', 'others.bin', '--release', '1.2.0+9'];
    const { exit, err } = await typed(again);
    expect(exit).toBe(64);
    expect(err).toContain(
      'releases[0].files[1]: board "lamp" has "build.bin" already: tell them apart by label',
    );
    expect((await typed([...again, '--replace', '--notes', 'notes.txt', '--json'])).exit).toBe(0);
    expect(written('grow.json').releases[0]).toMatchObject({
      notes: 'Blinks.\nTwice.',
      files: [{ url: 'others.bin' }],
    });
  });

  test('a board that is another one already', async () => {
    await typed(['create', 'riot.dfu', ...lamp, '-o', 'boards.json']);
    const { exit, err } = await typed([
      'add',
      'boards.json',
      'plain.bin',
      '--release',
      '8',
      '--board',
      'lamp=1:2',
    ]);
    expect([exit, err]).toEqual([
      64,
      'dfukit: --board: the manifest has a board "lamp" already, with 1209:7d00, 1209:7d02\n',
    ]);
    expect(
      (
        await typed([
          'add',
          'boards.json',
          'plain.bin',
          '--release',
          '8',
          '--board',
          'lamp=1209:7d00',
        ])
      ).exit,
    ).toBe(0);
  });
});

describe('dfukit manifest check', () => {
  const manifestOf = (...files: readonly object[]): string =>
    JSON.stringify({
      manifest: 1,
      product: 'Lamp',
      boards: [{ name: 'lamp', usb: ['1209:7d00'] }],
      releases: files.map((file, index) => ({
        version: String(index),
        files: [{ url: 'plain.bin', sizeBytes: 3000, sha256: '0'.repeat(64), ...file }],
      })),
    });

  test('a file that is another one, and one that is not there', async () => {
    writeFileSync(
      at('wrong.json'),
      manifestOf({}, { url: 'none.bin', sha256: '1'.repeat(64) }, { url: 'https://example.org/x' }),
    );
    const { exit, out, err } = await typed(['check', 'wrong.json']);
    expect([exit, err]).toEqual([
      65,
      'dfukit: wrong.json: 1 of 3 files: not as the manifest says\n',
    ]);
    expect(out).toMatch(
      / {2}0 stable {2}plain\.bin: bad\n {4}The file's SHA-256 is [0-9a-f]{64}, and the manifest says 0{64}\.\n {2}1 stable {2}none\.bin: missing\n {4}none\.bin: no such file\n/,
    );
    const lines = (await typed(['check', 'wrong.json', '--json'])).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { type: 'file', outcome: 'bad', version: '0' },
      { type: 'file', outcome: 'missing' },
      { type: 'file', outcome: 'unknown' },
      { type: 'checked', product: 'Lamp', good: 0, unknown: 1, missing: 1, bad: 1 },
      { type: 'error', code: 'REFUSED', exit: 65 },
    ]);
  });

  test.each([
    ['none.bin', 66, 'missing'],
    ['%ff.bin', 75, 'That is no name of a file here.'],
    ['..%2f..%2fetc%2fpasswd', 75, 'That is no name of a file here.'],
    ['/etc/passwd', 75, 'It is not beside the manifest, and is not fetched.'],
  ])('%s', async (url, code, words) => {
    writeFileSync(at('names.json'), manifestOf({ url }));
    const { exit, out } = await typed(['check', 'names.json']);
    expect(exit).toBe(code);
    expect(out).toContain(words);
  });

  test.each([
    ['{', 'names.json: manifest: expected JSON: '],
    [
      manifestOf({ url: 'javascript:0' }),
      'names.json: manifest: releases[0].files[0].url: expected where the file is',
    ],
  ])('%# is no manifest', async (text, words) => {
    writeFileSync(at('names.json'), text);
    const { exit, err } = await typed(['check', 'names.json']);
    expect([exit, err]).toEqual([65, expect.stringContaining(words)]);
  });
});
