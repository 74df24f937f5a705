import { describe, expect, test } from 'vitest';
import {
  boardOf,
  boardsFor,
  channelsOf,
  offersFor,
  readManifest,
  runningVersion,
} from './index.ts';
import type { FirmwareManifest, ManifestBoard } from './index.ts';

const file = (url: string, more: object = {}): object => ({
  url,
  sizeBytes: 1,
  sha256: '0'.repeat(64),
  ...more,
});

const manifest = readManifest({
  manifest: 1,
  product: 'Lamp',
  boards: [
    { name: 'lamp', usb: ['1209:7d00', '1209:7d02'], serial: 'L*' },
    { name: 'old lamp', usb: ['1209:7d00'], serial: 'O*', bcdDevice: { most: '1.50' } },
    { name: 'ring', usb: ['1209:7d05'] },
  ],
  releases: [
    { version: '1.9', bcdDevice: '0109', files: [file('1.9.bin')] },
    {
      version: '1.10',
      bcdDevice: '1.10',
      minimumVersion: '1.9',
      files: [file('lamp.bin', { boards: ['lamp'] }), file('ring.bin', { boards: ['ring'] })],
    },
    { version: '2.0-rc.1', channel: 'beta', bcdDevice: '0200', files: [file('2.bin')] },
    { version: '2.0', channel: 'nightly', bcdDevice: '0200', files: [file('2n.bin')] },
  ],
});

const lamp = { idVendor: 0x1209, idProduct: 0x7d00, bcdDevice: 0x0109, serial: 'L1' };

function named(name: string): ManifestBoard {
  const found = manifest.boards.find((each) => each.name === name);
  if (found === undefined) throw new Error(name);
  return found;
}

describe('which board a device is', () => {
  test.each<readonly [object, string | undefined]>([
    [{}, 'lamp'],
    [{ idProduct: 0x7d02 }, 'lamp'],
    [{ serial: 'O1' }, 'old lamp'],
    [{ serial: 'O1', bcdDevice: 0x0151 }, undefined],
    [{ serial: 'O1', bcdDevice: 0x0150 }, 'old lamp'],
    [{ serial: undefined }, undefined],
    [{ serial: 'x' }, undefined],
    [{ idProduct: 0x7d05, serial: undefined }, 'ring'],
    [{ idVendor: 0x1208 }, undefined],
  ])('%j: %s', (more, name) => {
    expect(boardOf(manifest, { ...lamp, ...more })?.name).toBe(name);
  });

  describe('that others are in DFU mode, too', () => {
    const loader = '0483:df11';
    const alike = readManifest({
      ...manifest,
      boards: [
        { name: 'lamp', usb: ['1209:7d00'], dfuUsb: [loader], serial: 'L*' },
        { name: 'ring', usb: ['1209:7d05'], dfuUsb: [loader], bcdDevice: { least: '1.00' } },
      ],
    });
    const inRom = { idVendor: 0x483, idProduct: 0xdf11, bcdDevice: 0, serial: undefined };

    test('is known while its firmware runs, and of its loader nobody can tell', () => {
      expect(boardOf(alike, { ...lamp, mode: 'runtime' })?.name).toBe('lamp');
      for (const mode of ['dfu', undefined] as const) {
        const names = boardsFor(alike, { ...inRom, mode }).map(({ name }) => name);
        expect(names).toEqual(['lamp', 'ring']);
      }
      expect(() => boardOf(alike, inRom)).toThrow(
        expect.objectContaining({ code: 'AMBIGUOUS', message: expect.any(String) as string }),
      );
      expect(boardOf(alike, { ...inRom, mode: 'runtime' })).toBeUndefined();
    });

    test('is the only one there is with that loader', () => {
      const [first] = alike.boards;
      if (first === undefined) throw new Error('expected a board');
      const one = readManifest({
        ...alike,
        boards: [first],
        releases: manifest.releases.slice(0, 1),
      });
      expect(boardOf(one, inRom)?.name).toBe('lamp');
    });
  });

  test('of a manifest that nobody has read', () => {
    const twice: FirmwareManifest = {
      ...manifest,
      boards: [named('lamp'), { ...named('lamp'), name: 'twin' }],
    };
    expect(() => boardOf(twice, lamp)).toThrow(
      'the device may be "lamp" or "twin" of the manifest: by 1209:7d00 nobody can tell which',
    );
  });
});

test.each([
  [0x0109, '1.9'],
  [0x0110, '1.10'],
  [0x0200, undefined],
  [0x0300, undefined],
])('bcdDevice %i is version %s', (bcdDevice, version) => {
  expect(runningVersion(manifest, bcdDevice)).toBe(version);
});

describe('what there is for a board', () => {
  const urls = (name: string, more: object = {}): string[] =>
    offersFor(manifest, { board: named(name), ...more }).map(({ file: { url } }) => url);

  test('newest first, of its channel', () => {
    expect(urls('lamp')).toEqual(['lamp.bin', '1.9.bin']);
    expect(urls('ring')).toEqual(['ring.bin', '1.9.bin']);
    expect(urls('old lamp')).toEqual(['1.9.bin']);
    expect(urls('lamp', { channel: 'beta' })).toEqual(['2.bin']);
    expect(urls('lamp', { channel: 'none' })).toEqual([]);
    expect(channelsOf(manifest)).toEqual(['stable', 'beta', 'nightly']);
  });

  test.each([
    ['1.8', ['update', 'update']],
    ['1.9', ['update', 'same']],
    ['1.9.0', ['update', 'same']],
    ['1.10', ['same', 'downgrade']],
    [undefined, [undefined, undefined]],
  ])('where %s runs: %j', (version, changes) => {
    const offers = offersFor(manifest, { board: named('lamp'), version });
    expect(offers.map(({ change }) => change)).toEqual(changes);
  });

  test.each([
    [
      undefined,
      undefined,
      '1.10 is for devices that run 1.9 or newer; which version this one runs is not known.',
    ],
    [
      '1.8',
      '1.10 is for devices that run 1.9 or newer, and this one runs 1.8: bring it to 1.9 first.',
      undefined,
    ],
    ['1.9', undefined, undefined],
    ['2.0', undefined, undefined],
  ])('a device that runs %s', (version, barred, doubt) => {
    const [newest, older] = offersFor(manifest, { board: named('lamp'), version });
    expect(newest).toMatchObject({ barred, doubt });
    expect(older).toMatchObject({ barred: undefined, doubt: undefined });
  });
});
