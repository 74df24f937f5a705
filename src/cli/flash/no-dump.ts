import { DfuError, hexNumber } from '../../bytes/index.ts';
import {
  formatVersion,
  parseImage,
  readTrailerInfo,
  recognise,
  sizeText,
} from '../../image/index.ts';
import type { McubootImage, TrailerInfo } from '../../image/index.ts';
import type { DumpFile } from './dump-file.ts';

// Files that are no dump of a whole flash, and what they are instead.

/** What stands in the way of a guess, with the file's name and what would help. */
export function notADump({ path }: DumpFile, cause: DfuError): DfuError {
  const help = 'say whose it is with --board, --layout, or --sectors, --primary and --secondary';
  return new DfuError('MALFORMED', `${path}: ${cause.message}; ${help}`, { cause });
}

/** Most bytes that fill up an image to a whole number of write units. */
const MOST_FILLER = 32;

/** An image by itself is no dump. */
export function refuseImage(file: DumpFile): void {
  const image = imageIn(file);
  if (image === undefined || file.raw === undefined) return;
  if (file.raw.length - image.bytes.length >= MOST_FILLER) return;
  const words = `expected a dump of flash; this is an image: dfukit image info ${file.path}`;
  throw new DfuError('MALFORMED', `${file.path}: ${words}`);
}

function imageIn({ raw }: DumpFile): McubootImage | undefined {
  if (raw === undefined || recognise(raw).format !== 'mcuboot') return undefined;
  try {
    return parseImage(raw);
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/** One slot, with an image that was padded to it. */
export interface OneSlot {
  readonly image: McubootImage;
  readonly trailer: TrailerInfo;
  readonly sentence: string;
}

const MAGIC = Uint8Array.of(0x3d, 0xb8, 0xf3, 0x96);

/** Whether another image begins in these bytes, at a multiple of a small sector. */
function holdsAnother(bytes: Uint8Array, from: number): boolean {
  const step = 512;
  for (let at = Math.ceil(from / step) * step; at < bytes.length; at += step) {
    if (MAGIC.every((byte, n) => bytes[at + n] === byte)) return true;
  }
  return false;
}

/** A file that is one slot and not a whole flash: an image at its start, a trailer at its end, no other of either. */
export function oneSlotIn(file: DumpFile): OneSlot | undefined {
  const image = imageIn(file);
  const { raw } = file;
  if (image === undefined || raw === undefined) return undefined;
  const trailer = readTrailerInfo(raw);
  const end = image.bytes.length;
  if (trailer === undefined || raw.length - end < MOST_FILLER || holdsAnother(raw, end)) {
    return undefined;
  }
  for (let at = 512; at < raw.length; at += 512) {
    if (readTrailerInfo(raw.subarray(0, at)) !== undefined) return undefined;
  }
  const asks = trailer.imageOk === 'set' ? 'for good' : 'to be tried once';
  const version = formatVersion(image.header.version);
  const words = `This is one slot of ${sizeText(raw.length)}, not a whole flash`;
  const sentence =
    `${words}: version ${version}, ${end} bytes, and a trailer whose magic at ` +
    `${hexNumber(raw.length - 16)} asks for it ${asks}.`;
  return { image, trailer, sentence };
}

/** One slot says nothing of what boots. */
export function refuseOneSlot(file: DumpFile): void {
  const found = oneSlotIn(file);
  if (found === undefined) return;
  const help = `dfukit flash inspect ${file.path} shows it; for the rest a dump of the whole flash is needed`;
  throw new DfuError('MALFORMED', `${file.path}: ${found.sentence} ${help}`);
}
