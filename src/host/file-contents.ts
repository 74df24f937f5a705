import { DfuError } from '../bytes/index.ts';
import { isSegmentFormat, segmentFormatNames } from '../image/index.ts';
import type { FileFormat } from '../image/index.ts';
import type * as FileReaders from './file-readers.ts';
import type { SendElement } from './send-element.ts';

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
  readonly readers: typeof FileReaders | undefined;
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
