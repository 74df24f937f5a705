import { DfuError, hexNumber, sameBytes, toHex } from '../../bytes/index.ts';
import { keyTraits, publicKeyHash } from '../keys/key.ts';
import type { Key } from '../keys/key.ts';
import { verifyMessage } from '../keys/sign.ts';
import { allTlvs, isPure, parseImage } from './image.ts';
import type { McubootImage } from './image.ts';
import { uuidTlvs } from './records.ts';
import { hashTlvs, signatureTlvs, signedBytes } from './signed-bytes.ts';
import type { SignatureKind } from './signed-bytes.ts';
import { TlvType, tlvName } from './tlv.ts';
import type { PlacedTlv } from './tlv.ts';
import { readPublicDer } from '../keys/read.ts';
import { hashOf, platformCrypto } from '../keys/web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoLike, HashName } from '../keys/web-crypto.ts';

/** Exact length of a signature where there is one; ECDSA's varies. */
const signatureBytes: Readonly<Partial<Record<SignatureKind, number>>> = {
  'rsa-2048': 256,
  'rsa-3072': 384,
  ed25519: 64,
};

/** Records that a bootloader with an allow list takes outside the protected area. */
const allowedUnprotected: ReadonlySet<number> = new Set([
  TlvType.KEYHASH,
  TlvType.PUBKEY,
  TlvType.SHA256,
  TlvType.SHA384,
  TlvType.SHA512,
  TlvType.RSA2048,
  TlvType.ECDSA224,
  TlvType.ECDSASIG,
  TlvType.RSA3072,
  TlvType.ED25519,
  TlvType.SIG_PURE,
  TlvType.ENCRSA2048,
  TlvType.ENCKW,
  TlvType.ENCEC256,
  TlvType.ENCX25519,
  TlvType.ENCX25519_SHA512,
]);

/** How one build of the bootloader judges images. */
export interface ValidationOptions {
  /** Kind of signature that the build asks for; `none` is content with the hash. */
  readonly signature: SignatureKind | 'none';
  /** Keys in the build's table, in its order. */
  readonly keys?: readonly Key[] | undefined;
  /** The one hash that the build knows; default SHA-384 for P-384, else SHA-256. */
  readonly hash?: HashName | undefined;
  /** The build takes only signatures over the image itself (MCUBOOT_SIGN_PURE). */
  readonly pure?: boolean | undefined;
  /** The build wants the whole key in the image (MCUBOOT_HW_KEY); default its hash. */
  readonly keyRecord?: 'hash' | 'full' | undefined;
  /** Set if the payload in these bytes is encrypted; the hash is over the plain one. */
  readonly imageKey?: Uint8Array | undefined;
  /** Unknown unprotected records are refused (MCUBOOT_USE_TLV_ALLOW_LIST). */
  readonly allowList?: boolean | undefined;
  /**
   * The image must say that it is for devices of this vendor (MCUBOOT_UUID_VID): a UUID, or a name as
   * imgtool's `--vid` takes it.
   */
  readonly vendor?: string | undefined;
  /** And for this class of devices (MCUBOOT_UUID_CID): a UUID, or a name within the vendor's. */
  readonly deviceClass?: string | undefined;
  /** Most bytes that the image may end at (largest image of the slot). */
  readonly maxSize?: number | undefined;
  readonly crypto?: CryptoLike | undefined;
}

/** Which check an image fails. */
export type RefusedBy =
  | 'format' // header or records cannot be read
  | 'size' // it ends behind `maxSize`
  | 'allow-list' // a record that may not stand there
  | 'hash-missing'
  | 'hash-length'
  | 'hash'
  | 'pure-missing'
  | 'signature-missing' // no signature of the kind that the build asks for
  | 'key-unknown' // there is one, but its key is not in the table
  | 'signature-length'
  | 'signature'
  | 'vendor-id' // it is for the devices of another vendor, or does not say
  | 'class-id'; // it is for another class of devices, or does not say

/** What the bootloader says to an image. */
export type Verdict =
  | {
      readonly valid: true;
      readonly image: McubootImage;
      /** Hash over header, plain payload and protected records. */
      readonly digest: OwnBytes;
      /** Place in `keys` of the key that signed; undefined without signatures. */
      readonly keyIndex: number | undefined;
    }
  | {
      readonly valid: false;
      readonly refusedBy: RefusedBy;
      /** One sentence with offset, expected and found. */
      readonly reason: string;
      /** Undefined if not even the header and records could be read. */
      readonly image: McubootImage | undefined;
    };

