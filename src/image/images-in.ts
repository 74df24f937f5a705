import { DfuError, viewOf } from '../bytes/index.ts';
import type { Segment } from './formats/segment.ts';
import { parseImage } from './mcuboot/image.ts';
import { endianOfImage } from './mcuboot/magic.ts';
import { RIOTBOOT_MAGIC, riotbootFault } from './riotboot/header.ts';

/** An image within a file of segments. */
export interface FoundImage extends Segment {
  readonly format: 'mcuboot' | 'riotboot';
}

/** Slots begin at sectors, and riotboot's headers at multiples of 256. */
const STEP_BYTES = 256;

/** Most headers that are looked into: each may lead through all the records of a file. */
const MOST_HEADERS = 64;

function imageAt({ address, bytes }: Segment, at: number): FoundImage | undefined {
  const rest = bytes.subarray(at);
  if (rest.length < 16) return undefined;
  if (viewOf(rest).getUint32(0, true) === RIOTBOOT_MAGIC && riotbootFault(rest) === undefined) {
    return { format: 'riotboot', address: address + at, bytes: rest };
  }
  if (endianOfImage(rest) === undefined) return undefined;
  try {
    const image = parseImage(rest);
    return { format: 'mcuboot', address: address + at, bytes: image.bytes };
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

function hasMagic(bytes: Uint8Array, at: number): boolean {
  const head = bytes.subarray(at, at + 4);
  return (
    head.length === 4 &&
    (endianOfImage(head) !== undefined || viewOf(head).getUint32(0, true) === RIOTBOOT_MAGIC)
  );
}

/** The MCUboot and riotboot images in segments, as a merged HEX file has them, by address. */
export function imagesIn(segments: readonly Segment[]): FoundImage[] {
  const found: FoundImage[] = [];
  let headers = 0;
  for (const segment of segments) {
    const { address, bytes } = segment;
    const first = (STEP_BYTES - (address % STEP_BYTES)) % STEP_BYTES;
    for (let at = 0; at < bytes.length && headers < MOST_HEADERS;) {
      const image = hasMagic(bytes, at) ? imageAt(segment, at) : undefined;
      if (hasMagic(bytes, at)) headers += 1;
      if (image !== undefined) found.push(image);
      const past = image?.format === 'mcuboot' ? at + image.bytes.length : at + 1;
      at = first + Math.ceil((past - first) / STEP_BYTES) * STEP_BYTES;
    }
  }
  return found;
}
