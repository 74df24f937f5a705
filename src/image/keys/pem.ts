import { DfuError } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const values: ReadonlyMap<string, number> = new Map(
  Array.from(alphabet, (digit, value): [string, number] => [digit, value]),
);

/** Base64 with padding, in one line (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [one = 0, two = 0, three = 0] = bytes.subarray(at, at + 3);
    const word = (one << 16) | (two << 8) | three;
    const left = bytes.length - at;
    text += (alphabet[word >>> 18] ?? '') + (alphabet[(word >>> 12) & 63] ?? '');
    text += left > 1 ? (alphabet[(word >>> 6) & 63] ?? '') : '=';
    text += left > 2 ? (alphabet[word & 63] ?? '') : '=';
  }
  return text;
}

/** Reads base64; white space is passed over. Throws `MALFORMED`. */
export function fromBase64(text: string): OwnBytes {
  const packed = text.replace(/\s+/g, '');
  const digits = packed.replace(/={1,2}$/, '');
  if (packed.length % 4 !== 0 || digits.length % 4 === 1) {
    throw new DfuError('MALFORMED', `base64: expected 4 digits a group, got ${packed.length}`);
  }
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let word = 0;
  let at = 0;
  for (const [index, digit] of Array.from(digits).entries()) {
    const value = values.get(digit);
    if (value === undefined) {
      throw new DfuError('MALFORMED', `base64: expected A-Z a-z 0-9 + or /, got "${digit}"`);
    }
    word = ((word << 6) | value) & 0xffffff;
    if (index % 4 === 1) bytes[at++] = (word >>> 4) & 0xff;
    if (index % 4 === 2) bytes[at++] = (word >>> 2) & 0xff;
    if (index % 4 === 3) bytes[at++] = word & 0xff;
  }
  return bytes;
}

/** One block of a PEM file (RFC 7468). */
export interface PemBlock {
  /** What stands behind `BEGIN`, e.g. `PRIVATE KEY`. */
  readonly label: string;
  /** Lines such as `Proc-Type: 4,ENCRYPTED`, which stand in old files between head and body. */
  readonly headers: readonly string[];
  readonly bytes: OwnBytes;
}

const blockText = /-----BEGIN ([A-Z0-9 ]{1,64})-----\r?\n([\s\S]*?)-----END \1-----/g;

/** Largest PEM text that is looked at; keys are a few KiB. */
const MOST_CHARACTERS = 1 << 16;

/** All blocks of a PEM text; what stands around them is passed over. Throws `MALFORMED`. */
export function readPem(text: string): PemBlock[] {
  if (text.length > MOST_CHARACTERS) {
    const words = `expected at most ${MOST_CHARACTERS} characters, got ${text.length}`;
    throw new DfuError('MALFORMED', `PEM: ${words}`);
  }
  return [...text.matchAll(blockText)].map(([, label = '', body = '']) => {
    const lines = body.split(/\r?\n/);
    const headers = lines.filter((line) => line.includes(':'));
    const bytes = fromBase64(lines.filter((line) => !line.includes(':')).join(''));
    return { label, headers, bytes };
  });
}

/** A PEM file of one block, lines of 64 digits, with a line feed at its end. */
export function writePem(label: string, bytes: Uint8Array): string {
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
