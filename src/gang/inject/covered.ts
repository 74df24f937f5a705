import { parseImage, imagesIn, RIOTBOOT_HEADER_BYTES } from '../../image/index.ts';
import type { FoundImage } from '../../image/index.ts';

/** Bytes that a checksum, a hash or a signature is over, or that are one. */
interface CoveredRange {
  readonly start: number;
  readonly end: number;
  /** `the hash of the MCUboot image at 0x0`. */
  readonly by: string;
}

/** What of these bytes, the first of which is at the address, may not be changed without making an image invalid. */
export function coveredRanges(address: number, bytes: Uint8Array): readonly CoveredRange[] {
  return imagesIn([{ address, bytes }]).map(coveredBy);
}

function coveredBy({ format, address, bytes }: FoundImage): CoveredRange {
  const where = `image at 0x${address.toString(16)}`;
  if (format === 'riotboot') {
    const end = address + RIOTBOOT_HEADER_BYTES;
    return { start: address, end, by: `the checksum of the riotboot header of the ${where}` };
  }
  // Hash and signature are records behind what they are over; what is put there is none.
  const end = address + parseImage(bytes).bytes.length;
  return { start: address, end, by: `hash and signature of the MCUboot ${where}` };
}
