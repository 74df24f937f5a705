import { DfuError, hexNumber } from '../../bytes/index.ts';
import { ascii } from './ascii.ts';
import { readElf } from './elf.ts';
import { readHexSegments } from './intel-hex.ts';
import { readSRecords } from './s-records.ts';
import type { Segment } from './segments.ts';
import { readUf2 } from './uf2.ts';

/** Formats that say which bytes belong at which address. */
export const segmentFormats = ['hex', 'srec', 'uf2', 'elf'] as const;

/** Intel HEX, Motorola S-records, UF2, ELF. */
export type SegmentFormat = (typeof segmentFormats)[number];

/** What a format is called. */
export const segmentFormatNames: Readonly<Record<SegmentFormat, string>> = {
  hex: 'Intel HEX',
  srec: 'S-record',
  uf2: 'UF2',
  elf: 'ELF',
};

function startsWith(bytes: Uint8Array, text: string): boolean {
  return ascii(bytes.subarray(0, text.length)) === text;
}

/** Records of text by their looks: the first line is one; the longest has 521 characters. */
const firstHexLine = /^\s*:[0-9a-fA-F]{10,}\s*(?:\n|$)/;
const firstSRecord = /^\s*S[0-9](?:[0-9a-fA-F]{2}){4,}\s*(?:\n|$)/;

/** Which of these formats bytes have, by what they begin with. */
export function segmentFormatOf(bytes: Uint8Array): SegmentFormat | undefined {
  if (startsWith(bytes, '\u007fELF')) return 'elf';
  if (startsWith(bytes, 'UF2\n')) return 'uf2';
  const head = ascii(bytes.subarray(0, 1024));
  if (firstHexLine.test(head)) return 'hex';
  if (firstSRecord.test(head)) return 'srec';
  return undefined;
}

/** A UF2 file may be for several chips: there is no telling which of them is meant. */
function onlyFamily(file: Uint8Array): readonly Segment[] {
  const { families } = readUf2(file);
  const [first, ...others] = families;
  if (first === undefined || others.length === 0) return first?.segments ?? [];
  const names = families.map(({ id, name }) => name ?? hexNumber(id ?? 0, 8)).join(', ');
  throw new DfuError('AMBIGUOUS', `UF2: expected blocks for one family, got ${names}`);
}

/**
 * The segments of a file of a format that has addresses, by address, what touches joined. Throws
 * `MALFORMED`, `TRUNCATED` or `UNSUPPORTED` with the line, block or header that is not as it should be;
 * `AMBIGUOUS` for a UF2 file for several families of chips.
 */
export function readSegments(file: Uint8Array, format: SegmentFormat): readonly Segment[] {
  switch (format) {
    case 'hex':
      return readHexSegments(ascii(file));
    case 'srec':
      return readSRecords(ascii(file));
    case 'uf2':
      return onlyFamily(file);
    case 'elf':
      return readElf(file);
    default:
      return format satisfies never;
  }
}
