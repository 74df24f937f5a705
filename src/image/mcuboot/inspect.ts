import { sameBytes, toHex } from '../../bytes/index.ts';
import { publicKeyHashes } from '../keys/key.ts';
import type { Key } from '../keys/key.ts';
import { readPublicDer } from '../keys/read.ts';
import { verifyMessage } from '../keys/sign.ts';
import { unwrapImageKey, wrapKinds } from './encrypt.ts';
import type { DecryptionKey } from './encrypt.ts';
import { allTlvs, isEncrypted, isPure, parseImage } from './image.ts';
import type { McubootImage } from './image.ts';
import type { Endian } from './magic.ts';
import { TlvType } from './tlv.ts';
import type { PlacedTlv } from './tlv.ts';
import { hashTlvs, signatureTlvs, signedBytes } from './signed-bytes.ts';
import type { SignatureKind } from './signed-bytes.ts';
import { hashOf, platformCrypto } from '../keys/web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoLike, HashName } from '../keys/web-crypto.ts';

/** A hash record and whether it is right. */
export interface HashFinding {
  readonly tlv: PlacedTlv;
  readonly hash: HashName;
  /** Undefined while the payload cannot be decrypted. */
  readonly computed: OwnBytes | undefined;
  readonly valid: boolean | undefined;
}

/** Where the key of a signature came from. */
export type SignerFinding =
  | { readonly from: 'given'; readonly key: Key; readonly index: number }
  /** The image carries the key itself; that proves nothing of who made it. */
  | { readonly from: 'image'; readonly key: Key }
  | { readonly from: 'unknown' };

/** A signature record and whether it is right. */
export interface SignatureFinding {
  readonly tlv: PlacedTlv;
  /** KEYHASH or PUBKEY record in front of it. */
  readonly keyTlv: PlacedTlv | undefined;
  readonly signer: SignerFinding;
  /** Undefined without a key to check it with. */
  readonly valid: boolean | undefined;
}

/** Everything that can be told of an image. */
export interface ImageInspection {
  readonly image: McubootImage;
  readonly pure: boolean;
  /**
   * `plain`: as it lies there (an image with the encryption flag may be plain too); `decrypted`: read
   * with one of the keys; `sealed`: none of the keys opens it.
   */
  readonly payload: 'plain' | 'decrypted' | 'sealed';
  /** The decrypted image key, where there was need of one. */
  readonly imageKey: OwnBytes | undefined;
  readonly hashes: readonly HashFinding[];
  readonly signatures: readonly SignatureFinding[];
}

/** What may be given to look deeper. */
export interface InspectionOptions {
  readonly keys?: readonly Key[] | undefined;
  readonly decryptionKeys?: readonly DecryptionKey[] | undefined;
  readonly endian?: Endian | undefined;
  readonly crypto?: CryptoLike | undefined;
}

const hashesOfTypes: ReadonlyMap<number, HashName> = new Map(
  (Object.entries(hashTlvs) as [HashName, number][]).map(([hash, type]) => [type, hash]),
);

const signatureTypes: ReadonlySet<number> = new Set(Object.values(signatureTlvs));

async function findHashes(
  image: McubootImage,
  message: Uint8Array | undefined,
  crypto: CryptoLike,
): Promise<HashFinding[]> {
  const findings: HashFinding[] = [];
  for (const tlv of image.area.tlvs) {
    const hash = hashesOfTypes.get(tlv.type);
    if (hash === undefined) continue;
    const computed = message === undefined ? undefined : await hashOf(hash, message, crypto);
    const valid = computed === undefined ? undefined : sameBytes(computed, tlv.data);
    findings.push({ tlv, hash, computed, valid });
  }
  return findings;
}

interface Opened {
  readonly payload: ImageInspection['payload'];
  readonly message: Uint8Array | undefined;
  readonly imageKey: OwnBytes | undefined;
  readonly hashes: readonly HashFinding[];
}

async function open(
  image: McubootImage,
  decryptionKeys: readonly DecryptionKey[],
  crypto: CryptoLike,
): Promise<Opened> {
  const message = await signedBytes(image, undefined, crypto);
  const hashes = await findHashes(image, message, crypto);
  const asItIs: Opened = { payload: 'plain', message, imageKey: undefined, hashes };
  if (!isEncrypted(image) || hashes.some(({ valid }) => valid === true)) return asItIs;
  for (const tlv of image.area.tlvs.filter(({ type }) => type in wrapKinds)) {
    const imageKey = await unwrapImageKey(tlv, decryptionKeys, crypto);
    if (imageKey === undefined) continue;
    const plain = await signedBytes(image, imageKey, crypto);
    const found = await findHashes(image, plain, crypto);
    return { payload: 'decrypted', message: plain, imageKey, hashes: found };
  }
  const none = await findHashes(image, undefined, crypto);
  return { payload: 'sealed', message: undefined, imageKey: undefined, hashes: none };
}

