import {
  DfuError,
  encodeUtf8,
  fromHex,
  struct,
  u16be,
  u16le,
  u32be,
  u32le,
  u8,
} from '../../bytes/index.ts';
import type { Field, Struct, OwnBytes } from '../../bytes/index.ts';
import type { ImageVersion } from './header.ts';
import type { Endian } from './magic.ts';
import { TlvType } from './tlv.ts';
import type { Tlv } from './tlv.ts';
import { hashOf, joinBytes, platformCrypto } from '../keys/web-crypto.ts';
import type { CryptoLike, HashName } from '../keys/web-crypto.ts';

/** Another image that must be there, in this version or a newer one. */
export interface Dependency {
  /** Number of the image, 0 to 255. */
  readonly imageId: number;
  readonly minVersion: ImageVersion;
}

interface DependencyBytes extends ImageVersion {
  readonly imageId: number;
  readonly pad1: number;
  readonly pad2: number;
}

function dependencyLayout(u16: Field<number>, u32: Field<number>): Struct<DependencyBytes> {
  return struct<DependencyBytes>('DEPENDENCY', {
    imageId: u8,
    pad1: u8,
    pad2: u16,
    major: u8,
    minor: u8,
    revision: u16,
    build: u32,
  });
}

const dependencies: Readonly<Record<Endian, Struct<DependencyBytes>>> = {
  little: dependencyLayout(u16le, u32le),
  big: dependencyLayout(u16be, u32be),
};

const words: Readonly<Record<Endian, Struct<{ readonly value: number }>>> = {
  little: struct<{ readonly value: number }>('u32', { value: u32le }),
  big: struct<{ readonly value: number }>('u32', { value: u32be }),
};

function exactly(tlv: Tlv, size: number, name: string): void {
  if (tlv.data.length !== size) {
    const found = `expected ${size} bytes, got ${tlv.data.length}`;
    throw new DfuError('MALFORMED', `TLV ${name}: ${found}`);
  }
}

/** DEPENDENCY record. Throws `OUT_OF_RANGE`. */
export function dependencyTlv({ imageId, minVersion }: Dependency, endian: Endian = 'little'): Tlv {
  const { major, minor, revision, build } = minVersion;
  const whole = { imageId, pad1: 0, pad2: 0, major, minor, revision, build };
  return { type: TlvType.DEPENDENCY, data: dependencies[endian].encode(whole) };
}

/** What a DEPENDENCY record says. Throws `MALFORMED` unless it has 12 bytes. */
export function readDependency(tlv: Tlv, endian: Endian = 'little'): Dependency {
  exactly(tlv, dependencies[endian].size, 'DEPENDENCY');
  const { imageId, major, minor, revision, build } = dependencies[endian].decode(tlv.data);
  return { imageId, minVersion: { major, minor, revision, build } };
}

/** A record of one 32-bit number: SEC_CNT, DECOMP_SIZE, COMP_DEC_SIZE. Throws `OUT_OF_RANGE`. */
export function numberTlv(type: number, value: number, endian: Endian = 'little'): Tlv {
  return { type, data: words[endian].encode({ value }) };
}

/** The number in such a record. Throws `MALFORMED` unless it has 4 bytes. */
export function readNumber(tlv: Tlv, endian: Endian = 'little'): number {
  exactly(tlv, 4, 'of a number');
  return words[endian].decode(tlv.data).value;
}

/** The only format of a manifest so far. */
const MANIFEST_FORMAT = 1;

/**
 * MANIFEST record: the digests of all images of one update, in the order of their numbers, as nRF Connect
 * SDK's loader reads it. Throws `INVALID_ARGUMENT` unless they have one length.
 */
export function manifestTlv(digests: readonly Uint8Array[], endian: Endian = 'little'): Tlv {
  const [first] = digests;
  const other = digests.find(({ length }) => length !== first?.length);
  if (other !== undefined) {
    const found = `expected ${first?.length ?? 0} bytes each, got ${other.length}`;
    throw new DfuError('INVALID_ARGUMENT', `manifest: digests: ${found}`);
  }
  const head = [MANIFEST_FORMAT, digests.length].map((value) => words[endian].encode({ value }));
  return { type: TlvType.MANIFEST, data: joinBytes(...head, ...digests) };
}

/** The digests in a MANIFEST record. Throws `MALFORMED` or `TRUNCATED`. */
export function readManifest({ data }: Tlv, endian: Endian = 'little'): readonly Uint8Array[] {
  const number = (offset: number): number => words[endian].decode(data, offset).value;
  const [format, count] = [number(0), number(4)];
  const digests = data.subarray(8);
  const each = count === 0 ? 0 : digests.length / count;
  if (format !== MANIFEST_FORMAT || !Number.isInteger(each) || each * count !== digests.length) {
    const found = `expected format 1 and ${count} digests of one length, got format ${format}`;
    throw new DfuError('MALFORMED', `TLV MANIFEST: ${found} and ${digests.length} bytes`);
  }
  return Array.from({ length: count }, (_, at) => digests.subarray(at * each, (at + 1) * each));
}

/** The counter that `auto` means: major, minor and revision in one number. */
export function securityCounterOf({ major, minor, revision }: ImageVersion): number {
  return major * 2 ** 24 + minor * 2 ** 16 + revision;
}

