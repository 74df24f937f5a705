import { DfuError, hexNumber } from '../../bytes/index.ts';
import { HexDigits } from './hex-digits.ts';
import { SegmentCollector } from './segments.ts';
import type { Segment } from './segment.ts';
import { textLines } from './text-lines.ts';

/** `S`, the type, and two digits for the count and each of the 255 bytes that it can count. */
const MOST_CHARACTERS = 2 + 2 * (1 + 255);

/** Bytes of address by the digit behind the S; Motorola left S4 without a meaning. */
const addressBytes: { readonly [type: string]: number } = {
  '0': 2,
  '1': 2,
  '2': 3,
  '3': 4,
  '5': 2,
  '6': 3,
  '7': 4,
  '8': 3,
  '9': 2,
};

interface Record {
  /** The digit behind the S. */
  readonly type: string;
  readonly address: number;
  /** Valid until the next record is read. */
  readonly data: Uint8Array;
}

function readRecord(digits: HexDigits, line: string, number: number): Record {
  const fault = (words: string): DfuError =>
    new DfuError('MALFORMED', `S-record line ${number}: ${words}`);
  const bytes = /^S\d/i.test(line) ? digits.read(line, 2, MOST_CHARACTERS) : undefined;
  const [count] = bytes ?? [];
  if (bytes === undefined || count === undefined) {
    const shown = line.length > 20 ? `${line.slice(0, 20)}…` : line;
    throw fault(`expected "S", a digit and pairs of hex digits, got "${shown}"`);
  }
  const type = line.charAt(1);
  const wide = addressBytes[type];
  if (wide === undefined) throw fault(`expected record type S0 to S3 or S5 to S9, got S${type}`);
  if (bytes.length - 1 !== count) {
    throw fault(`expected ${count} bytes as it says, got ${bytes.length - 1}`);
  }
  if (count < wide + 1) throw fault(`expected an address of ${wide} bytes, got ${count - 1}`);
  let sum = 0;
  for (const byte of bytes) sum += byte;
  if ((sum & 0xff) !== 0xff) {
    const found = bytes.at(-1) ?? 0;
    const expected = ~(sum - found) & 0xff;
    throw fault(`expected checksum ${hexNumber(expected, 2)}, got ${hexNumber(found, 2)}`);
  }
  let address = 0;
  for (const byte of bytes.subarray(1, 1 + wide)) address = address * 256 + byte;
  return { type, address, data: bytes.subarray(1 + wide, -1) };
}

/**
 * The segments of a text of Motorola S-records, by address, what touches joined. Throws `MALFORMED` with
 * the line, `TRUNCATED` where a count of records says that some are missing, or nothing ends the file.
 */
export function readSRecords(text: string): Segment[] {
  const collector = new SegmentCollector(
    { format: 'S-record', place: 'line' },
    Math.ceil(text.length / 2),
  );
  const digits = new HexDigits();
  let records = 0;
  let ended = false;
  for (const [line, number] of textLines(text)) {
    if (line === '') continue;
    if (ended) {
      throw collector.error('MALFORMED', number, 'expected nothing behind the end record');
    }
    const { type, address, data } = readRecord(digits, line, number);
    if (type === '1' || type === '2' || type === '3') {
      records += 1;
      collector.add(address, data, number);
    } else if ((type === '5' || type === '6') && address !== records) {
      const words = `expected ${address} data records in front of it, got ${records}`;
      throw collector.error('TRUNCATED', number, words);
    } else if (type === '7' || type === '8' || type === '9') ended = true;
  }
  if (!ended) throw new DfuError('TRUNCATED', 'S-record: no end record (S7, S8 or S9)');
  return collector.segments();
}
