import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { toHex } from './hex.ts';
import { sha256 } from './sha256.ts';

test('the example of FIPS 180-4', () => {
  expect(toHex(sha256(new TextEncoder().encode('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('the same as somebody else’s, for every length around a block', () => {
  for (let length = 0; length < 200; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 31 + length) % 256);
    expect(toHex(sha256(bytes))).toBe(createHash('sha256').update(bytes).digest('hex'));
  }
});

test('a part of something larger', () => {
  const whole = new Uint8Array(300).map((_, at) => at % 256);
  const part = whole.subarray(33, 290);
  expect(toHex(sha256(part))).toBe(createHash('sha256').update(part).digest('hex'));
});
