import { describe, expect, test } from 'vitest';
import { fromHex } from '../../bytes/index.ts';
import { decodeFlag, trailerMagic } from '../../image/index.ts';
import { decodeMagic, decodeSwapInfo, encodeSwapInfo, isOnTrial } from './trailer.ts';
import { scratchTrailerBytes, slotTrailerBytes, trailerLayout } from './trailer-layout.ts';

describe('the magic', () => {
  const magic16 = fromHex('1000 2de15d29410b8d77679c110f1f8a');

  test.each([
    ['good', 16, magic16, 0xff],
    ['bad', 8, magic16, 0xff],
    ['bad', 32, magic16, 0xff],
    ['unset', 8, new Uint8Array(16).fill(0xff), 0xff],
    ['bad', 8, new Uint8Array(16).fill(0xff), 0x00],
    ['unset', 8, new Uint8Array(16), 0x00],
  ] as const)('is %s for alignment %i', (state, maxAlign, bytes, erasedValue) => {
    expect(decodeMagic(bytes, { maxAlign, erasedValue })).toBe(state);
  });

  test.each([8, 16, 32] as const)('of alignment %i is good for that build alone', (maxAlign) => {
    const states = [8, 16, 32].map((other) =>
      decodeMagic(trailerMagic(maxAlign), { maxAlign: other, erasedValue: 0xff }),
    );
    expect(states.filter((state) => state === 'good').length).toBe(1);
    expect(decodeMagic(trailerMagic(maxAlign), { maxAlign, erasedValue: 0xff })).toBe('good');
  });
});

describe('a flag', () => {
  test.each([
    ['set', 0x01, 0xff],
    ['unset', 0xff, 0xff],
    ['bad', 0x00, 0xff],
    ['bad', 0xff, 0x00],
    ['unset', 0x00, 0x00],
    ['set', 0x01, 0x00],
  ] as const)('is %s when it reads %i where erased is %i', (state, byte, erasedValue) => {
    expect(decodeFlag(byte, erasedValue)).toBe(state);
  });
});

describe('swap_info', () => {
  test.each([
    [0x02, 'test', 0],
    [0x13, 'perm', 1],
    [0x04, 'revert', 0],
    [0xff, 'none', 0],
    [0x05, 'none', 0],
    [0x1f, 'none', 0],
  ] as const)('%i says %s of image %i', (byte, swapType, imageNumber) => {
    expect(decodeSwapInfo(byte, 0xff)).toEqual({ swapType, imageNumber });
  });

  test('holds type and image number in one byte', () => {
    expect(encodeSwapInfo('revert', 2)).toBe(0x24);
  });
});

test('an image is on trial until it is confirmed', () => {
  const state = { magic: 'good', swapType: 'test', imageNumber: 0, copyDone: 'set' } as const;
  expect(isOnTrial({ ...state, imageOk: 'unset' })).toBe(true);
  expect(isOnTrial({ ...state, imageOk: 'set' })).toBe(false);
  expect(isOnTrial({ ...state, copyDone: 'unset', imageOk: 'unset' })).toBe(false);
});

describe('the layout', () => {
  const area = { sizeBytes: 0x10000, writeUnitBytes: 4 };

  test('keeps the keys below swap_size, the primary image’s first', () => {
    const shape = { algorithm: 'swap-using-scratch', maxAlign: 8, maxImgSectors: 128 } as const;
    const { keys, swapSize, status } = trailerLayout({ ...shape, keyBytes: 80 }, area);
    expect([swapSize, keys, status]).toEqual([0xffd0, [0xff80, 0xff30], 0xff30 - 1536]);
  });

  test('gives a key of 113 bytes the room of whole alignments', () => {
    const shape = { algorithm: 'swap-using-move', maxAlign: 16, maxImgSectors: 16 } as const;
    const { keys, keyBytes, swapSize } = trailerLayout({ ...shape, keyBytes: 113 }, area);
    expect([keyBytes, keys]).toEqual([128, [swapSize - 128, swapSize - 256]]);
  });

  test('of scratch has room for one group only', () => {
    const shape = { algorithm: 'swap-using-scratch', maxAlign: 8, maxImgSectors: 128 } as const;
    expect([slotTrailerBytes(shape, 4), scratchTrailerBytes(shape, 4)]).toEqual([1584, 60]);
  });

  test('says so if the trailer is larger than the area', () => {
    const shape = { algorithm: 'swap-using-move', maxAlign: 32, maxImgSectors: 128 } as const;
    expect(() => trailerLayout(shape, { sizeBytes: 8192, writeUnitBytes: 32 })).toThrow(
      /12448 bytes of trailer do not fit into an area of 8192/,
    );
  });
});
