import { expect, test } from 'vitest';
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
