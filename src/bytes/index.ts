export { crc32, crc32Mpeg2, crc32Register } from './crc32.ts';
export { DfuError, retold } from './error.ts';
export type {
  DfuErrorCode,
  DfuErrorOptions,
  DfuRemedy,
  SendOutcome,
  SendProgress,
  SendTally,
} from './error.ts';
export { sameBytes } from './same-bytes.ts';
export { sha256 } from './sha256.ts';
export { fromHex, hexNumber, toHex } from './hex.ts';
export {
  constant,
  flags,
  i32be,
  magic,
  raw,
  struct,
  text,
  u16be,
  u16le,
  u24le,
  u32be,
  u32le,
  u8,
  viewOf,
} from './struct.ts';
export type { Field, Fields, Struct } from './struct.ts';
export { PACKAGE_VERSION } from './package-version.ts';
export { defined } from './defined.ts';
export { parseJson } from './json.ts';
export { didYouMean } from './did-you-mean.ts';
export { Utf8Reader, encodeUtf8 } from './utf8.ts';
export type { OwnBytes } from './own-bytes.ts';
export { cNumber } from './c-number.ts';
export * from './shape/index.ts';
