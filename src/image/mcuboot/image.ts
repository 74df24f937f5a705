import { DfuError, hexNumber } from '../../bytes/index.ts';
import { ENCRYPTED_FLAGS, readImageHeader } from './header.ts';
import type { ImageHeader } from './header.ts';
import type { Endian } from './magic.ts';
import {
  TLV_HEAD_BYTES,
  TLV_INFO_MAGIC,
  TLV_PROT_INFO_MAGIC,
  TlvType,
  readTlvArea,
} from './tlv.ts';
import type { PlacedTlv, TlvArea } from './tlv.ts';

/** An image taken apart; all bytes are views of what was read. */
export interface McubootImage {
  readonly endian: Endian;
  readonly header: ImageHeader;
  /** Header, payload, both TLV areas; neither padding nor trailer. */
  readonly bytes: Uint8Array;
  readonly payload: Uint8Array;
  /** Undefined if the header promises none. */
  readonly protectedArea: TlvArea | undefined;
  readonly area: TlvArea;
}

/**
 * Takes apart the image at the start of `bytes`; what stands behind it (padding, trailer) is left
 * alone. Throws `MALFORMED` or `TRUNCATED` with offset, field, expected and found.
 */
export function parseImage(
  bytes: Uint8Array,
  options: { readonly endian?: Endian | undefined } = {},
): McubootImage {
  const { endian, ...header } = readImageHeader(bytes, options);
  const { hdrSize, imgSize, protectTlvSize } = header;
  const payloadEnd = hdrSize + imgSize;
  if (payloadEnd + protectTlvSize + TLV_HEAD_BYTES > bytes.length) {
    const needed = payloadEnd + protectTlvSize + TLV_HEAD_BYTES;
    const words = `header (${hdrSize}), payload (${imgSize}), protected TLVs (${protectTlvSize})`;
    throw new DfuError(
      'TRUNCATED',
      `MCUboot image: ${bytes.length} bytes, expected at least ${needed} for ${words} and TLVs`,
    );
  }
  const protectedArea =
    protectTlvSize === 0
      ? undefined
      : readTlvArea(bytes, {
          offset: payloadEnd,
          endian,
          magic: TLV_PROT_INFO_MAGIC,
          size: protectTlvSize,
        });
  const offset = payloadEnd + protectTlvSize;
  const area = readTlvArea(bytes, { offset, endian, magic: TLV_INFO_MAGIC });
  return {
    endian,
    header,
    bytes: bytes.subarray(0, offset + area.size),
    payload: bytes.subarray(hdrSize, payloadEnd),
    protectedArea,
    area,
  };
}

/** Bytes that hash and signature cover: header with filler, payload, protected TLVs. */
export function hashedLength({ header }: Pick<McubootImage, 'header'>): number {
  return header.hdrSize + header.imgSize + header.protectTlvSize;
}

/** All records, the protected ones first. */
export function allTlvs({ protectedArea, area }: McubootImage): readonly PlacedTlv[] {
  return protectedArea === undefined ? area.tlvs : [...protectedArea.tlvs, ...area.tlvs];
}

/** The first record of a type, the protected ones first. */
function findTlv(image: McubootImage, type: number): PlacedTlv | undefined {
  return allTlvs(image).find((tlv) => tlv.type === type);
}

/** Whether the header says that the payload is encrypted (in flash it may be plain all the same). */
export function isEncrypted({ header }: Pick<McubootImage, 'header'>): boolean {
  return (header.flags & ENCRYPTED_FLAGS) !== 0;
}

/** Whether the signature is over the image itself (SIG_PURE record). */
export function isPure(image: McubootImage): boolean {
  const tlv = findTlv(image, TlvType.SIG_PURE);
  if (tlv === undefined) return false;
  if (tlv.data.length !== 1 || tlv.data[0] !== 1) {
    const words = `expected one byte 01, got ${tlv.data.length} bytes`;
    throw new DfuError('MALFORMED', `TLV SIG_PURE at ${hexNumber(tlv.offset)}: ${words}`);
  }
  return true;
}
