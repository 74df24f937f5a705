import { DfuError, viewOf } from '../../bytes/index.ts';
import type { RawImageHeader, Tlv } from '../../image/index.ts';
import {
  ENCRYPTED_FLAGS,
  IMAGE_HEADER_BYTES,
  IMAGE_MAGIC,
  ImageFlag,
  TLV_HEAD_BYTES,
  TLV_INFO_MAGIC,
  TLV_PROT_INFO_MAGIC,
  decodeImageHeader,
  readTlvArea,
  readTlvAreaHead,
} from '../../image/index.ts';
import type { Area } from './area.ts';

/** The header of a slot that was never looked at. */
export const BLANK_HEADER: RawImageHeader = decodeImageHeader(new Uint8Array(IMAGE_HEADER_BYTES));

/** Whether the header is one at all. */
export function hasImage({ magic }: RawImageHeader): boolean {
  return magic === IMAGE_MAGIC;
}

/** Whether the header says that the payload is encrypted; in the primary slot it is plain all the same. */
export function saysEncrypted({ flags }: RawImageHeader): boolean {
  return (flags & ENCRYPTED_FLAGS) !== 0;
}

/** Where the TLV areas begin, from the start of the image. */
export function tlvOffset({ hdrSize, imgSize }: RawImageHeader): number {
  return hdrSize + imgSize;
}

/** boot_check_header_valid: the sizes are sane and the flags are ones that this build knows. */
export function isHeaderValid(
  header: RawImageHeader,
  { sizeBytes, encryption }: { readonly sizeBytes: number; readonly encryption: boolean },
): boolean {
  const size = tlvOffset(header) + header.protectTlvSize;
  if (!hasImage(header) || size > 0xffff_ffff || size >= sizeBytes) return false;
  const encrypted = header.flags & ENCRYPTED_FLAGS;
  if (encrypted !== 0 && (!encryption || encrypted === ENCRYPTED_FLAGS)) return false;
  return (header.flags & (ImageFlag.COMPRESSED_LZMA1 | ImageFlag.COMPRESSED_LZMA2)) === 0;
}

/** An image in flash: the area it is in, where it begins, and its header (which may be elsewhere). */
export interface ImagePlace {
  readonly area: Area;
  readonly offsetBytes: number;
  readonly header: RawImageHeader;
}

/** Sizes of an image's parts behind the payload. */
interface ImageSize {
  /** Header, payload and both TLV areas. */
  readonly totalBytes: number;
  /** The area that hash and signature do not cover. */
  readonly unprotectedBytes: number;
}

function readHead({ area }: ImagePlace, at: number): { magic: number; total: number } | undefined {
  if (!area.covers(at, TLV_HEAD_BYTES)) return undefined;
  return readTlvAreaHead(area.read(at, TLV_HEAD_BYTES), 0, 'little');
}

/** boot_read_image_size: follows the heads of the TLV areas; undefined if they are not there. */
export function readImageSize(place: ImagePlace): ImageSize | undefined {
  const { header, offsetBytes } = place;
  const { protectTlvSize } = header;
  const start = tlvOffset(header);
  let head = readHead(place, offsetBytes + start);
  if (head?.magic === TLV_PROT_INFO_MAGIC) {
    if (head.total !== protectTlvSize) return undefined;
    head = readHead(place, offsetBytes + start + protectTlvSize);
  } else if (protectTlvSize !== 0) {
    return undefined;
  }
  if (head?.magic !== TLV_INFO_MAGIC) return undefined;
  const unprotectedBytes = head.total;
  return { totalBytes: start + protectTlvSize + unprotectedBytes, unprotectedBytes };
}

/** All records, the protected ones first; undefined if they cannot be read. */
export function readTlvs(place: ImagePlace): readonly Tlv[] | undefined {
  const size = readImageSize(place);
  const unprotected =
    size === undefined ? undefined : readArea(place, size.unprotectedBytes, false);
  const guarded = readProtectedTlvs(place);
  if (unprotected === undefined || guarded === undefined) return undefined;
  return [...guarded, ...unprotected];
}

/** The records of the protected area; undefined if it cannot be read, empty if there is none. */
export function readProtectedTlvs(place: ImagePlace): readonly Tlv[] | undefined {
  const size = place.header.protectTlvSize;
  if (size === 0) return [];
  return readImageSize(place) === undefined ? undefined : readArea(place, size, true);
}

function readArea(place: ImagePlace, size: number, guarded: boolean): readonly Tlv[] | undefined {
  const { area, header, offsetBytes } = place;
  const at = offsetBytes + tlvOffset(header) + (guarded ? 0 : header.protectTlvSize);
  if (!area.covers(at, size)) return undefined;
  const magic = guarded ? TLV_PROT_INFO_MAGIC : TLV_INFO_MAGIC;
  try {
    return readTlvArea(area.read(at, size), { offset: 0, endian: 'little', magic, size }).tlvs;
  } catch (error) {
    if (DfuError.is(error, 'MALFORMED') || DfuError.is(error, 'TRUNCATED')) return undefined;
    throw error;
  }
}

/** A record's value as a 32-bit number; undefined if it has another length. */
export function u32Of({ data }: Tlv): number | undefined {
  return data.length === 4 ? viewOf(data).getUint32(0, true) : undefined;
}
