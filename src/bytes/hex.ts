import { DfuError } from './error.ts';

/** Reads hex digits, white space allowed between bytes. Throws `MALFORMED` on anything else. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0) {
    throw new DfuError('MALFORMED', `hex: expected an even number of digits, got ${digits.length}`);
  }
  const wrong = /[^0-9a-fA-F]/.exec(digits);
  if (wrong !== null) {
    throw new DfuError('MALFORMED', `hex: expected 0-9 or a-f, got "${wrong[0]}"`);
  }
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16);
  }
  return bytes;
}

const pairs: readonly string[] = Array.from({ length: 256 }, (_, value) =>
  value.toString(16).padStart(2, '0'),
);

/** Lower-case hex digits without separators. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += pairs[byte] ?? '';
  return text;
}

/** A number as C prints it with `0x%0Nx`; `digits` pads with zeros. */
export function hexNumber(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
