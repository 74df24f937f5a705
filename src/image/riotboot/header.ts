import { DfuError, hexNumber, struct, u32le } from '../../bytes/index.ts';
import type { Struct } from '../../bytes/index.ts';
import { fletcher32 } from './fletcher32.ts';

/** The bytes "RIOT" as a little-endian number: first in every slot that can boot. */
export const RIOTBOOT_MAGIC = 0x544f4952;
/** Size of the header's fields in bytes; zeros follow up to the header length. */
export const RIOTBOOT_HEADER_BYTES = 16;
/** The vector table behind the header must lie at a multiple of this many bytes. */
export const RIOTBOOT_HEADER_ALIGNMENT = 256;

/** The header at the start of a riotboot slot. Nothing else of an image is checked at boot. */
export interface RiotbootHeader {
  /** 0x544f4952, "RIOT". */
  readonly magic: number;
  /** The greater one boots; unsigned 32 bits, by custom the build time in epoch seconds. */
  readonly version: number;
  /** Absolute address of the vector table: the slot's address plus the header length. */
  readonly startAddress: number;
  /** Fletcher-32 of the twelve bytes before it. */
  readonly checksum: number;
}

export const riotbootHeader: Struct<RiotbootHeader> = struct<RiotbootHeader>('riotboot header', {
  magic: u32le,
  version: u32le,
  startAddress: u32le,
  checksum: u32le,
});

/** Why a header is none that riotboot would boot. */
export type RiotbootFault = 'magic' | 'checksum';

/** The checksum that the first twelve of these bytes should have. Throws `TRUNCATED`. */
export function riotbootChecksum(bytes: Uint8Array): number {
  if (bytes.length < 12) {
    throw new DfuError('TRUNCATED', `riotboot header: ${bytes.length} bytes of 12 to sum`);
  }
  return fletcher32(bytes.subarray(0, 12));
}

/** What is wrong with the header at the start of these bytes, or nothing. Throws `TRUNCATED`. */
export function riotbootFault(bytes: Uint8Array): RiotbootFault | undefined {
  const header = riotbootHeader.decode(bytes);
  if (header.magic !== RIOTBOOT_MAGIC) return 'magic';
  return header.checksum === riotbootChecksum(bytes) ? undefined : 'checksum';
}

/** What goes into a new header. */
export interface RiotbootHeaderOptions {
  readonly version: number;
  /** Absolute address of the vector table. */
  readonly startAddress: number;
  /** Bytes that the header takes with its padding: a multiple of 256. */
  readonly headerLength: number;
}

/**
 * A header padded with zeros to its length. Throws `INVALID_ARGUMENT` for a length that is not a
 * multiple of 256, `OUT_OF_RANGE` for a version or address beyond 32 bits.
 */
export function generateRiotbootHeader(options: RiotbootHeaderOptions): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(checkHeaderLength(options.headerLength));
  encodeHeader(bytes, options.version, options.startAddress);
  return bytes;
}

function checkHeaderLength(headerLength: number): number {
  const fits = headerLength > 0 && headerLength <= 0x100000;
  if (fits && headerLength % RIOTBOOT_HEADER_ALIGNMENT === 0) return headerLength;
  throw new DfuError(
    'INVALID_ARGUMENT',
    `riotboot header: expected a length that is a multiple of ${RIOTBOOT_HEADER_ALIGNMENT} ` +
      `up to 1 MiB, got ${headerLength}`,
  );
}

function encodeHeader(bytes: Uint8Array, version: number, startAddress: number): void {
  const header = { magic: RIOTBOOT_MAGIC, version, startAddress, checksum: 0 };
  riotbootHeader.encodeInto(header, bytes, 0);
  riotbootHeader.encodeInto({ ...header, checksum: riotbootChecksum(bytes) }, bytes, 0);
}

/**
 * Gives the image at the start of these bytes another version, in place, with a new checksum; a
 * checksum that was wrong becomes right. Throws `TRUNCATED`, `MALFORMED` without the magic, or
 * `OUT_OF_RANGE` for a version beyond 32 bits.
 */
export function updateRiotbootHeader(bytes: Uint8Array, version: number): void {
  const { magic, startAddress } = riotbootHeader.decode(bytes);
  if (magic !== RIOTBOOT_MAGIC) {
    throw new DfuError(
      'MALFORMED',
      `riotboot header: expected the magic ${hexNumber(RIOTBOOT_MAGIC)}, got ${hexNumber(magic, 8)}`,
    );
  }
  encodeHeader(bytes, version, startAddress);
}

/** Where an image is to run: at a vector table, or in a slot. */
export type RiotbootImageOptions = {
  readonly version: number;
  /** Bytes that the header takes with its padding: a multiple of 256. */
  readonly headerLength: number;
} & (
  | { /** Absolute address of the vector table. */ readonly startAddress: number }
  | {
      /** Absolute address of the slot; the vector table is behind the header. */ readonly slotBase: number;
    }
);

/** What goes into a slot: the header, padded, and the payload. Throws as `generateRiotbootHeader`. */
export function riotbootImage(
  payload: Uint8Array,
  options: RiotbootImageOptions,
): Uint8Array<ArrayBuffer> {
  const headerLength = checkHeaderLength(options.headerLength);
  const startAddress =
    'startAddress' in options ? options.startAddress : options.slotBase + headerLength;
  const image = new Uint8Array(headerLength + payload.length);
  encodeHeader(image, options.version, startAddress);
  image.set(payload, headerLength);
  return image;
}
