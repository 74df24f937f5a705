import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, toHex } from '../../bytes/index.ts';
import {
  fletcher32,
  generateRiotbootHeader,
  riotbootFault,
  riotbootHeader,
  updateRiotbootHeader,
} from '../index.ts';
import { recordings } from '../../../test/support/riotboot-vectors.ts';
import { replayImages } from '../../../test/support/riotboot/replay-images.ts';

describe('images and checksums as RIOT makes them', () => {
  const replayed = replayImages(recordings, 'genhdr.json');

  test('with every recording', () => {
    expect(replayed.length).toBe(36 + 9);
  });

  test.each(replayed)('$name', ({ differences }) => {
    expect(differences).toEqual([]);
  });
});

describe('fletcher32', () => {
  test('of text, as RIOT tests it', () => {
    expect(fletcher32(new TextEncoder().encode('abcdef'))).toBe(0x56502d2a);
  });

  test('is not defined for half a word', () => {
    expect(() => fletcher32(new Uint8Array(3))).toThrow(/even number of bytes, got 3/);
  });
});

describe('the riotboot header', () => {
  test.each([
    ['52494f54ff9bd15b0011000072a6ed02', 0x5bd19bff, 0x1100],
    ['52494f540100000000440000', 1, 0x4400],
  ])('%s', (start, version, startAddress) => {
    const bytes = generateRiotbootHeader({ version, startAddress, headerLength: 256 });
    expect(toHex(bytes)).toMatch(new RegExp(`^${start}`));
    expect(riotbootFault(bytes)).toBeUndefined();
  });

  test('says which check it fails', () => {
    const bytes = generateRiotbootHeader({ version: 3, startAddress: 0x4400, headerLength: 256 });
    const faults = Array.from({ length: 16 }, (_, at) => {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x20;
      return riotbootFault(damaged);
    });
    expect(faults).toEqual([
      ...Array<string>(4).fill('magic'),
      ...Array<string>(12).fill('checksum'),
    ]);
    expect(() => riotbootFault(bytes.subarray(0, 15))).toThrow(
      new DfuError('TRUNCATED', 'riotboot header: 15 bytes of 16'),
    );
  });

  test('keeps every version and address, and a new version whatever the old checksum', () => {
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(u32, u32, u32, (version, startAddress, next) => {
        const bytes = generateRiotbootHeader({ version, startAddress, headerLength: 256 });
        expect(riotbootHeader.decode(bytes)).toMatchObject({ version, startAddress });
        expect(riotbootFault(bytes)).toBeUndefined();
        bytes[13] = (bytes[13] ?? 0) ^ 1;
        updateRiotbootHeader(bytes, next);
        expect(bytes).toEqual(
          generateRiotbootHeader({ version: next, startAddress, headerLength: 256 }),
        );
      }),
    );
  });

  test.each([
    ['INVALID_ARGUMENT', { version: 1, startAddress: 0, headerLength: 100 }],
    ['INVALID_ARGUMENT', { version: 1, startAddress: 0, headerLength: 0 }],
    ['INVALID_ARGUMENT', { version: 1, startAddress: 0, headerLength: 2 ** 32 }],
    ['OUT_OF_RANGE', { version: -1, startAddress: 0, headerLength: 256 }],
    ['OUT_OF_RANGE', { version: 1, startAddress: 2 ** 32, headerLength: 256 }],
  ])('%s: %j', (code, options) => {
    expect(() => generateRiotbootHeader(options)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  test('gives no version to what is not an image', () => {
    expect(() => updateRiotbootHeader(new Uint8Array(16), 1)).toThrow(
      /expected the magic 0x544f4952, got 0x00000000/,
    );
  });
});
