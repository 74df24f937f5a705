import { DfuError, hexNumber, struct, u16be, u16le } from '../../bytes/index.ts';
import type { Struct } from '../../bytes/index.ts';
import type { Endian } from './magic.ts';

/** Types of the records behind an image (`image.h`, IMAGE_TLV_*). */
export const TlvType = {
  /** Hash of the public key that made the next signature. */
  KEYHASH: 0x01,
  /** That public key whole. */
  PUBKEY: 0x02,
  SHA256: 0x10,
  SHA384: 0x11,
  SHA512: 0x12,
  /** RSA-2048, PSS with SHA-256 and a salt of 32 bytes. */
  RSA2048: 0x20,
  /** Retired. */
  ECDSA224: 0x21,
  /** ECDSA with P-256/SHA-256 or P-384/SHA-384, DER, so of varying length. */
  ECDSASIG: 0x22,
  RSA3072: 0x23,
  ED25519: 0x24,
  /** One byte, 1: the signature is over the image itself, not over its digest. */
  SIG_PURE: 0x25,
  /** Image key under RSA-OAEP with SHA-256. */
  ENCRSA2048: 0x30,
  /** Image key under AES-KW (RFC 3394). */
  ENCKW: 0x31,
  /** Image key under ECIES with P-256. */
  ENCEC256: 0x32,
  /** Image key under ECIES with X25519, HMAC-SHA256. */
  ENCX25519: 0x33,
  /** The same with HMAC-SHA512. */
  ENCX25519_SHA512: 0x34,
  DEPENDENCY: 0x40,
  SEC_CNT: 0x50,
  BOOT_RECORD: 0x60,
  DECOMP_SIZE: 0x70,
  DECOMP_SHA: 0x71,
  DECOMP_SIGNATURE: 0x72,
  COMP_DEC_SIZE: 0x73,
  UUID_VID: 0x74,
  UUID_CID: 0x75,
  /** Hashes of all images that make up one update (nRF Connect SDK). */
  MANIFEST: 0x76,
} as const;

/** Name of a known record type. */
export type TlvName = keyof typeof TlvType;

const namesOfTypes: ReadonlyMap<number, TlvName> = new Map(
  (Object.entries(TlvType) as [TlvName, number][]).map(([name, type]) => [type, name]),
);

/** Name of a record type; undefined if the type is not one of MCUboot's. */
export function tlvName(type: number): TlvName | undefined {
  return namesOfTypes.get(type);
}

/** Bytes of the head of an area, and of the head of each record. */
export const TLV_HEAD_BYTES = 4;

/** Magic of the area that the hash and the signature do not cover. */
export const TLV_INFO_MAGIC = 0x6907;

/** Magic of the protected area, which they do. */
export const TLV_PROT_INFO_MAGIC = 0x6908;

/** One record: type, length, value. */
export interface Tlv {
  readonly type: number;
  readonly data: Uint8Array;
}

/** A record and where in the image it lies. */
export interface PlacedTlv extends Tlv {
  /** Offset of the record's head from the start of the image. */
  readonly offset: number;
}

/** One of the two areas behind the payload. */
export interface TlvArea {
  /** Offset of its head from the start of the image. */
  readonly offset: number;
  readonly magic: number;
  /** Its bytes, its own head included. */
  readonly size: number;
  readonly tlvs: readonly PlacedTlv[];
}

/** What an area of records starts with. */
interface TlvAreaHead {
  readonly magic: number;
  /** Bytes of the area, this head included. */
  readonly total: number;
}

interface RecordHead {
  readonly type: number;
  readonly length: number;
}

const areaHeads: Readonly<Record<Endian, Struct<TlvAreaHead>>> = {
  little: struct<TlvAreaHead>('TLV area', { magic: u16le, total: u16le }),
  big: struct<TlvAreaHead>('TLV area', { magic: u16be, total: u16be }),
};

const recordHeads: Readonly<Record<Endian, Struct<RecordHead>>> = {
  little: struct<RecordHead>('TLV', { type: u16le, length: u16le }),
  big: struct<RecordHead>('TLV', { type: u16be, length: u16be }),
};

/**
 * In big-endian images MCUboot's own types stand as one byte with a zero behind it, vendors' as two
 * bytes in order: so imgtool writes them. A
 * vendor's type never has a zero as its low byte.
 */
function typeFrom(stored: number, endian: Endian): number {
  return endian === 'big' && (stored & 0xff) === 0 ? stored >> 8 : stored;
}

