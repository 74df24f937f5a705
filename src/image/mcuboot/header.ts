import { DfuError, hexNumber, struct, u16be, u16le, u32be, u32le, u8 } from '../../bytes/index.ts';
import type { Struct } from '../../bytes/index.ts';
import { IMAGE_MAGIC, endianOfImage } from './magic.ts';
import type { Endian } from './magic.ts';

/** Bytes of the header proper; what follows up to `hdrSize` is filler or a vector table's room. */
export const IMAGE_HEADER_BYTES = 32;

/** Bits of the header's flags (`image.h`, IMAGE_F_*). */
export const ImageFlag = {
  PIC: 0x1,
  ENCRYPTED_AES128: 0x4,
  ENCRYPTED_AES256: 0x8,
  NON_BOOTABLE: 0x10,
  RAM_LOAD: 0x20,
  ROM_FIXED: 0x100,
  COMPRESSED_LZMA1: 0x200,
  COMPRESSED_LZMA2: 0x400,
  COMPRESSED_ARM_THUMB: 0x800,
} as const;

/** Name of one flag. */
export type ImageFlagName = keyof typeof ImageFlag;

/** Both encryption bits; an image has at most one of them. */
export const ENCRYPTED_FLAGS: number = ImageFlag.ENCRYPTED_AES128 | ImageFlag.ENCRYPTED_AES256;

/** The one of them for an image key of so many bits. */
export function encryptedFlag(bits: 128 | 256 | undefined): number {
  return bits === 256 ? ImageFlag.ENCRYPTED_AES256 : ImageFlag.ENCRYPTED_AES128;
}

/** Version of an image; the build number does not count in comparisons unless asked for. */
export interface ImageVersion {
  /** 0 to 255. */
  readonly major: number;
  /** 0 to 255. */
  readonly minor: number;
  /** 0 to 65535. */
  readonly revision: number;
  /** 0 to 2³²−1. */
  readonly build: number;
}

/** What the first 32 bytes of an image say. */
export interface ImageHeader {
  /** RAM address with RAM_LOAD, flash address with ROM_FIXED, else 0. */
  readonly loadAddr: number;
  /** Where the payload starts, in bytes; 32 or more. */
  readonly hdrSize: number;
  /** Bytes of the protected TLV area with its own 4-byte head; 0 if there is none. */
  readonly protectTlvSize: number;
  /** Bytes of the payload alone. */
  readonly imgSize: number;
  /** Bits of `ImageFlag`; unknown ones are kept. */
  readonly flags: number;
  readonly version: ImageVersion;
}

/** A header as it stands there, whether it is one or not. */
export interface RawImageHeader extends ImageHeader {
  readonly magic: number;
}

interface HeaderBytes extends Omit<ImageHeader, 'version'>, ImageVersion {
  readonly magic: number;
  readonly pad: number;
}

function layout(u16: typeof u16le, u32: typeof u32le): Struct<HeaderBytes> {
  return struct<HeaderBytes>('MCUboot header', {
    magic: u32,
    loadAddr: u32,
    hdrSize: u16,
    protectTlvSize: u16,
    imgSize: u32,
    flags: u32,
    major: u8,
    minor: u8,
    revision: u16,
    build: u32,
    pad: u32,
  });
}

const layouts: Readonly<Record<Endian, Struct<HeaderBytes>>> = {
  little: layout(u16le, u32le),
  big: layout(u16be, u32be),
};

/** Takes the 32 bytes at `offset` apart and judges nothing, not even the magic. Throws `TRUNCATED`. */
export function decodeImageHeader(
  bytes: Uint8Array,
  offset = 0,
  endian: Endian = 'little',
): RawImageHeader {
  const { magic, loadAddr, hdrSize, protectTlvSize, imgSize, flags, ...rest } = layouts[
    endian
  ].decode(bytes, offset);
  const { major, minor, revision, build } = rest;
  const version = { major, minor, revision, build };
  return { magic, loadAddr, hdrSize, protectTlvSize, imgSize, flags, version };
}

/**
 * Reads the header at `offset`. Only its own fields are judged here; whether the areas that it
 * promises are there is `parseImage`'s business. Throws `TRUNCATED` or `MALFORMED`.
 */
