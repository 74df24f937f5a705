import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import { HexDigits } from './hex-digits.ts';
import { runOf } from './lay-over.ts';
import { segmentEnd } from './segment.ts';
import { joinTouching, SegmentCollector } from './segments.ts';
import type { Segment } from './segment.ts';
import { textLines } from './text-lines.ts';

/** A file of segments, put together. */
export interface HexImage {
  /** Lowest address. */
  readonly address: number;
  /** From the lowest to the highest address; gaps hold the filler. */
  readonly bytes: OwnBytes;
}

/** Record types of Intel's Hexadecimal Object File Format (1988). */
const HexRecord = {
  data: 0,
  end: 1,
  segmentBase: 2,
  segmentStart: 3,
  linearBase: 4,
  linearStart: 5,
} as const;

/** Colon, and two digits for each of length, address, type, 255 bytes of data and checksum. */
const MOST_CHARACTERS = 1 + 2 * (5 + 255);

interface Record {
  readonly type: number;
  readonly offset: number;
  /** Valid until the next record is read. */
  readonly data: Uint8Array;
}

function readRecord(digits: HexDigits, line: string, number: number): Record {
  const fault = (words: string): DfuError =>
    new DfuError('MALFORMED', `Intel HEX line ${number}: ${words}`);
  const bytes = line.startsWith(':') ? digits.read(line, 1, MOST_CHARACTERS) : undefined;
  if (bytes === undefined || bytes.length < 5) {
    const shown = line.length > 20 ? `${line.slice(0, 20)}…` : line;
    throw fault(`expected ":" and pairs of hex digits, got "${shown}"`);
  }
  const [length = 0, high = 0, low = 0, type = 0] = bytes;
  if (bytes.length !== length + 5) {
    throw fault(`expected ${length} data bytes as it says, got ${bytes.length - 5}`);
  }
  let sum = 0;
  for (const byte of bytes) sum += byte;
  if ((sum & 0xff) !== 0) {
    const found = bytes.at(-1) ?? 0;
    const expected = (found - sum) & 0xff;
    throw fault(`expected checksum ${hexNumber(expected, 2)}, got ${hexNumber(found, 2)}`);
  }
  return { type, offset: high * 256 + low, data: bytes.subarray(4, -1) };
}

function addressOf({ data }: Record, number: number, unit: number): number {
  const [high, low] = data;
  if (high === undefined || low === undefined || data.length !== 2) {
    const words = `expected 2 address bytes, got ${data.length}`;
    throw new DfuError('MALFORMED', `Intel HEX line ${number}: ${words}`);
  }
  return (high * 256 + low) * unit;
}

/** What old transfers fill their last block up with: CTRL-Z, or zeros. */
function isPadding(line: string): boolean {
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code !== 0x1a && code !== 0) return false;
  }
  return true;
}

/**
 * The segments of an Intel HEX text, by address, what touches joined. The same byte may be given twice.
 * Throws `MALFORMED` with the line, `TRUNCATED` without an end record.
 */
export function readHexSegments(text: string): Segment[] {
  const collector = new SegmentCollector(
    { format: 'Intel HEX', place: 'line' },
    Math.ceil(text.length / 2),
  );
  const digits = new HexDigits();
  let base = 0;
  let ended = false;
  for (const [line, number] of textLines(text)) {
    if (line === '' || (ended && isPadding(line))) continue;
    const fault = (words: string): DfuError => collector.error('MALFORMED', number, words);
    if (ended) throw fault('expected nothing behind the end record');
    const record = readRecord(digits, line, number);
    const { type, offset, data } = record;
    if (type === HexRecord.data) collector.add(base + offset, data, number);
    else if (type === HexRecord.end) ended = true;
    else if (type === HexRecord.segmentBase) base = addressOf(record, number, 16);
    else if (type === HexRecord.linearBase) base = addressOf(record, number, 65536);
    else if (type !== HexRecord.segmentStart && type !== HexRecord.linearStart) {
      throw fault(`expected record type 0 to 5, got ${type}`);
    }
  }
  if (!ended) throw new DfuError('TRUNCATED', 'Intel HEX: no end record (:00000001FF)');
  return collector.segments();
}

/**
 * Reads an Intel HEX file as one run of bytes. Throws `MALFORMED`; also for a byte given twice with two
 * values, and for a file whose addresses span over 64 MiB.
 */
export function readIntelHex(text: string, filler = 0xff): HexImage {
  const segments = readHexSegments(text);
  if (segments.length === 0) {
    throw new DfuError('MALFORMED', 'Intel HEX: expected data, got none');
  }
  return runOf(segments, 'Intel HEX', filler);
}

const pairs: readonly string[] = Array.from({ length: 256 }, (_, value) =>
  value.toString(16).toUpperCase().padStart(2, '0'),
);

function hexLine(type: number, offset: number, data: Uint8Array): string {
  let sum = 0;
  let text = ':';
  const put = (byte: number): void => {
    sum += byte;
    text += pairs[byte] ?? '';
  };
  for (const byte of [data.length, offset >> 8, offset & 0xff, type]) put(byte);
  for (const byte of data) put(byte);
  put(-sum & 0xff);
  return `${text}\n`;
}

/**
 * Writes segments as Intel HEX, 16 bytes a line, in the order of their addresses; touching segments
 * run on within a line. Throws `OUT_OF_RANGE` past 32 bits of address.
 */
export function writeIntelHex(segments: readonly Segment[]): string {
  const joined = joinTouching(segments);
  const end = joined.reduce((most, each) => Math.max(most, segmentEnd(each)), 0);
  const start = joined[0]?.address ?? 0;
  if (start < 0 || end > 0x1_0000_0000) {
    const words = `expected addresses of 32 bits, got ${start} to ${end}`;
    throw new DfuError('OUT_OF_RANGE', `Intel HEX: ${words}`);
  }
  const lines: string[] = [];
  let base = end > 0x1_0000 ? -1 : 0;
  for (const { address, bytes } of joined) {
    let at = 0;
    while (at < bytes.length) {
      const here = address + at;
      const high = Math.floor(here / 0x1_0000);
      if (high !== base) {
        base = high;
        lines.push(hexLine(HexRecord.linearBase, 0, Uint8Array.of(high >> 8, high & 0xff)));
      }
      const room = 0x1_0000 - (here % 0x1_0000);
      const count = Math.min(16, bytes.length - at, room);
      lines.push(hexLine(HexRecord.data, here % 0x1_0000, bytes.subarray(at, at + count)));
      at += count;
    }
  }
  return `${lines.join('')}:00000001FF\n`;
}