function typeTo(type: number, endian: Endian): number {
  return endian === 'big' && namesOfTypes.has(type) ? type << 8 : type;
}

/** The head of an area: which one it is and how long. Throws `TRUNCATED`. */
export function readTlvAreaHead(bytes: Uint8Array, offset: number, endian: Endian): TlvAreaHead {
  if (offset + TLV_HEAD_BYTES > bytes.length) {
    const left = Math.max(0, bytes.length - offset);
    throw new DfuError('TRUNCATED', `TLV area at ${hexNumber(offset)}: ${left} bytes of 4`);
  }
  return areaHeads[endian].decode(bytes, offset);
}

/** Where an area is and which one is expected there. */
export interface TlvAreaPlace {
  readonly offset: number;
  readonly endian: Endian;
  readonly magic: number;
  /** Total that the header promises, if it does. */
  readonly size?: number | undefined;
}

function areaHead(bytes: Uint8Array, { offset, endian, magic, size }: TlvAreaPlace): TlvAreaHead {
  const head = readTlvAreaHead(bytes, offset, endian);
  const where = `at ${hexNumber(offset)}`;
  if (head.magic !== magic) {
    const words = `expected ${hexNumber(magic, 4)}, got ${hexNumber(head.magic, 4)}`;
    throw new DfuError('MALFORMED', `TLV area.magic ${where}: ${words}`);
  }
  if (head.total < TLV_HEAD_BYTES || (size !== undefined && head.total !== size)) {
    const words = size === undefined ? `at least ${TLV_HEAD_BYTES}` : `${size} as in the header`;
    throw new DfuError(
      'MALFORMED',
      `TLV area.total ${where}: expected ${words}, got ${head.total}`,
    );
  }
  if (offset + head.total > bytes.length) {
    const left = bytes.length - offset;
    throw new DfuError('TRUNCATED', `TLV area ${where}: ${left} bytes of ${head.total}`);
  }
  return head;
}

/**
 * Reads the area at `offset` with every record in it; data are views, not copies. Throws
 * `MALFORMED` or `TRUNCATED` with the offset, what was expected and what was found.
 */
export function readTlvArea(bytes: Uint8Array, place: TlvAreaPlace): TlvArea {
  const { offset, endian } = place;
  const { magic, total } = areaHead(bytes, place);
  const end = offset + total;
  const tlvs: PlacedTlv[] = [];
  let at = offset + TLV_HEAD_BYTES;
  while (at < end) {
    if (at + TLV_HEAD_BYTES > end) {
      const words = `${end - at} bytes of ${TLV_HEAD_BYTES} before the area ends`;
      throw new DfuError('MALFORMED', `TLV at ${hexNumber(at)}: ${words}`);
    }
    const { type: stored, length } = recordHeads[endian].decode(bytes, at);
    const type = typeFrom(stored, endian);
    const start = at + TLV_HEAD_BYTES;
    if (start + length > end) {
      const words = `length ${length}, but the area has ${end - start} bytes left`;
      throw new DfuError('MALFORMED', `TLV ${hexNumber(type)} at ${hexNumber(at)}: ${words}`);
    }
    tlvs.push({ type, data: bytes.subarray(start, start + length), offset: at });
    at = start + length;
  }
  return { offset, magic, size: total, tlvs };
}

/** Bytes that these records take with their area's head; 0 if there are none. */
export function tlvAreaSize(tlvs: readonly Tlv[]): number {
  if (tlvs.length === 0) return 0;
  return tlvs.reduce((sum, { data }) => sum + TLV_HEAD_BYTES + data.length, TLV_HEAD_BYTES);
}

/** The bytes of an area; none if there are no records. Throws `OUT_OF_RANGE` past 65535 bytes. */
export function writeTlvArea(
  magic: number,
  tlvs: readonly Tlv[],
  endian: Endian = 'little',
): Uint8Array<ArrayBuffer> {
  const total = tlvAreaSize(tlvs);
  const bytes = new Uint8Array(total);
  if (total === 0) return bytes;
  areaHeads[endian].encodeInto({ magic, total }, bytes, 0);
  let at = TLV_HEAD_BYTES;
  for (const { type, data } of tlvs) {
    const head = { type: typeTo(type, endian), length: data.length };
    recordHeads[endian].encodeInto(head, bytes, at);
    bytes.set(data, at + TLV_HEAD_BYTES);
    at += TLV_HEAD_BYTES + data.length;
  }
  return bytes;
}
