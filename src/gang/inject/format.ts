import { DfuError, encodeUtf8, fromHex, hexNumber } from '../../bytes/index.ts';

/**
 * How a value becomes bytes: `text` (UTF-8, without an end of its own), `hex` (two digits a byte), or a whole number
 * without sign of 8 to 64 bits, `le` with its lowest byte first. `text16`: sixteen bytes, filled up with zeros; `hex16`:
 * sixteen bytes, no more and no less.
 */
export type InjectFormat =
  `text${number | ''}` | `hex${number | ''}` | 'u8' | `u${16 | 32 | 64}${'le' | 'be'}`;

/** Longest text or row of bytes that is put into an image, in bytes. */
const MOST_BYTES = 4096;

const numberFormat = /^u(8|16le|16be|32le|32be|64le|64be)$/;
const bytesFormat = /^(text|hex)([1-9][0-9]{0,3})?$/;

/** What `InjectFormat` says, for messages. */
const FORMS = 'text, textN, hex, hexN, u8, u16le, u32le, u64le, u16be, u32be or u64be';

/** The format of that name. Throws `INVALID_ARGUMENT`. */
export function parseInjectFormat(text: string): InjectFormat {
  const [, , length] = bytesFormat.exec(text) ?? [];
  if (numberFormat.test(text) || (bytesFormat.test(text) && Number(length ?? 1) <= MOST_BYTES)) {
    return text as InjectFormat;
  }
  throw new DfuError('INVALID_ARGUMENT', `format: expected ${FORMS}, got "${text}"`);
}

/**
 * The bytes of a value in a format. Throws `MALFORMED` for what is no such value, `OUT_OF_RANGE` for one that does not
 * fit.
 */
export function encodeValue(text: string, format: InjectFormat): Uint8Array {
  const [, kind, length] = bytesFormat.exec(format) ?? [];
  if (kind === 'text') return textBytes(text, length);
  if (kind === 'hex') return hexBytes(text, length);
  return numberBytes(text, format);
}

function textBytes(text: string, length: string | undefined): Uint8Array {
  const bytes = encodeUtf8(text);
  const most = Number(length ?? MOST_BYTES);
  if (bytes.length > most) throw tooLong(text, bytes.length, most);
  if (length === undefined) return bytes;
  const filled = new Uint8Array(most);
  filled.set(bytes);
  return filled;
}

function hexBytes(text: string, length: string | undefined): Uint8Array {
  const digits = text.replace(/^0x/i, '');
  if (!/^([0-9a-f]{2})*$/i.test(digits)) {
    throw new DfuError('MALFORMED', `expected two hex digits a byte, got "${text}"`);
  }
  const bytes = fromHex(digits);
  if (length !== undefined && bytes.length !== Number(length)) {
    throw new DfuError('OUT_OF_RANGE', `expected ${length} bytes, got ${bytes.length}: "${text}"`);
  }
  if (bytes.length > MOST_BYTES) throw tooLong(text, bytes.length, MOST_BYTES);
  return bytes;
}

function tooLong(text: string, got: number, most: number): DfuError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new DfuError('OUT_OF_RANGE', `expected at most ${most} bytes, got ${got}: "${shown}"`);
}

function numberBytes(text: string, format: string): Uint8Array {
  const [, bits = '8', order = 'le'] = /^u(\d+)(le|be)?$/.exec(format) ?? [];
  const size = Number(bits) / 8;
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(text)) {
    throw new DfuError('MALFORMED', `expected a whole number, decimal or 0x hex, got "${text}"`);
  }
  let rest = BigInt(text);
  if (rest >= 1n << BigInt(bits)) {
    const most = hexNumber(2 ** Math.min(53, Number(bits)) - 1);
    const words = Number(bits) > 53 ? `a number of ${bits} bits` : `at most ${most}`;
    throw new DfuError('OUT_OF_RANGE', `expected ${words}, got ${text}`);
  }
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1) {
    bytes[order === 'be' ? size - 1 - at : at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
