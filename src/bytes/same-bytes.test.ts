import { describe, expect, test } from 'vitest';
import { sameBytes } from './same-bytes.ts';

test('only equal bytes of equal number are the same', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(sameBytes(bytes, Uint8Array.of(1, 2, 3))).toBe(true);
  expect(sameBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true);
  expect(sameBytes(bytes, Uint8Array.of(0, 2, 3))).toBe(false);
  expect(sameBytes(bytes, Uint8Array.of(1, 2, 4))).toBe(false);
  expect(sameBytes(bytes, bytes.subarray(0, 2))).toBe(false);
  expect(sameBytes(bytes.subarray(0, 2), bytes)).toBe(false);
});

/** So many bytes. */
function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at * 7);
}

/** The same at another place. */
function copyAt(offset: number, bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(offset + bytes.length), offset);
  copy.set(bytes);
  return copy;
}

const lengths = [0, 1, 3, 4, 255, 256, 257, 258, 259, 4096];
const places = [0, 1, 2, 4].flatMap((one) => [0, 3, 4].map((other) => [one, other] as const));

describe.each(lengths)('%i bytes', (length) => {
  test.each(places)('at %i and at %i are equal until one of them differs', (one, other) => {
    const bytes = copyAt(one, bytesOf(length));
    const copy = copyAt(other, bytes);
    expect(sameBytes(bytes, copy)).toBe(true);
    const wrong: number[] = [];
    for (let at = 0; at < length; at += 1) {
      copy[at] = (copy[at] ?? 0) ^ 0x80;
      if (sameBytes(bytes, copy)) wrong.push(at);
      copy[at] = (copy[at] ?? 0) ^ 0x80;
    }
    expect(wrong).toEqual([]);
  });

  test('are not the same as one byte more', () => {
    expect(sameBytes(bytesOf(length), bytesOf(length + 1))).toBe(false);
  });
});