interface Walk {
  readonly options: ValidationOptions;
  readonly crypto: CryptoLike;
  readonly hash: HashName;
  readonly message: Uint8Array;
  readonly digest: OwnBytes;
  readonly keyHashes: readonly OwnBytes[];
  hashSeen: boolean;
  /** Key that the next signature is checked with; a bootloader forgets it after one. */
  key: { readonly key: Key; readonly index: number } | undefined;
  unknownKey: PlacedTlv | undefined;
  /** Whether a signature was passed over for want of its key. */
  passedOver: boolean;
  signature: { readonly ok: boolean; readonly index: number; readonly tlv: PlacedTlv } | undefined;
}

/** Thrown inside the walk only, turned into a verdict at its end. */
class Refusal extends Error {
  readonly by: RefusedBy;

  constructor(by: RefusedBy, reason: string) {
    super(reason);
    this.by = by;
  }
}

function place({ type, offset }: PlacedTlv): string {
  return `${tlvName(type) ?? `TLV ${hexNumber(type)}`} at ${hexNumber(offset)}`;
}

function checkHash(walk: Walk, tlv: PlacedTlv): void {
  const { digest } = walk;
  if (tlv.data.length !== digest.length) {
    const words = `expected ${digest.length} bytes, got ${tlv.data.length}`;
    throw new Refusal('hash-length', `${place(tlv)}: ${words}`);
  }
  if (!sameBytes(tlv.data, digest)) {
    const words = `expected ${toHex(digest)}, got ${toHex(tlv.data)}`;
    throw new Refusal('hash', `${place(tlv)}: ${words}`);
  }
  walk.hashSeen = true;
}

/** A key hash is compared over its own length only, as the bootloader does it. */
async function chooseKey(walk: Walk, tlv: PlacedTlv): Promise<void> {
  const { keys = [], keyRecord } = walk.options;
  const { keyHashes, hash, crypto } = walk;
  const wanted = keyRecord === 'full' ? await hashOf(hash, tlv.data, crypto) : tlv.data;
  const index = keyHashes.findIndex((known) => sameBytes(known.subarray(0, wanted.length), wanted));
  const known = keys[index];
  walk.key = known === undefined ? undefined : { key: known, index };
  if (known === undefined) walk.unknownKey = tlv;
}

async function checkSignature(walk: Walk, tlv: PlacedTlv): Promise<void> {
  const { key: chosen, options, message, digest, crypto } = walk;
  if (chosen === undefined) {
    walk.passedOver = true;
    return;
  }
  walk.key = undefined;
  const { signature, pure = false, keyRecord } = options;
  const expected = signature === 'none' ? undefined : signatureBytes[signature];
  if (expected !== undefined && tlv.data.length !== expected) {
    const words = `expected ${expected} bytes, got ${tlv.data.length}`;
    throw new Refusal('signature-length', `${place(tlv)}: ${words}`);
  }
  const { key, index } = chosen;
  const signer = keyRecord === 'full' ? readPublicDer(key.publicDer) : key;
  // Ed25519 signs the digest as its message unless pure; the others hash the message themselves.
  const over = signature === 'ed25519' && !pure ? digest : message;
  const ok = signer.kind === signature && (await verifyMessage(signer, over, tlv.data, crypto));
  walk.signature = { ok, index, tlv };
}

async function step(walk: Walk, tlv: PlacedTlv): Promise<void> {
  const { signature, pure = false, keyRecord = 'hash' } = walk.options;
  const keyType = keyRecord === 'full' ? TlvType.PUBKEY : TlvType.KEYHASH;
  if (!pure && tlv.type === hashTlvs[walk.hash]) checkHash(walk, tlv);
  else if (signature === 'none') return;
  else if (tlv.type === keyType) await chooseKey(walk, tlv);
  else if (tlv.type === signatureTlvs[signature]) await checkSignature(walk, tlv);
}

