/**
 * Firmware images: what is in front of the code, and whether it is whole.
 *
 * @module
 */
export type { OwnBytes } from '../bytes/index.ts';
export type { ImageSlot } from './slot.ts';
export type { FirmwareTarget, TargetMemory, TargetRange, TargetSlot } from './firmware-target.ts';
export { recognise } from './recognise.ts';
export type { FileFormat, Recognised, VectorTable } from './recognise.ts';
export { unwrapFile } from './unwrap-file.ts';
export type { Unwrapped } from './unwrap-file.ts';
export { readIntelHex, writeIntelHex } from './formats/intel-hex.ts';
export type { HexImage } from './formats/intel-hex.ts';
export { readDfuPackage, readWholePackage } from './formats/dfu-package.ts';
export type { PackagedFile, WholePackage } from './formats/dfu-package.ts';
export type { Inflate } from './formats/zip.ts';
export { imagesIn } from './images-in.ts';
export type { FoundImage } from './images-in.ts';
export { readEspressifLoadHeader } from './mcuboot/espressif.ts';
export type { EspressifLoadHeader } from './mcuboot/espressif.ts';
export { layOver } from './formats/lay-over.ts';
export type { LaidOver } from './formats/lay-over.ts';
export { readSegments } from './formats/segment-file.ts';
export type { ReadSegmentsOptions } from './formats/segment-file.ts';
export type { SegmentFormat } from './formats/segment-format.ts';
export type { Segment } from './formats/segment.ts';
export { readElfSymbols } from './formats/elf-symbols.ts';
export type { ElfSymbols } from './formats/elf-symbols.ts';
export { inputFormats } from './input-formats.ts';
export type { InputFormat } from './input-formats.ts';
export { outputFormats, readContents, writeContents } from './contents.ts';
export type {
  ContentPart,
  ContentPiece,
  FileContents,
  OutputFormat,
  ReadContentsOptions,
  WriteContentsOptions,
} from './contents.ts';
export { writeSRecords } from './formats/s-record-writer.ts';
export type { SRecordKind, SRecordOptions } from './formats/s-record-writer.ts';
export { writeUf2 } from './formats/uf2-writer.ts';
export type { Uf2Options } from './formats/uf2-writer.ts';
export { readPrefix, withLpcPrefix, withStellarisPrefix } from './formats/prefix.ts';
export type { DfuPrefix } from './formats/prefix.ts';
export { readUf2 } from './formats/uf2.ts';
export type { Uf2Family, Uf2File } from './formats/uf2.ts';

export {
  generateRiotbootHeader,
  RIOTBOOT_HEADER_BYTES,
  riotbootFault,
  riotbootHeader,
  riotbootImage,
  updateRiotbootHeader,
} from './riotboot/header.ts';
export type {
  RiotbootFault,
  RiotbootHeader,
  RiotbootHeaderOptions,
  RiotbootImageOptions,
} from './riotboot/header.ts';

export { needsPassword, readKey } from './keys/read.ts';
export type { ReadKeyOptions } from './keys/read.ts';
export { generateKey, writePrivatePem, writePublicPem } from './keys/write.ts';
export { isPrivateKey, publicHalf } from './keys/key.ts';
export type { Key, KeyKind, PrivateKey } from './keys/key.ts';
export type {
  CryptoAlgorithm,
  CryptoKeyHandle,
  CryptoLike,
  HashName,
  SubtleCryptoLike,
} from './keys/web-crypto.ts';

export {
  compareVersions,
  formatVersion,
  ImageFlag,
  imageFlagNames,
  parseVersion,
  readImageHeader,
} from './mcuboot/header.ts';
export type { ImageFlagName, ImageHeader, ImageVersion, RawImageHeader } from './mcuboot/header.ts';
export { allTlvs, isEncrypted, parseImage } from './mcuboot/image.ts';
export type { McubootImage } from './mcuboot/image.ts';
export type { Endian } from './mcuboot/magic.ts';
export { readTlvArea, tlvName, TlvType, writeTlvArea } from './mcuboot/tlv.ts';
export type { PlacedTlv, Tlv, TlvArea, TlvAreaPlace, TlvName } from './mcuboot/tlv.ts';
export { manifestTlv, uuidTlvs } from './mcuboot/records.ts';
export type { Dependency } from './mcuboot/records.ts';
export { bytesToSign, signImage } from './mcuboot/sign.ts';
export type {
  BytesToSign,
  CompressionOptions,
  CompressionResult,
  CompressionSettings,
  Compressor,
  EncryptionOptions,
  FixedSignature,
  SignedImage,
  SignOptions,
  ToSignOptions,
} from './mcuboot/sign-options.ts';
export { liblzmaCompressor } from './mcuboot/liblzma.ts';
export type { Liblzma } from './mcuboot/liblzma.ts';
export type { DecryptionKey, EciesHash, EncryptionKey, WrappingKey } from './mcuboot/encrypt.ts';
export { takeImage } from './mcuboot/resign.ts';
export type { TakenImage } from './mcuboot/resign.ts';
export { padImage, readTrailerInfo } from './mcuboot/padding.ts';
export type { PaddingOptions, TrailerInfo } from './mcuboot/padding.ts';
export type { FlagState, MaxAlign } from './mcuboot/trailer.ts';
export { validateImage } from './mcuboot/validate.ts';
export type { RefusedBy, ValidationOptions, Verdict } from './mcuboot/validate.ts';
export type { SignatureKind } from './mcuboot/signed-bytes.ts';
export { imageFaults, inspectImage, isSignedByGiven } from './mcuboot/inspect.ts';
export type {
  HashFinding,
  ImageInspection,
  InspectionOptions,
  SignatureFinding,
  SignerFinding,
} from './mcuboot/inspect.ts';
