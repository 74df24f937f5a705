import { describe, expect, test } from 'vitest';
import { boardOf, channelsOf, offersFor, readManifest, runningVersion } from './index.ts';
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

  test('of a manifest that nobody has read', () => {
    const twice: FirmwareManifest = {
      ...manifest,
      boards: [named('lamp'), { ...named('lamp'), name: 'twin' }],
    };
    expect(() => boardOf(twice, lamp)).toThrow(
      'the device is both "lamp" and "twin" of the manifest',
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
