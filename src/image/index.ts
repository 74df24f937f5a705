/** The room's face to its siblings: what the world sees, and what only they need. */
export * from './public.ts';
export { noFirmwareName } from './recognise.ts';
export { firstMemory, MOST_SPAN_BYTES, runOf } from './formats/lay-over.ts';
export { zipEntries } from './formats/zip.ts';
export { wholePrefix } from './formats/prefix.ts';
export { rangeText, segmentEnd } from './formats/segment.ts';
export { isSegmentFormat, segmentFormatNames } from './formats/segment-format.ts';
export { fletcher32 } from './riotboot/fletcher32.ts';
export { RIOTBOOT_HEADER_ALIGNMENT, RIOTBOOT_MAGIC, riotbootChecksum } from './riotboot/header.ts';
export { publicKeyHash, publicKeyHashes } from './keys/key.ts';
export { fromBase64, toBase64 } from './keys/pem.ts';
export { readPublicPem } from './keys/read.ts';
export { verifyMessage } from './keys/sign.ts';
export { platformCrypto } from './keys/web-crypto.ts';
export { privateKeyDer } from './keys/write.ts';
export {
  asDecryptionKey,
  DEFAULT_IMAGE_KEY_BITS,
  imageCipher,
  unwrapImageKey,
} from './mcuboot/encrypt.ts';
export {
  decodeImageHeader,
  ENCRYPTED_FLAGS,
  IMAGE_HEADER_BYTES,
  writeImageHeader,
} from './mcuboot/header.ts';
export { isPure } from './mcuboot/image.ts';
export { tlvsOf } from './mcuboot/inspect.ts';
export { endianOfImage, IMAGE_MAGIC, isMcubootImage } from './mcuboot/magic.ts';
export { checkImageFits, isPadding, trailerPieces, trailerSize } from './mcuboot/padding.ts';
export {
  bootRecordRole,
  numberTlv,
  parseUuid,
  readDependency,
  readManifest,
  readNumber,
} from './mcuboot/records.ts';
export { allowedHashes, signPieces } from './mcuboot/sign.ts';
export type { SignedPieces } from './mcuboot/sign-options.ts';
export { hashTlvs, imageDigest, signatureTlvs } from './mcuboot/signed-bytes.ts';
export {
  readTlvAreaHead,
  TLV_HEAD_BYTES,
  TLV_INFO_MAGIC,
  TLV_PROT_INFO_MAGIC,
} from './mcuboot/tlv.ts';
export {
  alignUp,
  decodeFlag,
  DEFAULT_MAX_ALIGN,
  DEFAULT_MAX_IMG_SECTORS,
  FLAG_SET,
  MAX_ALIGNS,
  maxAlignFor,
  maxAlignOfMagic,
  TRAILER_MAGIC_BYTES,
  trailerFlags,
  trailerInfoBytes,
  trailerMagic,
} from './mcuboot/trailer.ts';
export type { TrailerFlags } from './mcuboot/trailer.ts';
export { flagWords, signatureText, sizeText, tlvText } from './mcuboot/words.ts';
