import { DfuError, hexNumber } from '../bytes/index.ts';
import type { OwnBytes } from '../bytes/index.ts';
import { appendSuffix, readDfuSeFile, splitSuffix, writeDfuSeFile } from '../dfu/index.ts';
import type { Suffix } from '../dfu/index.ts';
import { writeIntelHex } from './formats/intel-hex.ts';
import { firstMemory, runOf } from './formats/lay-over.ts';
import { wholePrefix } from './formats/prefix.ts';
import type { DfuPrefix } from './formats/prefix.ts';
import { writeSRecords } from './formats/s-record-writer.ts';
import { readSegments } from './formats/segment-file.ts';
import { segmentFormatNames } from './formats/segment-format.ts';
import { rangeText } from './formats/segment.ts';
import { SegmentCollector } from './formats/segments.ts';
import type { Segment } from './formats/segment.ts';
import { writeUf2 } from './formats/uf2-writer.ts';
import { inputFormats } from './input-formats.ts';
import type { InputFormat } from './input-formats.ts';
import { noFirmwareName, recognise } from './recognise.ts';

/**
 * A format that a file can be written in: `dfu` is the bytes with a DFU suffix; `srec` takes the smallest of `s19`, `s28`
 * and `s37` that has all the addresses.
 */
export type OutputFormat = 'bin' | 'dfu' | 'dfuse' | 'hex' | 'srec' | 's19' | 's28' | 's37' | 'uf2';

/** Every format that a file can be written in. */
export const outputFormats: readonly OutputFormat[] = [
  'bin',
  'dfu',
  'dfuse',
  'hex',
  'srec',
  's19',
  's28',
  's37',
  'uf2',
];

/** Bytes that stand together; without an address nobody has said where. */
export interface ContentPiece {
  readonly address: number | undefined;
  readonly bytes: Uint8Array;
}

/** What a file has for one alternate setting; without a number for any. */
export interface ContentPart {
  readonly alternate: number | undefined;
  /** What a DfuSe file calls it. */
  readonly name: string | undefined;
  /** By address, what touches joined. */
  readonly pieces: readonly ContentPiece[];
}

/** A file taken apart: the firmware, without all that only says where it goes. */
export interface FileContents {
  readonly format: InputFormat;
  readonly parts: readonly ContentPart[];
  readonly suffix: Suffix | undefined;
  /** A prefix for another boot loader, which was taken off. */
  readonly prefix: DfuPrefix | undefined;
}

/** What is known of a file besides its bytes. */
export interface ReadContentsOptions {
  /** Default: what it is by its looks. */
  readonly format?: InputFormat | undefined;
  /** Where it belongs, if it does not say so itself. */
  readonly address?: number | undefined;
  /** Of a UF2 file for several chips: which. */
  readonly family?: number | string | undefined;
  /** Of a DfuSe file for several alternate settings: which. */
  readonly alternate?: number | undefined;
}

/** Throws `REFUSED` for what is no firmware. */
function formatOf(payload: Uint8Array): InputFormat {
  const { format } = recognise(payload);
  const what = format === 'empty' ? format : noFirmwareName(format);
  if (what !== undefined) throw new DfuError('REFUSED', `the file is ${what}, no firmware`);
  return inputFormats.find((each) => each === format) ?? 'bin';
}

function joined(pieces: readonly Segment[]): Segment[] {
  const collector = new SegmentCollector({ format: 'DfuSe file', place: 'element' }, 0);
  for (const [at, { address, bytes }] of pieces.entries()) collector.add(address, bytes, at);
  return collector.segments();
}

function dfuseParts(file: Uint8Array, alternate: number | undefined): ContentPart[] {
  const { targets } = readDfuSeFile(file);
  const parts = targets
    .filter((each) => alternate === undefined || each.alternate === alternate)
    .map(({ elements, ...target }): ContentPart => {
      const pieces = elements.map(({ address, data }) => ({ address, bytes: data }));
      return { alternate: target.alternate, name: target.name, pieces: joined(pieces) };
    });
  if (parts.length > 0) return parts;
  const there = targets.map((each) => each.alternate).join(', ');
  const message = `the file has nothing for alternate ${alternate}; it has: ${there}`;
  throw new DfuError('NOT_FOUND', message);
}

/** Throws `INVALID_ARGUMENT` where a file says that it belongs elsewhere. */
function demandAddress(own: number | undefined, address: number | undefined): void {
  if (own === undefined || address === undefined || own === address) return;
  const where = `the file says itself that it belongs at ${hexNumber(own, 8)}`;
  throw new DfuError('INVALID_ARGUMENT', `${where}, the address given is ${hexNumber(address, 8)}`);
}

/**
 * Takes a file of any format apart: suffix, and a prefix for Stellaris or LPC, off; the pieces of Intel HEX, S-records,
 * UF2, ELF and DfuSe by their addresses; anything else is one piece. Throws what the readers throw, `AMBIGUOUS` for a
 * UF2 file for several chips, `NOT_FOUND` for an alternate that a DfuSe file does not have, `INVALID_ARGUMENT` for an
 * address that contradicts the file, `REFUSED` for what is no firmware.
 */
