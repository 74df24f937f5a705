import {
  DfuError,
  crc32Register,
  hexNumber,
  magic,
  struct,
  u16le,
  u32le,
  u8,
} from '../bytes/index.ts';
import type { Struct } from '../bytes/index.ts';

/** What a suffix says of a file: which device it is for (DFU 1.1 Appendix B). */
export interface Suffix {
  /** Release of the device, 0xffff for any. */
  readonly bcdDevice: number;
  /** 0xffff for any. */
  readonly idProduct: number;
  /** 0xffff for any. */
  readonly idVendor: number;
  /** 0x0100 for a plain file, 0x011a for a DfuSe file. */
  readonly bcdDFU: number;
}

interface SuffixBytes extends Suffix {
  readonly ucDfuSignature: Uint8Array;
  /** Length of the suffix, 16 or more. */
  readonly bLength: number;
  /** CRC register over the whole file but these four bytes. */
  readonly dwCRC: number;
}

/** "DFU" backwards, as the suffix is meant to be read from its end. */
const SIGNATURE = Uint8Array.of(0x55, 0x46, 0x44);

const suffixBytes: Struct<SuffixBytes> = struct<SuffixBytes>('DFU suffix', {
  bcdDevice: u16le,
  idProduct: u16le,
  idVendor: u16le,
  bcdDFU: u16le,
  ucDfuSignature: magic(SIGNATURE),
  bLength: u8,
  dwCRC: u32le,
});

/** Bytes of a suffix as it is written today; a longer one can be read. */
export const SUFFIX_BYTES: number = suffixBytes.size;

/** A file and what its suffix said. */
export interface FileWithSuffix {
  /** The file without its suffix; a view, not a copy. */
  readonly payload: Uint8Array;
  /** Undefined if the file has none. */
  readonly suffix: Suffix | undefined;
  /** Why what stands at the end is no suffix, if it looks like one. */
  readonly problem: DfuError | undefined;
}

/**
 * Splits a file from its suffix. A file without one is all payload; so is a file whose suffix is
 * damaged, but then `problem` says how.
 */
export function splitSuffix(file: Uint8Array): FileWithSuffix {
  const none = (problem?: DfuError): FileWithSuffix => ({
    payload: file,
    suffix: undefined,
    problem,
  });
  const start = file.length - SUFFIX_BYTES;
  if (start < 0) return none();
  const signature = file.subarray(start + 8, start + 11);
  if (signature.some((byte, at) => byte !== SIGNATURE[at])) return none();
  const { bcdDevice, idProduct, idVendor, bcdDFU, bLength, dwCRC } = suffixBytes.decode(
    file,
    start,
  );
  const crc = crc32Register(file.subarray(0, file.length - 4));
  if (crc !== dwCRC) {
    const message = `DFU suffix.dwCRC: expected ${hexNumber(crc, 8)}, got ${hexNumber(dwCRC, 8)}`;
    return none(new DfuError('MALFORMED', message));
  }
  if (bLength < SUFFIX_BYTES || bLength > file.length) {
    const range = `expected ${SUFFIX_BYTES} to ${Math.min(255, file.length)}`;
    return none(new DfuError('MALFORMED', `DFU suffix.bLength: ${range}, got ${bLength}`));
  }
  const payload = file.subarray(0, file.length - bLength);
  return { payload, suffix: { bcdDevice, idProduct, idVendor, bcdDFU }, problem: undefined };
}

/** The file with a suffix behind it. Throws `OUT_OF_RANGE`. */
export function appendSuffix(payload: Uint8Array, suffix: Suffix): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(payload.length + SUFFIX_BYTES);
  file.set(payload);
  const whole = { ...suffix, ucDfuSignature: SIGNATURE, bLength: SUFFIX_BYTES, dwCRC: 0 };
  suffixBytes.encodeInto(whole, file, payload.length);
  const crc = crc32Register(file.subarray(0, file.length - 4));
  new DataView(file.buffer).setUint32(file.length - 4, crc, true);
  return file;
}

/** Whether a file with this suffix may go to that device: equal or wildcard, field by field. */
export function suffixMatches(
  suffix: Suffix,
  device: { readonly idVendor: number; readonly idProduct: number; readonly bcdDevice?: number },
): boolean {
  const fits = (wanted: number, got: number | undefined): boolean =>
    wanted === 0xffff || got === undefined || wanted === got;
  return (
    fits(suffix.idVendor, device.idVendor) &&
    fits(suffix.idProduct, device.idProduct) &&
    fits(suffix.bcdDevice, device.bcdDevice)
  );
}
