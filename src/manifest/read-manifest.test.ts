import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { boardOf, readManifest } from './index.ts';

const hash = 'ab'.repeat(32);
const file = { url: 'lamp.bin', sizeBytes: 1024, sha256: hash };
const release = { version: '1.2.0', files: [file] };
const board = { name: 'lamp', usb: ['1209:7d00', '1209:7d02'] };
const least = { manifest: 1, product: 'Lamp', boards: [board], releases: [release] };

const pem =
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';

const whole = {
  $schema: 'https://unpkg.com/dfukit/schemas/manifest.schema.json',
  ...least,
  product: 'Lämpchen',
  boards: [
    { ...board, serial: 'A*', bcdDevice: { least: '0100', most: '1.99' } },
    { name: 'lamp pro', usb: ['1209:7D00'], serial: 'B[0-9]*', bcdDevice: { least: '2.00' } },
  ],
  releases: [
    {
      version: '1.3.0-rc.1',
      channel: 'beta',
      bcdDevice: '0130',
      notes: 'Blinks.\n\tTwice.',
      minimumVersion: '1.1',
      files: [
        {
          ...file,
          boards: ['lamp'],
          key: 'AB'.repeat(4),
          alternate: 'Internal Flash',
          label: 'slot 0',
        },
        {
          ...file,
          boards: ['lamp'],
          url: 'b.bin',
          alternate: 0,
          address: '0x08000000',
          label: 'slot 1',
          erase: 'ask',
        },
      ],
    },
    release,
  ],
  keys: [{ id: 'ab'.repeat(4), pem }],
};

function fault(value: unknown): string {
  try {
    readManifest(value);
  } catch (error) {
    if (DfuError.is(error, 'MALFORMED')) return error.message;
    throw error;
  }
  return 'read';
}

const withRelease = (more: object): object => ({ ...least, releases: [{ ...release, ...more }] });
const withFile = (more: object): object => withRelease({ files: [{ ...file, ...more }] });
const withBoards = (...boards: object[]): object => ({
  ...least,
  boards: boards.map((each) => Object.assign({}, board, each)),
});