export function readContents(
  file: Uint8Array,
  { format: wanted, address, family, alternate }: ReadContentsOptions = {},
): FileContents {
  const { payload, suffix } = splitSuffix(file);
  const format = wanted ?? formatOf(payload);
  const none = { format, suffix, prefix: undefined };
  if (format === 'dfuse') {
    const parts = dfuseParts(file, alternate);
    demandAddress(parts[0]?.pieces[0]?.address, address);
    return { ...none, parts };
  }
  const part = { alternate, name: undefined };
  if (format !== 'bin') {
    const pieces = readSegments(payload, format, { family });
    if (pieces.length === 0) {
      throw new DfuError('MALFORMED', `${segmentFormatNames[format]}: expected data, got none`);
    }
    demandAddress(pieces[0]?.address, address);
    return { ...none, parts: [{ ...part, pieces }] };
  }
  const prefix = wanted === 'bin' ? undefined : wholePrefix(payload);
  const bytes = payload.subarray(prefix?.sizeBytes ?? 0);
  demandAddress(prefix?.address, address);
  const pieces = [{ address: address ?? prefix?.address, bytes }];
  return { ...none, prefix, parts: [{ ...part, pieces }] };
}

/** Most bytes that are written in a format that is some three times as large as they are. */
const MOST_BYTES = 0x8000000;

/** How a file is written. */
export interface WriteContentsOptions {
  /** What stands where a format without addresses has to have something, and beside the bytes in UF2's pages. Default 0xff. */
  readonly filler?: number | undefined;
  /** Which device a suffix is for. Default: the suffix that was read, else any. */
  readonly suffix?: Partial<Suffix> | undefined;
  /** Of UF2: the family's number. */
  readonly family?: number | undefined;
  /** Of DfuSe, where the contents name none. Default 0. */
  readonly alternate?: number | undefined;
  /** For the record in front of S-records. */
  readonly name?: string | undefined;
}

function placed(format: OutputFormat, pieces: readonly ContentPiece[]): Segment[] {
  return pieces.map(({ address, bytes }) => {
    if (address !== undefined) return { address, bytes };
    const message = `${format} says where bytes belong, and the file does not`;
    throw new DfuError('INVALID_ARGUMENT', message, { remedies: ['address'] });
  });
}

/** The pieces of the one alternate that there is. */
function onePart(format: OutputFormat, { parts }: FileContents): readonly ContentPiece[] {
  const [part, ...others] = parts;
  if (others.length === 0) return part?.pieces ?? [];
  const there = parts.map(({ alternate }) => alternate).join(', ');
  const message = `${format} has no alternate settings, and the file is for several: ${there}`;
  throw new DfuError('AMBIGUOUS', message, { remedies: ['alternate'] });
}

/** All in one run, with the filler between. */
function run(
  format: OutputFormat,
  pieces: readonly ContentPiece[],
  filler: number | undefined,
): Uint8Array {
  const [first] = pieces;
  if (first === undefined) return new Uint8Array(0);
  if (pieces.length === 1) return first.bytes;
  const segments = placed(format, pieces);
  const [, elsewhere] = firstMemory(segments);
  if (elsewhere.length > 0) {
    const shown = segments.slice(0, 4).map(rangeText).join(', ');
    const message = `${format} is one run of bytes, and the file is for several memories: ${shown}`;
    throw new DfuError('REFUSED', message);
  }
  return runOf(segments, format, filler).bytes;
}

/**
 * Writes contents in another format. Throws `INVALID_ARGUMENT` where the format has addresses and the contents do not,
 * `AMBIGUOUS` where it has no alternates and they are for several, `REFUSED` where it is one run and they are for
 * several memories, `OUT_OF_RANGE` for addresses that do not fit it, and for more than 128 MiB in text or UF2.
 */
export function writeContents(
  contents: FileContents,
  format: OutputFormat,
  options: WriteContentsOptions = {},
): OwnBytes {
  const { filler, family, name } = options;
  const any = { bcdDevice: 0xffff, idProduct: 0xffff, idVendor: 0xffff };
  const ids = { ...any, ...contents.suffix, ...options.suffix };
  if (format === 'dfuse') {
    const targets = contents.parts.map((part) => ({
      alternate: part.alternate ?? options.alternate ?? 0,
      name: part.name,
      elements: placed(format, part.pieces).map(({ address, bytes }) => ({ address, data: bytes })),
    }));
    return writeDfuSeFile(targets, ids);
  }
  const pieces = onePart(format, contents);
  if (format === 'bin') return Uint8Array.from(run(format, pieces, filler));
  if (format === 'dfu') {
    const bcdDFU = contents.format === 'dfuse' ? 0x0100 : (contents.suffix?.bcdDFU ?? 0x0100);
    return appendSuffix(run(format, pieces, filler), { ...ids, bcdDFU });
  }
  const segments = placed(format, pieces);
  const sizeBytes = segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (sizeBytes > MOST_BYTES) {
    const message = `${format} of ${sizeBytes} bytes would be too large: ${MOST_BYTES} at most`;
    throw new DfuError('OUT_OF_RANGE', message);
  }
  const text = (words: string): OwnBytes => Uint8Array.from(words, (each) => each.charCodeAt(0));
  if (format === 'hex') return text(writeIntelHex(segments));
  if (format === 'uf2') return writeUf2(segments, { family, filler });
  return text(writeSRecords(segments, { kind: format === 'srec' ? undefined : format, name }));
}
