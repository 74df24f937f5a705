import { expect, test } from 'vitest';
import { vectorFile } from '../../test/support/mcuboot/imgtool-runs.ts';
import { generateRiotbootHeader, imagesIn, readEspressifLoadHeader } from './index.ts';

const image = vectorFile('out/version-4.bin.gz');
const riotboot = generateRiotbootHeader({ version: 1, startAddress: 0x1100, headerLength: 256 });

/** A merged file: a loader, and behind it, without a gap, an image and another one. */
const merged = new Uint8Array(0x2000).fill(0xff);
merged.set(image, 0x400);
merged.set(riotboot, 0x1000);
merged.set([0x3d, 0xb8, 0xf3, 0x96], 0x1800);

test('images behind a loader are found, what only begins as one is not', () => {
  expect(imagesIn([{ address: 0x0800_0000, bytes: merged }])).toEqual([
    { format: 'mcuboot', address: 0x0800_0400, bytes: image },
    { format: 'riotboot', address: 0x0800_1000, bytes: merged.subarray(0x1000) },
  ]);
});

test('a segment may begin anywhere', () => {
  expect(imagesIn([{ address: 0x10, bytes: image }])).toMatchObject([{ address: 0x10 }]);
  const behind = new Uint8Array(0xf0 + image.length);
  behind.set(image, 0xf0);
  expect(imagesIn([{ address: 0x10, bytes: behind }])).toMatchObject([{ address: 0x100 }]);
});

test('a file full of headers costs no more than the first of them', () => {
  const bytes = new Uint8Array(4 * 1024 * 1024);
  for (let at = 0; at < bytes.length; at += 256) bytes.set([0x3d, 0xb8, 0xf3, 0x96], at);
  expect(imagesIn([{ address: 0, bytes }])).toEqual([]);
});

test('Espressif’s load header behind MCUboot’s, or at the start of a program', () => {
  const bytes = new Uint8Array(64);
  const words = [0xace637d3, 0x40380000, 0x40380000, 0x60, 0x1000, 0x3fc90000, 0x1060, 0x800];
  for (const [at, word] of words.entries()) {
    new DataView(bytes.buffer).setUint32(32 + 4 * at, word, true);
  }
  const expected = { entryAddress: 0x40380000, iramBytes: 0x1000, dramAddress: 0x3fc90000 };
  expect(readEspressifLoadHeader(bytes)).toMatchObject(expected);
  expect(readEspressifLoadHeader(bytes.subarray(32))).toMatchObject(expected);
  expect(readEspressifLoadHeader(image)).toBeUndefined();
});
