/**
 * Firmware images: what is in front of the code, and whether it is whole.
 *
 * @module
 */
export type { ImageSlot } from './slot.ts';
export { fletcher32 } from './riotboot/fletcher32.ts';
export {
  generateRiotbootHeader,
  RIOTBOOT_HEADER_ALIGNMENT,
  RIOTBOOT_HEADER_BYTES,
  RIOTBOOT_MAGIC,
  riotbootChecksum,
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
export { ecdsaFromDer, ecdsaToDer, signMessage, verifyMessage } from './keys/sign.ts';
export { needsPassword, readKey, readPublicDer } from './keys/read.ts';
export type { ReadKeyOptions } from './keys/read.ts';
export { generateKey, privateKeyDer, writePrivatePem, writePublicPem } from './keys/write.ts';
export type { PrivateForm } from './keys/write.ts';
export { isPrivateKey, publicHalf, publicKeyHash } from './keys/key.ts';
export type { Key, KeyKind, PrivateKey } from './keys/key.ts';
export {
  asDecryptionKey,
  imageCipher,
  newImageKey,
  unwrapImageKey,
  wrapImageKey,
} from './mcuboot/encrypt.ts';
export type {
  DecryptionKey,
  EciesHash,
  EncryptionKey,
  ImageCipher,
  WrapOptions,
  WrappingKey,
} from './mcuboot/encrypt.ts';
export * from './mcuboot/header.ts';
export * from './mcuboot/image.ts';
export * from './mcuboot/tlv.ts';
export { hashTlvs, imageDigest, signatureTlvs, signedBytes } from './mcuboot/signed-bytes.ts';
export type { SignatureKind } from './mcuboot/signed-bytes.ts';
export { validateImage } from './mcuboot/validate.ts';
export type { RefusedBy, ValidationOptions, Verdict } from './mcuboot/validate.ts';
export { fromBase64, toBase64 } from './keys/pem.ts';
export { platformCrypto } from './keys/web-crypto.ts';
export type {
  CryptoAlgorithm,
  CryptoKeyHandle,
  CryptoLike,
  HashName,
  SubtleCryptoLike,
} from './keys/web-crypto.ts';
export { recognise, unwrapFile } from './recognise.ts';
export type { FileFormat, Recognised, Unwrapped, VectorTable } from './recognise.ts';
export { readHexSegments, readIntelHex, writeIntelHex } from './formats/intel-hex.ts';
export type { HexImage, HexSegment } from './formats/intel-hex.ts';
export * from './mcuboot/padding.ts';
export { TRAILER_MAGIC_BYTES, decodeFlag, trailerMagic } from './mcuboot/trailer.ts';
export type { FlagState, MaxAlign } from './mcuboot/trailer.ts';
export * from './mcuboot/records.ts';
export { allowedHashes, signImage } from './mcuboot/sign.ts';
export type {
  EncryptionOptions,
  FixedSignature,
  SignedImage,
  SignOptions,
} from './mcuboot/sign.ts';
export { imageFaults, inspectImage, isSignedByGiven, tlvsOf } from './mcuboot/inspect.ts';
export type {
  HashFinding,
  ImageInspection,
  InspectionOptions,
  SignatureFinding,
  SignerFinding,
} from './mcuboot/inspect.ts';
export { takeImage } from './mcuboot/resign.ts';
export type { TakenImage } from './mcuboot/resign.ts';
export type { OwnBytes } from '../bytes/index.ts';
