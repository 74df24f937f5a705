import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/index.ts';
import { readPrefix, withLpcPrefix, withStellarisPrefix } from './prefix.ts';

const firmware = Uint8Array.from({ length: 600 }, (_, at) => at & 0xff);

describe('prefixes, as dfu-prefix of dfu-util 0.11 writes them', () => {
  test('Stellaris: 01 00, address in KiB, length', () => {
    const bytes = withStellarisPrefix(firmware, 0x2000);
    expect(toHex(bytes.subarray(0, 10))).toBe('01000800580200000001');
    expect(readPrefix(bytes)).toEqual({
      kind: 'stellaris',
      sizeBytes: 8,
      address: 0x2000,
      lengthBytes: 600,
      isWhole: true,
    });
  });

  test('LPC: 1a 3f, length in 512 bytes', () => {
    const bytes = withLpcPrefix(firmware);
    expect(toHex(bytes.subarray(0, 18))).toBe('1a3f02000000000000000000ffffffff0001');
    const prefix = { kind: 'lpc', sizeBytes: 16, address: undefined, lengthBytes: 1024 };
    expect(readPrefix(bytes)).toEqual({ ...prefix, isWhole: true });
    expect(readPrefix(bytes.subarray(0, 500))).toEqual({ ...prefix, isWhole: false });
    bytes[6] = 1;
    expect(readPrefix(bytes)).toEqual({ ...prefix, isWhole: false });
  });

  test.each([
    ['nothing', ''],
    ['a length that is not its own', '0100080010000000aabb'],
    ['too short', '01000800'],
    ['another second byte', `1a1a0200${'00'.repeat(12)}`],
    ['firmware', toHex(firmware)],
  ])('none: %s', (_, hex) => {
    expect(readPrefix(fromHex(hex))).toBeUndefined();
  });

  test.each([0x2001, 0x4000000, -1024])('an address that it cannot say: %i', (address) => {
    expect(() => withStellarisPrefix(firmware, address)).toThrow(/multiple of 1024/);
  });
});
