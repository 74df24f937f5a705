import { viewOf } from '../bytes/index.ts';
import { isDfuSeFile } from '../dfu/index.ts';
import { ascii } from './formats/ascii.ts';
import { segmentFormatOf } from './formats/segment-format.ts';
import type { SegmentFormat } from './formats/segment-format.ts';
import { isMcubootImage } from './mcuboot/magic.ts';
import { RIOTBOOT_MAGIC, riotbootFault, riotbootHeader } from './riotboot/header.ts';
import type { RiotbootFault, RiotbootHeader } from './riotboot/header.ts';

/** What bytes turn out to be, by what they begin with. */
export type Recognised =
  | { readonly format: 'mcuboot' }
  | {
      readonly format: 'riotboot';
      readonly header: RiotbootHeader;
      /** Why riotboot would not boot it. */
      readonly fault: RiotbootFault | undefined;
    }
  | { readonly format: SegmentFormat | 'dfuse' | 'zip' | 'pem' | 'html' | 'empty' | 'erased' }
  | { readonly format: 'binary'; readonly vectors: VectorTable | undefined };

/**
 * The name of what a file is: `hex` is Intel HEX, `srec` Motorola S-records, `pem` a key or certificate in
 * text, `html` a web page, `erased` nothing but 0xff, `binary` anything else.
 */
export type FileFormat = Recognised['format'];

/** The first two words of a Cortex-M program. */
export interface VectorTable {
  /** Where they stand: behind the zeros that a build leaves as room for a header (`CONFIG_ROM_START_OFFSET`). */
  readonly offsetBytes: number;
  readonly stackPointer: number;
  readonly resetHandler: number;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return ascii(bytes.subarray(0, text.length)) === text;
}

/** Vector tables begin at multiples of it, at least (ARMv7-M B3.2.5). */
const TABLE_BYTES = 128;

/** Most room for a header that is looked behind. */
const MOST_ROOM = 0x10000;

/** The zeros in front of an image that has no header yet, if it begins with any. */
function headerRoom(bytes: Uint8Array): number {
  const end = Math.min(bytes.length, MOST_ROOM);
  let at = 0;
  while (at < end && bytes[at] === 0) at += 1;
  return at < end ? at - (at % TABLE_BYTES) : 0;
}

/** A stack in RAM and an odd (Thumb) reset handler outside it: so Cortex-M programs begin. */
function vectorTable(bytes: Uint8Array): VectorTable | undefined {
  const offsetBytes = headerRoom(bytes);
  if (bytes.length - offsetBytes < 64) return undefined;
  const view = viewOf(bytes);
  const stackPointer = view.getUint32(offsetBytes, true);
  const resetHandler = view.getUint32(offsetBytes + 4, true);
  const inRam = stackPointer >= 0x1000_0000 && stackPointer <= 0x4000_0000;
  const thumb = resetHandler % 2 === 1 && resetHandler < 0x4000_0000;
  if (!inRam || stackPointer % 4 !== 0 || !thumb) return undefined;
  return { offsetBytes, stackPointer, resetHandler };
}

/** RFC 7468: text may stand in front of it. */
function isPem(bytes: Uint8Array): boolean {
  return /^\s*-----BEGIN [A-Z0-9 ]+-----/.test(ascii(bytes.subarray(0, 256)));
}

/** A web page: what a browser saves, and a server answers, in place of a file that is not there. */
function isHtml(bytes: Uint8Array): boolean {
  return /^(\u00ef\u00bb\u00bf)?\s*<(!doctype html|html)[\s>]/i.test(ascii(bytes.subarray(0, 256)));
}

/** Files that people take for firmware, and no device does. */
const noFirmware = {
  zip: 'a zip file',
  pem: 'a key or certificate in text',
  html: 'a web page',
} as const;

/** What that is instead, of a file that is no firmware. */
export function noFirmwareName(format: FileFormat): string | undefined {
  return Object.hasOwn(noFirmware, format)
    ? noFirmware[format as keyof typeof noFirmware]
    : undefined;
}

/** Says what bytes are; a DFU suffix behind them is not looked at, see `unwrapFile`. */
export function recognise(bytes: Uint8Array): Recognised {
  if (bytes.length === 0) return { format: 'empty' };
  if (isMcubootImage(bytes)) return { format: 'mcuboot' };
  const format = segmentFormatOf(bytes);
  if (format !== undefined) return { format };
  if (isDfuSeFile(bytes)) return { format: 'dfuse' };
  if (startsWith(bytes, 'PK\u0003\u0004')) return { format: 'zip' };
  if (isPem(bytes)) return { format: 'pem' };
  if (isHtml(bytes)) return { format: 'html' };
  if (bytes.length >= 16 && viewOf(bytes).getUint32(0, true) === RIOTBOOT_MAGIC) {
    const header = riotbootHeader.decode(bytes);
    return { format: 'riotboot', header, fault: riotbootFault(bytes) };
  }
  if (bytes.every((byte) => byte === 0xff)) return { format: 'erased' };
  return { format: 'binary', vectors: vectorTable(bytes) };
}
