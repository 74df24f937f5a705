import { DfuError, viewOf } from '../bytes/index.ts';
import {
  ENCRYPTED_FLAGS,
  IMAGE_HEADER_BYTES,
  IMAGE_MAGIC,
  TRAILER_MAGIC_BYTES,
  decodeImageHeader,
  inspectImage,
  isEncrypted,
  maxAlignOfMagic,
} from '../image/index.ts';
import type { MaxAlign } from '../image/index.ts';

/** Smallest step at which slots begin and end. */
export const STEP_BYTES = 512;
const MOST_HEADERS = 8;

/** An image somewhere in a dump. */
interface FoundImage {
  readonly offsetBytes: number;
  readonly totalBytes: number;
  readonly whole: boolean;
  readonly encrypted: boolean;
  /** Only its header is there: what is behind it belongs to another image, or to none. */
  readonly partial: boolean;
}

/** What a dump shows without any layout. */
export interface Survey {
  readonly bytes: Uint8Array;
  readonly images: readonly FoundImage[];
  /** Where a slot ends, by the magic there. */
  readonly ends: ReadonlyMap<number, MaxAlign>;
  readonly erasedValue: 0x00 | 0xff;
}

async function imageAt(bytes: Uint8Array, offsetBytes: number): Promise<FoundImage | undefined> {
  try {
    const { image, hashes } = await inspectImage(bytes.subarray(offsetBytes));
    const whole = hashes.some(({ valid }) => valid === true);
    const encrypted = isEncrypted(image);
    return { offsetBytes, totalBytes: image.bytes.length, whole, encrypted, partial: false };
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    // a swap that was cut leaves headers without their images
    const header = decodeImageHeader(bytes, offsetBytes);
    const { hdrSize, imgSize } = header;
    if (hdrSize < IMAGE_HEADER_BYTES || hdrSize + imgSize >= bytes.length) return undefined;
    const encrypted = (header.flags & ENCRYPTED_FLAGS) !== 0;
    return { offsetBytes, totalBytes: 0, whole: false, encrypted, partial: true };
  }
}

/** Looks for images and trailers at every place where a slot may begin or end. */
export async function survey(bytes: Uint8Array, erasedValue: 0x00 | 0xff): Promise<Survey> {
  const images: FoundImage[] = [];
  const ends = new Map<number, MaxAlign>();
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    const end = Math.min(at + STEP_BYTES, bytes.length);
    const tail = bytes.subarray(Math.max(0, end - TRAILER_MAGIC_BYTES), end);
    // most places are erased, which no magic is
    const align = tail[0] === tail[1] ? undefined : maxAlignOfMagic(tail, ['little']);
    if (align !== undefined) ends.set(end, align);
    if (at + IMAGE_HEADER_BYTES > bytes.length || view.getUint32(at, true) !== IMAGE_MAGIC)
      continue;
    const found = images.length < MOST_HEADERS ? await imageAt(bytes, at) : undefined;
    if (found !== undefined) images.push(found);
  }
  return { bytes, images, ends, erasedValue };
}