export function readImageHeader(
  bytes: Uint8Array,
  {
    offset = 0,
    endian,
  }: { readonly offset?: number | undefined; readonly endian?: Endian | undefined } = {},
): ImageHeader & { readonly endian: Endian } {
  const order = endian ?? endianOfImage(bytes, offset) ?? 'little';
  const { magic, ...rest } = decodeImageHeader(bytes, offset, order);
  if (magic !== IMAGE_MAGIC) {
    const words = `expected ${hexNumber(IMAGE_MAGIC, 8)}, got ${hexNumber(magic, 8)}`;
    throw new DfuError('MALFORMED', `MCUboot header.magic at ${hexNumber(offset)}: ${words}`);
  }
  if (rest.hdrSize < IMAGE_HEADER_BYTES) {
    const words = `expected at least ${IMAGE_HEADER_BYTES}, got ${rest.hdrSize}`;
    throw new DfuError('MALFORMED', `MCUboot header.hdrSize at ${hexNumber(offset + 8)}: ${words}`);
  }
  if ((rest.flags & ENCRYPTED_FLAGS) === ENCRYPTED_FLAGS) {
    const words = `expected AES-128 or AES-256, got both (${hexNumber(rest.flags)})`;
    throw new DfuError('MALFORMED', `MCUboot header.flags at ${hexNumber(offset + 16)}: ${words}`);
  }
  return { ...rest, endian: order };
}

/** The 32 bytes of a header. Throws `OUT_OF_RANGE` naming the field that does not fit. */
export function writeImageHeader(
  { version, ...rest }: ImageHeader,
  endian: Endian = 'little',
): Uint8Array<ArrayBuffer> {
  const { loadAddr, hdrSize, protectTlvSize, imgSize, flags } = rest;
  const { major, minor, revision, build } = version;
  const sizes = { loadAddr, hdrSize, protectTlvSize, imgSize, flags };
  const whole = { magic: IMAGE_MAGIC, ...sizes, major, minor, revision, build, pad: 0 };
  return layouts[endian].encode(whole);
}

/** Names of the flags that are set, in bit order; bits without a name are left out. */
export function imageFlagNames(flags: number): ImageFlagName[] {
  const names = Object.keys(ImageFlag) as ImageFlagName[];
  return names.filter((name) => (flags & ImageFlag[name]) !== 0);
}

/** `1.2.3+4`, always all four numbers. */
export function formatVersion({ major, minor, revision, build }: ImageVersion): string {
  return `${major}.${minor}.${revision}+${build}`;
}

const number = '(0|[1-9][0-9]*)';
const versionText = new RegExp(
  `^${number}(?:\\.${number}(?:\\.${number}(?:\\+${number})?)?)?$`,
  'u',
);

/**
 * Reads `major[.minor[.revision[+build]]]` without leading zeros. Throws `INVALID_ARGUMENT` on
 * anything else and `OUT_OF_RANGE` on a number that its field cannot hold.
 */
export function parseVersion(text: string): ImageVersion {
  const match = versionText.exec(text);
  if (match === null) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      `version: expected major.minor.revision+build with later parts optional, got "${text}"`,
    );
  }
  const [major = 0, minor = 0, revision = 0, build = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const most: readonly [string, number, number][] = [
    ['major', major, 0xff],
    ['minor', minor, 0xff],
    ['revision', revision, 0xffff],
    ['build', build, 0xffffffff],
  ];
  for (const [name, value, limit] of most) {
    if (value > limit) {
      throw new DfuError('OUT_OF_RANGE', `version.${name}: expected 0 to ${limit}, got ${value}`);
    }
  }
  return { major, minor, revision, build };
}

/**
 * Negative if `one` is older, 0 if equal, positive if newer. The build number counts only when
 * asked for, as with MCUBOOT_VERSION_CMP_USE_BUILD_NUMBER.
 */
export function compareVersions(
  one: ImageVersion,
  other: ImageVersion,
  { withBuild = false }: { readonly withBuild?: boolean } = {},
): number {
  return (
    one.major - other.major ||
    one.minor - other.minor ||
    one.revision - other.revision ||
    (withBuild ? one.build - other.build : 0)
  );
}
