import { ascii } from './ascii.ts';

/** Formats that say which bytes belong at which address: Intel HEX, Motorola S-records, UF2, ELF. */
export type SegmentFormat = 'hex' | 'srec' | 'uf2' | 'elf';

/** What a format is called. */
export const segmentFormatNames: Readonly<Record<SegmentFormat, string>> = {
  hex: 'Intel HEX',
  srec: 'S-record',
  uf2: 'UF2',
  elf: 'ELF',
};

export const segmentFormats = Object.keys(segmentFormatNames) as readonly SegmentFormat[];

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

/** Whether a format is one of these. */
export function isSegmentFormat(format: string | undefined): format is SegmentFormat {
  return format !== undefined && Object.hasOwn(segmentFormatNames, format);
}
