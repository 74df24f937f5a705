import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, toHex } from '../../bytes/index.ts';
import { boxProgram, programBox, unboxProgram } from './box.ts';

const ram = { baseAddress: 0x20000000, sizeBytes: 0x40000 };

/** Memory that holds these bytes at that address. */
function memory(bytes: Uint8Array, at: number) {
  return (address: number, lengthBytes: number): Uint8Array => {
    const from = address - at;
    if (from < 0 || from + lengthBytes > bytes.length) {
      throw new DfuError('OUT_OF_RANGE', `no ${lengthBytes} bytes at ${address}`);
    }
    return bytes.subarray(from, from + lengthBytes);
  };
}

describe('the box of a program', () => {
  test('looks like a vector table: stack, reset vector, handlers, reserved words', () => {
    const box = boxProgram(Uint8Array.of(1, 2, 3), 0x4400, ram);
    const vector = '41440000';
    expect(toHex(box)).toBe(
      `00000420${vector.repeat(6)}64666b42030000001d80bc5501000000` +
        `${vector.repeat(2)}00000000${vector.repeat(2)}010203`,
    );
  });

  test('gives back what was put in, whatever lies behind it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (payload, behind) => {
        const bytes = Uint8Array.of(...boxProgram(payload, 0x82400, ram), ...behind);
        expect(unboxProgram(memory(bytes, 0x82400), 0x82400, ram)).toEqual(payload);
      }),
    );
  });

  test('any single damaged bit that matters is noticed', () => {
    const good = boxProgram(Uint8Array.of(10, 20, 30, 40), 0x4400, ram);
    const offsets = [0, 4, 28, 32, 36, 40].flatMap((at) => [at, at + 1, at + 2, at + 3]);
    const payload = [64, 65, 66, 67];
    for (const at of [...offsets, ...payload]) {
      const bad = Uint8Array.from(good);
      // The stack may lie anywhere in RAM: only its highest byte is sure to be noticed.
      if (at < 3) continue;
      bad[at] = (bad[at] ?? 0) ^ 0x80;
      expect(() => unboxProgram(memory(bad, 0x4400), 0x4400, ram)).toThrow(DfuError);
    }
  });

  test('says what is wrong', () => {
    const box = boxProgram(Uint8Array.of(1), 0x4400, ram);
    const open = (bytes: Uint8Array, at = 0x4400) => unboxProgram(memory(bytes, at), at, ram);
    expect(() => open(new Uint8Array(64).fill(0xff))).toThrow(/no program at 0x00004400/);
    expect(() => open(box, 0x82400)).toThrow(/linked for 0x00004400/);
    expect(() => open(box.subarray(0, 64))).toThrow(/no 1 bytes/);
    expect(programBox.size).toBe(64);
  });
});
