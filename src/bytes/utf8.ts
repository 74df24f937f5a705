import type { OwnBytes } from '../keys/web-crypto.ts';

function bytesOf(code: number): number[] {
  const low = 0x80 | (code & 63);
  if (code < 0x80) return [code];
  if (code < 0x800) return [0xc0 | (code >> 6), low];
  const middle = 0x80 | ((code >> 6) & 63);
  if (code < 0x10000) return [0xe0 | (code >> 12), middle, low];
  return [0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), middle, low];
}

/** A text in UTF-8; half a surrogate pair becomes U+FFFD, as everywhere else. */
export function encodeUtf8(text: string): OwnBytes {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  return Uint8Array.from(
    codes.flatMap((code) => bytesOf(code >= 0xd800 && code <= 0xdfff ? 0xfffd : code)),
  );
}