describe('a manifest', () => {
  test('is read as it stands', () => {
    expect(readManifest(least)).toEqual(least);
    expect(readManifest(JSON.stringify(least))).toEqual(least);
  });

  test('may say all of this, and is read in one way of writing', () => {
    const read = readManifest(whole);
    expect(read).not.toHaveProperty('$schema');
    expect(read.boards[1]?.usb).toEqual(['1209:7d00']);
    expect(read.releases[0]?.files[0]?.key).toBe('abababab');
    expect(read.releases[0]?.files[1]).toMatchObject({
      address: 0x08000000,
      alternate: 0,
      erase: 'ask',
    });
    expect(readManifest(read)).toEqual(read);
  });

  test('a board that a file names twice is one, and the file is not in its own way', () => {
    const twice = withFile({ boards: ['lamp', 'lamp'] });
    expect(readManifest(twice).releases[0]?.files).toHaveLength(1);
  });

  test.each<readonly [unknown, string]>([
    ['{"manifest":', 'manifest: expected JSON: Unexpected end of JSON input'],
    ['\n<!doctype html>', 'manifest: expected JSON, got a web page'],
    ['<?xml version="1.0"?><Error/>', 'manifest: expected JSON, got XML or HTML'],
    ['\uFEFF', 'manifest: expected JSON, got nothing'],
    ['\uFEFF[]', 'manifest: expected a firmware manifest, got a list of 0'],
    [`"${'x'.repeat(2 ** 20)}"`, 'manifest: expected at most 1048576 characters, got 1048578'],
    ['[]', 'manifest: expected a firmware manifest, got a list of 0'],
    [undefined, 'manifest: expected a firmware manifest, got nothing'],
    [{ ...least, manifest: 2 }, 'manifest: manifest: expected one of 1, got 2'],
    [
      { ...least, products: 1 },
      'manifest: products: unknown key "products", did you mean "product"?',
    ],
    [
      withFile({ sha265: '' }),
      'manifest: releases[0].files[0].sha265: unknown key "sha265", did you mean "sha256"?',
    ],
    [
      withFile({ sha256: 'ab' }),
      'manifest: releases[0].files[0].sha256: expected 64 hexadecimal digits, got "ab"',
    ],
    [
      withFile({ sizeBytes: 0 }),
      'manifest: releases[0].files[0].sizeBytes: expected a whole number of bytes from 1 to 67108864, got 0',
    ],
    [
      withFile({ url: 'javascript:alert(1)' }),
      'manifest: releases[0].files[0].url: expected where the file is, relative to the manifest, or http(s)://, got "javascript:alert(1)"',
    ],
    [
      withFile({ boards: ['lmap'] }),
      'manifest: releases[0].files[0].boards[0]: there is no board "lmap", did you mean "lamp"?',
    ],
    [
      withFile({ boards: ['x'] }),
      'manifest: releases[0].files[0].boards[0]: there is no board "x"; there are: lamp',
    ],
    [
      withFile({ alternate: '1'.repeat(65) }),
      `manifest: releases[0].files[0].alternate: expected 1 to 64 characters that can be seen, got "${'1'.repeat(59)}…`,
    ],
    [
      withRelease({ version: 'v1' }),
      'manifest: releases[0].version: expected a version: one to four numbers with dots, a pre-release behind -, a build behind +, such as 1.2.0, got "v1"',
    ],
    [
      withRelease({ minimumVersion: '1.3' }),
      'manifest: releases[0].minimumVersion: 1.3 is newer than 1.2.0 itself',
    ],
    [
      withRelease({ notes: 'a\u202eb' }),
      'manifest: releases[0].notes: expected at most 16384 characters, got "a\u202eb"',
    ],
    [
      withRelease({ files: [file, { ...file, url: 'b.bin' }] }),
      'manifest: releases[0].files[1]: board "lamp" has "lamp.bin" already: tell them apart by label',
    ],
    [
      { ...least, releases: [release, { ...release, channel: 'stable' }] },
      'manifest: releases[1]: there is a release 1.2.0 (stable) already',
    ],
    [
      {
        ...least,
        releases: [release, { version: '1.1', files: [{ ...file, sha256: 'cd'.repeat(32) }] }],
      },
      'manifest: releases[1].files[0].url: the same url has another sha256 elsewhere in the manifest',
    ],
    [
      withBoards({ usb: ['1209'] }),
      'manifest: boards[0].usb[0]: expected VID:PID in hex, such as 1209:7d00, got "1209"',
    ],
    [
      withBoards({ serial: '[9-0]' }),
      'manifest: boards[0].serial: a range in brackets goes backwards',
    ],
    [
      withBoards({ bcdDevice: { least: '0200', most: '1.99' } }),
      'manifest: boards[0].bcdDevice: least is above most',
    ],
    [withBoards({}, { usb: ['1:2'] }), 'manifest: boards[1].name: there is a board "lamp" already'],
    [
      withBoards({}, { name: 'b' }),
      'manifest: boards[1]: a device with 1209:7d00 may be "lamp" as well: tell them apart by serial or bcdDevice, or list what they share in DFU mode in dfuUsb of each',
    ],
    [
      withBoards({}, { name: 'b', usb: ['1209:1'], dfuUsb: ['1209:7d00'] }),
      'manifest: boards[1]: 1209:7d00 stands in usb of "lamp" and in dfuUsb of "b": what several boards have in DFU mode is in dfuUsb of each',
    ],
    [
      withBoards({ dfuUsb: ['1209:7D00'] }),
      'manifest: boards[0]: 1209:7d00 stands in usb of "lamp" and in dfuUsb of "lamp": what several boards have in DFU mode is in dfuUsb of each',
    ],
    [
      withBoards({ serial: 'A*' }, { name: 'b', serial: '*A' }),
      'manifest: boards[1]: a device with 1209:7d00 may be "lamp" as well: tell them apart by serial or bcdDevice, or list what they share in DFU mode in dfuUsb of each',
    ],
    [
      { ...least, keys: [{ id: 'abababab', pem: pem.replaceAll('PUBLIC', 'PRIVATE') }] },
      'manifest: keys[0].pem: a private key stands here, where all can read it: sign with a new one, and give its public half',
    ],
    [
      {
        ...least,
        keys: [
          { id: 'abababab', pem },
          { id: 'ABABABAB', pem },
        ],
      },
      'manifest: keys[1].id: there is a key abababab already',
    ],
  ])('%# is refused', (value, message) => {
    expect(fault(value)).toBe(message);
  });

  test.each([
    withBoards({ serial: 'A*' }, { name: 'b', serial: 'B*' }),
    withBoards({ bcdDevice: { most: '0199' } }, { name: 'b', bcdDevice: { least: '0200' } }),
    withBoards({}, { name: 'b', usb: ['1209:7d01'] }),
    { ...least, releases: [release, { ...release, channel: 'beta' }] },
  ])('%# is told apart', (value) => {
    expect(fault(value)).toBe('read');
  });

  test('names that mean something to a program are names', () => {
    const text =
      '{"manifest":1,"product":"__proto__","boards":[{"name":"__proto__","usb":["1:2"]}],"releases":[{"version":"1","files":[{"url":"constructor","sizeBytes":1,"sha256":"' +
      hash +
      '"}]}]}';
    const read = readManifest(text);
    expect(
      boardOf(read, { idVendor: 1, idProduct: 2, bcdDevice: 0, serial: undefined })?.name,
    ).toBe('__proto__');
    expect(fault(text.replace('"product"', '"__proto__"'))).toContain('unknown key "__proto__"');
  });
});

