import { DfuError } from '../bytes/index.ts';
import { firstMemory, isSegmentFormat, rangeText, segmentFormatNames } from '../image/index.ts';
import type { FileFormat, SegmentFormat } from '../image/index.ts';
import type { FileReaders } from './file-readers.ts';

/** Bytes that belong together, and where; without an address, where the device thinks fit. */
export interface SendElement {
  readonly address: number | undefined;
  readonly data: Uint8Array;
}

/** What a plan says of its file. */
export interface Contents {
  readonly format: FileFormat | undefined;
  readonly targets: readonly { readonly elements: readonly SendElement[] }[];
}

/** What is in a file that no device can do anything with as it is. */
const noFirmware: Partial<Readonly<Record<FileFormat, string>>> = {
  zip: 'the file is a zip file; unzip it and send the image that is in it',
  pem: 'the file is a key or certificate in text, no firmware',
  html: 'the file is a web page, no firmware; fetch the file itself, not the page that shows it',
};

/** A family is said where a file has none. */
export function notOfFamilies(got: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', `family: expected a UF2 file, got ${got}`);
}

interface ElementOptions {
  /** Undefined where the format has no need of one. */
  readonly readers: FileReaders | undefined;
  /** Where the file belongs if it does not say so itself. */
  readonly address: number | undefined;
  readonly family: number | string | undefined;
}

/**
 * What of a file goes to a device: the bytes that it has for each address, if its format says addresses; all
 * of it if not. Throws `REFUSED` for what is no firmware, `INVALID_ARGUMENT`
 * for an empty file and for a family where a file has none, and as `readSegments` does.
 */
export function elementsOf(
  payload: Uint8Array,
  format: FileFormat,
  { readers, address, family }: ElementOptions,
): readonly SendElement[] {
  const why = noFirmware[format];
  if (why !== undefined) throw new DfuError('REFUSED', why, { remedies: ['raw'] });
  if (format === 'empty') {
    throw new DfuError('INVALID_ARGUMENT', 'the file is empty: expected at least 1 byte');
  }
  if (format !== 'uf2' && family !== undefined) throw notOfFamilies('another');
  if (!isSegmentFormat(format)) return [{ address, data: payload }];
  if (readers === undefined) throw new TypeError(`${format}: expected its reader, got none`);
  const segments = readers.readSegments(payload, format, { family });
  if (segments.length > 0)
    return segments.map((each) => ({ address: each.address, data: each.bytes }));
  throw new DfuError('MALFORMED', `${segmentFormatNames[format]}: expected data, got none`);
}

/** What of a file is sent, if that is not the file itself. */
export function contentsText({ format, targets }: Contents): string | undefined {
  if (!isSegmentFormat(format) || targets[0]?.elements[0]?.address === undefined) return undefined;
  const pieces = targets[0].elements.map(({ address = 0, data }) => ({ address, bytes: data }));
  const shown = pieces.slice(0, 4).map(rangeText).join(', ');
  const rest = pieces.length > 4 ? ` and ${pieces.length - 4} more` : '';
  return `${segmentFormatNames[format]} file: its bytes are sent, ${shown}${rest}`;
}

/** How a file becomes one piece without addresses, by the tools that made it. */
function conversion(format: SegmentFormat, isOneMemory: boolean): string {
  const input = { hex: '-I ihex ', srec: '-I srec ', elf: '', uf2: undefined }[format];
  if (input === undefined) return 'send the binary that it was made of';
  const part = isOneMemory ? '--gap-fill 0xff' : '-j SECTION';
  return `convert it: objcopy ${input}-O binary ${part} FILE FILE.bin`;
}

/** Plain DFU has no addresses. Throws `REFUSED` for a file with more than one piece. */
export function demandOnePiece({ format, targets }: Contents): void {
  const elements = targets[0]?.elements ?? [];
  if (elements.length < 2 || !isSegmentFormat(format)) return;
  const pieces = elements.map(({ address = 0, data }) => ({ address, bytes: data }));
  const shown = pieces.slice(0, 4).map(rangeText).join(', ');
  const [, elsewhere] = firstMemory(pieces);
  const what = `the device speaks plain DFU, which has no addresses, and the ${segmentFormatNames[format]} file`;
  const words = `${what} has ${pieces.length} pieces with gaps between them (${shown})`;
  const how = conversion(format, elsewhere.length === 0);
  throw new DfuError('REFUSED', `${words}; ${how}`, { remedies: ['raw'] });
}