/** Head of a CBOR item of this major type (RFC 8949 §3); lengths here stay below 65536. */
function cborHead(major: number, length: number): OwnBytes {
  const type = major << 5;
  if (length < 24) return Uint8Array.of(type | length);
  if (length < 0x100) return Uint8Array.of(type | 24, length);
  return Uint8Array.of(type | 25, length >> 8, length & 0xff);
}

function cborText(text: string): OwnBytes {
  const bytes = encodeUtf8(text);
  return joinBytes(cborHead(3, bytes.length), bytes);
}

function cborBytes(bytes: Uint8Array): OwnBytes {
  return joinBytes(cborHead(2, bytes.length), bytes);
}

/** What a boot record says of an image (measured boot). */
interface BootRecord {
  /** Role of the software, at most 12 characters. */
  readonly softwareType: string;
  readonly version: ImageVersion;
  readonly hash: HashName;
  /** Hash of the signing key, or as many zeros. */
  readonly signerId: Uint8Array;
}

/**
 * BOOT_RECORD: a CBOR map of five entries. The measurement, its last one, is left zero: the
 * bootloader puts the hash in. Throws `INVALID_ARGUMENT` for a type of over 12 characters.
 */
export function bootRecordTlv({ softwareType, version, hash, signerId }: BootRecord): Tlv {
  if (softwareType.length > 12) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      `'${softwareType}' is too long (${softwareType.length} characters) for sw_type. ` +
        'Its maximum allowed length is 12 characters.',
    );
  }
  const name = hash.replace('-', '');
  const entries: readonly [number, OwnBytes][] = [
    [1, cborText(softwareType)],
    [4, cborText(`${version.major}.${version.minor}.${version.revision}`)],
    [5, cborBytes(signerId)],
    [6, cborText(name)],
    [2, cborBytes(new Uint8Array(Number(hash.slice(4)) / 8))],
  ];
  const body = entries.flatMap(([key, value]) => [cborHead(0, key), value]);
  return { type: TlvType.BOOT_RECORD, data: joinBytes(cborHead(5, entries.length), ...body) };
}

/**
 * Role of the software in a boot record: the text under key 1, which is its first entry. Undefined
 * for a record that was laid out in another way.
 */
export function bootRecordRole({ data }: Tlv): string | undefined {
  const [map = 0, key, head = 0] = data;
  const length = head & 0x1f;
  if (map >> 5 !== 5 || key !== 1 || head >> 5 !== 3 || length > 12) return undefined;
  const text = data.subarray(3, 3 + length);
  if (text.length !== length || text.some((byte) => byte > 0x7e)) return undefined;
  return String.fromCharCode(...text);
}

/** Namespace of domain names (RFC 9562 §6.6). */
const UUID_NAMESPACE_DNS: OwnBytes = fromHex('6ba7b8109dad11d180b400c04fd430c8');

const dashed = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const packed = /^[0-9a-f]{32}$/i;

/** The 16 bytes of a UUID written with or without dashes; undefined if it is no UUID. */
export function parseUuid(text: string): OwnBytes | undefined {
  if (!dashed.test(text) && !packed.test(text)) return undefined;
  return fromHex(text.replaceAll('-', ''));
}

/** A UUID made of a name (version 5, RFC 9562 §5.5). */
async function uuidOfName(
  namespace: Uint8Array,
  name: string,
  crypto: CryptoLike = platformCrypto(),
): Promise<OwnBytes> {
  const hash = await hashOf('SHA-1', joinBytes(namespace, encodeUtf8(name)), crypto);
  const uuid = hash.slice(0, 16);
  uuid[6] = ((uuid[6] ?? 0) & 0x0f) | 0x50;
  uuid[8] = ((uuid[8] ?? 0) & 0x3f) | 0x80;
  return uuid;
}

/**
 * Vendor and class of a device as image records: a UUID is taken as it is; any other text is a name,
 * the vendor's within DNS and the class's within the vendor's UUID. Throws `INVALID_ARGUMENT` for a
 * class name without a vendor.
 */
export async function uuidTlvs(
  {
    vendor,
    deviceClass,
  }: { readonly vendor?: string | undefined; readonly deviceClass?: string | undefined },
  crypto: CryptoLike = platformCrypto(),
): Promise<Tlv[]> {
  const tlvs: Tlv[] = [];
  let namespace: OwnBytes | undefined;
  if (vendor !== undefined) {
    namespace = parseUuid(vendor) ?? (await uuidOfName(UUID_NAMESPACE_DNS, vendor, crypto));
    tlvs.push({ type: TlvType.UUID_VID, data: namespace });
  }
  if (deviceClass === undefined) return tlvs;
  const raw = parseUuid(deviceClass);
  if (raw === undefined && namespace === undefined) {
    const found = `expected a vendor, or a UUID, got the name "${deviceClass}" alone`;
    throw new DfuError('INVALID_ARGUMENT', `class id: ${found}`);
  }
  const data = raw ?? (await uuidOfName(namespace ?? UUID_NAMESPACE_DNS, deviceClass, crypto));
  return [...tlvs, { type: TlvType.UUID_CID, data }];
}
