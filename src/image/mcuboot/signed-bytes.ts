import type { KeyKind } from '../keys/key.ts';
import { hashOf, joinBytes, platformCrypto } from '../keys/web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoLike, HashName } from '../keys/web-crypto.ts';
import { imageCipher } from './encrypt.ts';
import { hashedLength } from './image.ts';
import type { McubootImage } from './image.ts';
import { TlvType } from './tlv.ts';

/** Kinds of key that sign. */
export type SignatureKind = Exclude<KeyKind, 'x25519'>;

/** Record of each hash. */
export const hashTlvs: Readonly<Record<HashName, number>> = {
  'SHA-256': TlvType.SHA256,
  'SHA-384': TlvType.SHA384,
  'SHA-512': TlvType.SHA512,
};

/** Record of each kind of signature. */
export const signatureTlvs: Readonly<Record<SignatureKind, number>> = {
  'rsa-2048': TlvType.RSA2048,
  'rsa-3072': TlvType.RSA3072,
  'ecdsa-p256': TlvType.ECDSASIG,
  'ecdsa-p384': TlvType.ECDSASIG,
  ed25519: TlvType.ED25519,
};

/**
 * The bytes that hash and signature are over: a view where the payload is plain, a decrypted copy
 * where it is not.
 */
export async function signedBytes(
  image: McubootImage,
  imageKey: Uint8Array | undefined,
  crypto: CryptoLike = platformCrypto(),
): Promise<Uint8Array> {
  const length = hashedLength(image);
  if (imageKey === undefined) return image.bytes.subarray(0, length);
  const { hdrSize, imgSize } = image.header;
  const plain = await (await imageCipher(imageKey, crypto)).crypt(image.payload);
  const head = image.bytes.subarray(0, hdrSize);
  return joinBytes(head, plain, image.bytes.subarray(hdrSize + imgSize, length));
}

/** Hash of an image as its record has it. */
export async function imageDigest(
  image: McubootImage,
  hash: HashName = 'SHA-256',
  options: { readonly imageKey?: Uint8Array | undefined; readonly crypto?: CryptoLike } = {},
): Promise<OwnBytes> {
  const { imageKey, crypto = platformCrypto() } = options;
  return hashOf(hash, await signedBytes(image, imageKey, crypto), crypto);
}