async function findSigner(
  keyTlv: PlacedTlv | undefined,
  type: number,
  { keys, crypto }: { readonly keys: readonly Key[]; readonly crypto: CryptoLike },
): Promise<SignerFinding> {
  if (keyTlv === undefined) return { from: 'unknown' };
  for (const [index, key] of keys.entries()) {
    if (key.kind === 'x25519' || signatureTlvs[key.kind] !== type) continue;
    const whole = keyTlv.type === TlvType.PUBKEY;
    const names = whole ? [key.publicDer] : await publicKeyHashes(key, crypto);
    if (names.some((name) => sameBytes(name, keyTlv.data))) return { from: 'given', key, index };
  }
  if (keyTlv.type !== TlvType.PUBKEY) return { from: 'unknown' };
  try {
    return { from: 'image', key: readPublicDer(keyTlv.data) };
  } catch {
    return { from: 'unknown' };
  }
}

interface Signed extends Opened {
  readonly image: McubootImage;
  readonly keys: readonly Key[];
  readonly pure: boolean;
  readonly crypto: CryptoLike;
}

async function isValid(
  { message, hashes, pure, crypto }: Signed,
  key: Key,
  tlv: PlacedTlv,
): Promise<boolean | undefined> {
  if (message === undefined) return undefined;
  const kind = key.kind as SignatureKind;
  if (signatureTlvs[kind] !== tlv.type) return false;
  const over = kind === 'ed25519' && !pure ? hashes[0]?.computed : message;
  return over === undefined ? false : verifyMessage(key, over, tlv.data, crypto);
}

async function findSignatures(signed: Signed): Promise<SignatureFinding[]> {
  const findings: SignatureFinding[] = [];
  let keyTlv: PlacedTlv | undefined;
  for (const tlv of signed.image.area.tlvs) {
    if (tlv.type === TlvType.KEYHASH || tlv.type === TlvType.PUBKEY) keyTlv = tlv;
    if (!signatureTypes.has(tlv.type)) continue;
    const signer = await findSigner(keyTlv, tlv.type, signed);
    const valid = signer.from === 'unknown' ? undefined : await isValid(signed, signer.key, tlv);
    findings.push({ tlv, keyTlv, signer, valid });
    keyTlv = undefined;
  }
  return findings;
}

/**
 * Looks at the image at the start of `bytes` as a person would want to know it: encrypted ones are
 * opened with the keys that fit, both byte orders are read, and each hash and signature is judged by
 * itself. Throws `MALFORMED` or `TRUNCATED` for what is no image.
 */
export async function inspectImage(
  bytes: Uint8Array,
  options: InspectionOptions = {},
): Promise<ImageInspection> {
  const { keys = [], decryptionKeys = [], endian, crypto = platformCrypto() } = options;
  const image = parseImage(bytes, { endian });
  const pure = isPure(image);
  const opened = await open(image, decryptionKeys, crypto);
  const signatures = await findSignatures({ ...opened, image, keys, pure, crypto });
  const { payload, imageKey, hashes } = opened;
  return { image, pure, payload, imageKey, hashes, signatures };
}

/** What is wrong with an image, one sentence each; none if all that could be checked is right. */
export function imageFaults({ hashes, signatures, payload }: ImageInspection): string[] {
  const faults: string[] = [];
  if (payload === 'sealed') faults.push('the payload is encrypted and none of the keys opens it');
  if (hashes.length === 0) faults.push('there is no hash record');
  for (const { hash, computed, tlv, valid } of hashes) {
    if (valid !== false || computed === undefined) continue;
    faults.push(`${hash}: the record says ${toHex(tlv.data)}, the image has ${toHex(computed)}`);
  }
  for (const { valid } of signatures) {
    if (valid === false) faults.push('the signature is not of this image by its key');
  }
  return faults;
}

/** Whether an image carries a signature that one of the given keys made. */
export function isSignedByGiven({ signatures }: ImageInspection): boolean {
  return signatures.some(({ signer, valid }) => signer.from === 'given' && valid === true);
}

/** Records of types that may hold several values, in order. */
export function tlvsOf(image: McubootImage, type: number): readonly PlacedTlv[] {
  return allTlvs(image).filter((tlv) => tlv.type === type);
}
