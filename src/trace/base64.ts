import { DfuError } from '../bytes/index.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const values = new Map(Array.from(LETTERS, (letter, value) => [letter, value] as const));

/** Reads base64 (RFC 4648 §4). Throws `MALFORMED` for anything else, and beyond `mostBytes`. */
export function fromBase64(text: string, mostBytes: number): Uint8Array {
  const digits = text.replace(/={1,2}$/, '');
  const length = Math.floor((digits.length * 6) / 8);
  if (length > mostBytes || digits.length % 4 === 1) {
    const words = `expected at most ${mostBytes} bytes, got ${digits.length} letters`;
    throw new DfuError('MALFORMED', `base64: ${words}`);
  }
  const bytes = new Uint8Array(length);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits) {
    const value = values.get(digit);
    if (value === undefined) {
      throw new DfuError('MALFORMED', `base64: expected A-Z, a-z, 0-9, + or /, got "${digit}"`);
    }
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 0xff;
      at += 1;
    }
  }
  return bytes;
}