describe('whatever stands there', () => {
  // Pieces of a manifest, changed at places that nobody chose.
  const damaged = fc
    .tuple(
      fc.constantFrom(JSON.stringify(whole), JSON.stringify(least)),
      fc.array(fc.tuple(fc.nat(2000), fc.string({ maxLength: 3 })), { minLength: 1, maxLength: 3 }),
    )
    .map(([text, changes]) =>
      changes.reduce(
        (now, [at, put]) =>
          now.slice(0, at % now.length) + put + now.slice((at % now.length) + put.length),
        text,
      ),
    );

  test.each<readonly [string, fc.Arbitrary<unknown>]>([
    ['any text', fc.string()],
    ['any JSON', fc.json()],
    ['any value', fc.anything()],
    ['a manifest that is damaged', damaged],
  ])('%s is a manifest or MALFORMED', (_name, values) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(fault(value)).toMatch(/^(read$|manifest: )/);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['lists in lists', '['.repeat(500_000) + ']'.repeat(500_000)],
    ['objects in objects', '{"boards":'.repeat(90_000) + '1' + '}'.repeat(90_000)],
    [
      'keys without end',
      JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, at) => [`k${at}`, at]))),
    ],
    [
      'boards without end',
      JSON.stringify({
        ...least,
        boards: Array.from({ length: 10_000 }, (_, at) => ({ name: `b${at}`, usb: ['1:2'] })),
      }),
    ],
  ])('%s', (_name, text) => {
    expect(text.length).toBeLessThanOrEqual(2 ** 20);
    expect(fault(text)).not.toBe('read');
  });

  test('as many boards as there may be, with patterns as hard as can be', () => {
    const boards = Array.from({ length: 64 }, (_, at) => {
      const mark = at.toString(2).padStart(6, '0').replaceAll('0', 'a').replaceAll('1', 'b');
      return { name: `b${at}`, usb: ['1:2'], serial: `${mark}${'*?'.repeat(29)}` };
    });
    expect(fault({ ...least, boards })).toBe('read');
    const ends = boards.map(({ serial, ...each }) =>
      Object.assign(each, { serial: `${'*?'.repeat(29)}${serial.slice(0, 6)}` }),
    );
    expect(fault({ ...least, boards: ends })).toBe('read');
  });
});
