import { viewOf } from '../../bytes/index.ts';
import { splitSuffix } from '../../dfu/index.ts';
import type { Suffix } from '../../dfu/index.ts';
import type { Tool } from './tool.ts';

/** A file as the tools see it: without its suffix, or why it has none. */
export interface SuffixedFile {
  readonly payload: Uint8Array;
  readonly suffix: Suffix | undefined;
  /** In dfu-util's words; empty where there is a suffix. */
  readonly why: string;
  /** A suffix that nothing can be done with, not even by taking it for the end of the firmware. */
  readonly isUnsupported: boolean;
  /** Bytes of the suffix. */
  readonly lengthBytes: number;
}

const SUFFIX_BYTES = 16;
const LENGTH_AT = 11;

function whyNone(file: Uint8Array, problem: Error | undefined): string {
  if (file.length < SUFFIX_BYTES) return 'File too short for DFU suffix';
  if (problem === undefined) return 'Invalid DFU suffix signature';
  if (!problem.message.includes('bLength')) return 'DFU suffix CRC does not match';
  const length = file[file.length - SUFFIX_BYTES + LENGTH_AT] ?? 0;
  return length < SUFFIX_BYTES
    ? `Unsupported DFU suffix length ${length}`
    : `Invalid DFU suffix length ${length}`;
}

/** Splits a file as dfu-util does. */
export function suffixOf(file: Uint8Array): SuffixedFile {
  const { payload, suffix, problem } = splitSuffix(file);
  const lengthBytes = file.length - payload.length;
  const why = suffix === undefined ? whyNone(file, problem) : '';
  const isUnsupported = why.includes('length');
  return { payload, suffix, why, isUnsupported, lengthBytes };
}

const word = (value: number, digits: number): string =>
  `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;

/** All that a suffix says, as dfu-suffix prints it. */
export function showSuffix(
  { say }: Tool,
  { path, file }: { readonly path: string; readonly file: Uint8Array },
  { suffix, lengthBytes }: SuffixedFile,
): void {
  if (suffix === undefined) return;
  say(`The file ${path} contains a DFU suffix with the following properties:`);
  say(`BCD device:\t${word(suffix.bcdDevice, 4)}`);
  say(`Product ID:\t${word(suffix.idProduct, 4)}`);
  say(`Vendor ID:\t${word(suffix.idVendor, 4)}`);
  say(`BCD DFU:\t${word(suffix.bcdDFU, 4)}`);
  say(`Length:\t\t${lengthBytes}`);
  say(`CRC:\t\t${word(viewOf(file).getUint32(file.length - 4, true), 8)}`);
}
