import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';

/** Bytes that stand together at one address. */
export interface HexSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

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

/** Most bytes between the lowest and the highest address: two lines must not fill the memory. */
const MOST_BYTES = 64 * 1024 * 1024;

interface Record {
  readonly type: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

function readRecord(line: string, number: number): Record {
  const where = `Intel HEX line ${number}`;
  if (!/^:(?:[0-9a-f]{2}){5,}$/i.test(line)) {
    const shown = line.length > 20 ? `${line.slice(0, 20)}…` : line;
    throw new DfuError(
      'MALFORMED',
      `${where}: expected ":" and pairs of hex digits, got "${shown}"`,
    );
  }
  const bytes = new Uint8Array((line.length - 1) / 2);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = Number.parseInt(line.slice(1 + 2 * at, 3 + 2 * at), 16);
    bytes[at] = byte;
    sum += byte;
  }
  const [length = 0, high = 0, low = 0, type = 0] = bytes;
  if (bytes.length !== length + 5) {
    const words = `expected ${length} data bytes as it says, got ${bytes.length - 5}`;
    throw new DfuError('MALFORMED', `${where}: ${words}`);
  }
  if ((sum & 0xff) !== 0) {
    const found = bytes.at(-1) ?? 0;
    const expected = (found - sum) & 0xff;
    const words = `expected checksum ${hexNumber(expected, 2)}, got ${hexNumber(found, 2)}`;
    throw new DfuError('MALFORMED', `${where}: ${words}`);
  }
  return { type, offset: high * 256 + low, data: bytes.subarray(4, -1) };
}

function addressOf({ data }: Record, where: string, unit: number): number {
  const [high, low] = data;
  if (high === undefined || low === undefined || data.length !== 2) {
    throw new DfuError('MALFORMED', `${where}: expected 2 address bytes, got ${data.length}`);
  }
  return (high * 256 + low) * unit;
}

/** The data records of an Intel HEX text in the order of the file. Throws `MALFORMED`. */
export function readHexSegments(text: string): HexSegment[] {
  const segments: HexSegment[] = [];
  let base = 0;
  let ended = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const where = `Intel HEX line ${index + 1}`;
    if (ended) throw new DfuError('MALFORMED', `${where}: expected nothing behind the end record`);
    const record = readRecord(line, index + 1);
    const { type, offset, data } = record;
    if (type === HexRecord.data) segments.push({ address: base + offset, bytes: data });
    else if (type === HexRecord.end) ended = true;
    else if (type === HexRecord.segmentBase) base = addressOf(record, where, 16);
    else if (type === HexRecord.linearBase) base = addressOf(record, where, 65536);
    else if (type !== HexRecord.segmentStart && type !== HexRecord.linearStart) {
      throw new DfuError('MALFORMED', `${where}: expected record type 0 to 5, got ${type}`);
    }
  }
  if (!ended) throw new DfuError('TRUNCATED', 'Intel HEX: no end record (:00000001FF)');
  return segments;
}

/**
 * Reads an Intel HEX file as one run of bytes. Throws `MALFORMED`; also for bytes given twice, and
 * for a file whose addresses span over 64 MiB.
 */
export function readIntelHex(text: string, filler = 0xff): HexImage {
  const segments = readHexSegments(text)
    .filter(({ bytes }) => bytes.length > 0)
    .toSorted((one, other) => one.address - other.address);
  const first = segments[0];
  const last = segments.at(-1);
  if (first === undefined || last === undefined) {
    throw new DfuError('MALFORMED', 'Intel HEX: expected data, got none');
  }
  const { address } = first;
  const span = last.address + last.bytes.length - address;
  if (span > MOST_BYTES) {
    const words = `expected addresses within ${MOST_BYTES} bytes, got ${span}`;
    throw new DfuError('MALFORMED', `Intel HEX: ${words}`);
  }
  const bytes = new Uint8Array(span).fill(filler);
  let end = address;
  for (const segment of segments) {
    if (segment.address < end) {
      const where = hexNumber(segment.address, 8);
      throw new DfuError('MALFORMED', `Intel HEX: bytes at ${where} are given twice`);
    }
    bytes.set(segment.bytes, segment.address - address);
    end = segment.address + segment.bytes.length;
  }
  return { address, bytes };
}

function hexLine(type: number, offset: number, data: Uint8Array): string {
  const bytes = [data.length, offset >> 8, offset & 0xff, type, ...data];
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  const digits = [...bytes, -sum & 0xff].map((byte) => byte.toString(16).padStart(2, '0'));
  return `:${digits.join('').toUpperCase()}\n`;
}

/**
 * Writes segments as Intel HEX, 16 bytes a line, in the order of their addresses; touching segments
 * run on within a line. Throws `OUT_OF_RANGE` past 32 bits of address.
 */
export function writeIntelHex(segments: readonly HexSegment[]): string {
  const sorted = segments
    .filter(({ bytes }) => bytes.length > 0)
    .toSorted((one, other) => one.address - other.address);
  const end = Math.max(0, ...sorted.map(({ address, bytes }) => address + bytes.length));
  const start = sorted[0]?.address ?? 0;
  if (start < 0 || end > 0x1_0000_0000) {
    const words = `expected addresses of 32 bits, got ${start} to ${end}`;
    throw new DfuError('OUT_OF_RANGE', `Intel HEX: ${words}`);
  }
  let text = '';
  let base = end > 0x1_0000 ? -1 : 0;
  for (const { address, bytes } of joinTouching(sorted)) {
    let at = 0;
    while (at < bytes.length) {
      const here = address + at;
      const high = Math.floor(here / 0x1_0000);
      if (high !== base) {
        base = high;
        text += hexLine(HexRecord.linearBase, 0, Uint8Array.of(high >> 8, high & 0xff));
      }
      const room = 0x1_0000 - (here % 0x1_0000);
      const count = Math.min(16, bytes.length - at, room);
      text += hexLine(HexRecord.data, here % 0x1_0000, bytes.subarray(at, at + count));
      at += count;
    }
  }
  return `${text}:00000001FF\n`;
}

/** One segment of each run of touching ones; of overlapping bytes the later segment's count. */
function joinTouching(sorted: readonly HexSegment[]): HexSegment[] {
  const runs: { address: number; end: number; parts: HexSegment[] }[] = [];
  for (const segment of sorted) {
    const end = segment.address + segment.bytes.length;
    const run = runs.at(-1);
    if (run !== undefined && segment.address <= run.end) {
      run.end = Math.max(run.end, end);
      run.parts.push(segment);
    } else runs.push({ address: segment.address, end, parts: [segment] });
  }
  return runs.map(({ address, end, parts }) => {
    const bytes = new Uint8Array(end - address);
    for (const part of parts) bytes.set(part.bytes, part.address - address);
    return { address, bytes };
  });
}
