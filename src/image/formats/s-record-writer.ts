import { DfuError } from '../../bytes/index.ts';
import { segmentEnd } from './segment.ts';
import { joinTouching } from './segments.ts';
import type { Segment } from './segment.ts';

/** How many bytes of address the records have: 2, 3 or 4; the name is that of data record and end record. */
export type SRecordKind = 's19' | 's28' | 's37';

const kinds: Readonly<Record<SRecordKind, { readonly bytes: number; readonly end: number }>> = {
  s19: { bytes: 2, end: 0x1_0000 },
  s28: { bytes: 3, end: 0x100_0000 },
  s37: { bytes: 4, end: 0x1_0000_0000 },
};

/** Bytes of data in a line. */
const LINE_BYTES = 16;

/** Most bytes that the record in front can have for the name. */
const MOST_NAME = 40;

const hex = (value: number, digits: number): string =>
  value.toString(16).toUpperCase().padStart(digits, '0');

function record(type: string, address: number, wide: number, data: Uint8Array): string {
  const count = wide + data.length + 1;
  let sum = count;
  let text = `S${type}${hex(count, 2)}${hex(address, 2 * wide)}`;
  for (let rest = address; rest > 0; rest = Math.floor(rest / 256)) sum += rest & 0xff;
  for (const byte of data) {
    sum += byte;
    text += hex(byte, 2);
  }
  return `${text}${hex(~sum & 0xff, 2)}\n`;
}

/** What S-records are written with. */
export interface SRecordOptions {
  /** Default: the smallest that has all the addresses. */
  readonly kind?: SRecordKind | undefined;
  /** For the record in front, ASCII, up to 40 characters. Default: none of it. */
  readonly name?: string | undefined;
}

function kindFor(end: number): SRecordKind {
  if (end <= kinds.s19.end) return 's19';
  return end <= kinds.s28.end ? 's28' : 's37';
}

/**
 * Writes segments as Motorola S-records, 16 bytes a line, in the order of their addresses. Throws `OUT_OF_RANGE`
 * for addresses that do not fit the kind, or 32 bits.
 */
export function writeSRecords(
  segments: readonly Segment[],
  { kind: wanted, name = '' }: SRecordOptions = {},
): string {
  const joined = joinTouching(segments);
  const end = joined.reduce((most, each) => Math.max(most, segmentEnd(each)), 0);
  const kind = wanted ?? kindFor(end);
  const { bytes: wide, end: limit } = kinds[kind];
  if (end > limit || (joined[0]?.address ?? 0) < 0) {
    const words = `expected addresses of ${wide * 8} bits, got up to 0x${(end - 1).toString(16)}`;
    throw new DfuError('OUT_OF_RANGE', `S-record: ${words}`);
  }
  const named = Uint8Array.from(name.slice(0, MOST_NAME), (each) => each.charCodeAt(0) & 0x7f);
  const lines = [record('0', 0, 2, named)];
  for (const { address, bytes } of joined) {
    for (let at = 0; at < bytes.length; at += LINE_BYTES) {
      lines.push(record(String(wide - 1), address + at, wide, bytes.subarray(at, at + LINE_BYTES)));
    }
  }
  lines.push(record(String(11 - wide), 0, wide, new Uint8Array(0)));
  return lines.join('');
}
