import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex } from './hex.ts';
import { Utf8Reader, encodeUtf8 } from './utf8.ts';

const unit = fc.oneof(
  fc.nat({ max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
  fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)),
);
const texts = fc.string({ unit });

/** Read in pieces of that size. */
function readInPieces(bytes: Uint8Array, size: number): string {
  const reader = new Utf8Reader();
  let text = '';
  for (let at = 0; at < bytes.length; at += size)
    text += reader.read(bytes.subarray(at, at + size));
  return text + reader.end();
}

describe('UTF-8', () => {
  test('is written as the platform writes it, halves of pairs included', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(toHex(encodeUtf8(text))).toBe(toHex(new TextEncoder().encode(text)));
      }),
    );
  });

  test.each([1, 2, 3, 1000])('is read in pieces of %d as the platform reads it whole', (size) => {
    const near = fc.constantFrom(0x41, 0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90);
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc
        .array(fc.oneof(near, fc.constantFrom(0xf4, 0x8f, 0xf5, 0xe2, 0x82)))
        .map((each) => Uint8Array.from(each)),
      texts.map((text) => new TextEncoder().encode(text)),
    );
    const whole = new TextDecoder('utf-8', { ignoreBOM: true });
    fc.assert(
      fc.property(bytes, (each) => {
        expect(readInPieces(each, size)).toBe(whole.decode(each));
      }),
    );
  });
});