function conclude(walk: Walk): number | undefined {
  const { signature, pure = false } = walk.options;
  if (!pure && !walk.hashSeen) {
    throw new Refusal('hash-missing', `no ${walk.hash} record, and the bootloader wants one`);
  }
  if (signature === 'none') return undefined;
  const made = walk.signature;
  if (made === undefined) {
    const tlv = walk.passedOver ? walk.unknownKey : undefined;
    if (tlv === undefined) {
      throw new Refusal('signature-missing', `no ${signature} signature with its key's record`);
    }
    const words = `key ${toHex(tlv.data.subarray(0, 8))}… is not in the bootloader`;
    throw new Refusal('key-unknown', `${place(tlv)}: ${words}`);
  }
  if (!made.ok) {
    throw new Refusal('signature', `${place(made.tlv)}: it is not key ${made.index}'s signature`);
  }
  return made.index;
}

function checkBeforehand(image: McubootImage, options: ValidationOptions): void {
  const { maxSize, allowList = false, pure = false } = options;
  if (maxSize !== undefined && image.bytes.length > maxSize) {
    const by = image.bytes.length - maxSize;
    const words = `expected at most ${maxSize} bytes, got ${image.bytes.length} (${by} too many)`;
    throw new Refusal('size', `image: ${words}`);
  }
  const stranger = image.area.tlvs.find(({ type }) => !allowedUnprotected.has(type));
  if (allowList && stranger !== undefined) {
    throw new Refusal('allow-list', `${place(stranger)}: not allowed outside the protected area`);
  }
  if (pure && !isPure(image)) {
    throw new Refusal('pure-missing', 'no SIG_PURE record, and the bootloader wants one');
  }
}

/** Every record of these types must be the device's own, and there must be one (boot_uuid_compare). */
async function checkDevice(image: McubootImage, options: ValidationOptions): Promise<void> {
  const { vendor, deviceClass, crypto = platformCrypto() } = options;
  for (const wanted of await uuidTlvs({ vendor, deviceClass }, crypto)) {
    const isVendor = wanted.type === TlvType.UUID_VID;
    const by = isVendor ? 'vendor-id' : 'class-id';
    const found = allTlvs(image).filter(({ type }) => type === wanted.type);
    const expected = `expected ${toHex(wanted.data)}`;
    if (found.length === 0) {
      throw new Refusal(by, `no ${isVendor ? 'vendor' : 'class'} id: ${expected}`);
    }
    const other = found.find(({ data }) => !sameBytes(data, wanted.data));
    if (other === undefined) continue;
    throw new Refusal(by, `${place(other)}: ${expected}, got ${toHex(other.data)}`);
  }
}

async function walkImage(image: McubootImage, options: ValidationOptions): Promise<Verdict> {
  checkBeforehand(image, options);
  const { signature, keys = [], imageKey, crypto = platformCrypto() } = options;
  const usual = signature === 'none' ? 'SHA-256' : keyTraits[signature].hash;
  const hash = options.hash ?? (options.pure === true ? 'SHA-512' : usual);
  const message = await signedBytes(image, imageKey, crypto);
  const digest = await hashOf(hash, message, crypto);
  const keyHashes = await Promise.all(keys.map((key) => publicKeyHash(key, hash, crypto)));
  const unseen = { hashSeen: false, passedOver: false };
  const none = { key: undefined, unknownKey: undefined, signature: undefined };
  const walk: Walk = { options, crypto, hash, message, digest, keyHashes, ...none, ...unseen };
  const { protectedArea, area } = image;
  for (const tlv of [...(protectedArea?.tlvs ?? []), ...area.tlvs]) await step(walk, tlv);
  const keyIndex = conclude(walk);
  await checkDevice(image, options);
  return { valid: true, image, digest, keyIndex };
}

/**
 * Judges the image at the start of `bytes` (a slot may be longer than its image) as the bootloader
 * does (`image_validate.c`): every record in order; a key's record chooses the key of the next
 * signature; the last signature that was checked decides. Nothing is thrown for a bad image, the
 * verdict says which check refused it.
 */
export async function validateImage(
  bytes: Uint8Array,
  options: ValidationOptions,
): Promise<Verdict> {
  let image: McubootImage | undefined;
  try {
    image = parseImage(bytes);
    return await walkImage(image, options);
  } catch (error) {
    if (error instanceof Refusal) {
      return { valid: false, refusedBy: error.by, reason: error.message, image };
    }
    if (DfuError.is(error, 'MALFORMED') || DfuError.is(error, 'TRUNCATED')) {
      return { valid: false, refusedBy: 'format', reason: error.message, image };
    }
    throw error;
  }
}
