import { DfuError } from '../../bytes/index.ts';
import { isEc, keyTraits, publicKeyHash } from '../keys/key.ts';
import type { Key, KeyKind, PrivateKey } from '../keys/key.ts';
import { signMessage } from '../keys/sign.ts';
import { DEFAULT_IMAGE_KEY_BITS, imageCipher, newImageKey, wrapImageKey } from './encrypt.ts';
import type { EciesHash, EncryptionKey } from './encrypt.ts';
import { IMAGE_HEADER_BYTES, ImageFlag, writeImageHeader } from './header.ts';
import type { Endian, ImageVersion } from './header.ts';
import { bootRecordTlv, dependencyTlv, numberTlv, securityCounterOf } from './records.ts';
import type { Dependency } from './records.ts';
import { TLV_INFO_MAGIC, TLV_PROT_INFO_MAGIC, TlvType, tlvAreaSize, writeTlvArea } from './tlv.ts';
import type { Tlv } from './tlv.ts';
import { hashTlvs, signatureTlvs } from './signed-bytes.ts';
import type { SignatureKind } from './signed-bytes.ts';
import { HASH_BYTES, hashOf, joinBytes, platformCrypto } from '../keys/web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoLike, HashName } from '../keys/web-crypto.ts';

/** A signature made elsewhere, and the public key that it is of. */
export interface FixedSignature {
  readonly signature: Uint8Array;
  readonly key: Key;
}

/** How the payload is encrypted. */
export interface EncryptionOptions {
  /** For whom: public keys do. */
  readonly key: EncryptionKey;
  /** Bits of the image key; default 128. */
  readonly bits?: 128 | 256 | undefined;
  /** Hash of ECIES; default SHA-256. */
  readonly hash?: EciesHash | undefined;
  /**
   * Leaves the payload plain, with flag and key record all the same: such an image goes into the
   * primary slot and is encrypted when it is swapped out.
   */
  readonly clear?: boolean | undefined;
  /** The image key itself, where a random one will not do. */
  readonly imageKey?: Uint8Array | undefined;
}

/** What goes into an image. */
export interface SignOptions {
  readonly version: ImageVersion;
  /** Bytes of the header with its filler, 32 or more. */
  readonly headerSize: number;
  /** Puts the header in front; without it the payload must start with as many zeros. */
  readonly padHeader?: boolean | undefined;
  /** Default little. */
  readonly endian?: Endian | undefined;
  /** Filler of the header; default 0xff. */
  readonly erasedValue?: number | undefined;
  /** What stands behind the header's 32 bytes, with `padHeader`, instead of the filler. */
  readonly headerRest?: Uint8Array | undefined;
  /** RAM address to run from; sets RAM_LOAD. */
  readonly loadAddr?: number | undefined;
  /** Flash address that it is linked for; sets ROM_FIXED. */
  readonly romFixed?: number | undefined;
  readonly nonBootable?: boolean | undefined;
  /** Further bits of `ImageFlag`, e.g. of compression. */
  readonly flags?: number | undefined;
  /** Key to sign with; an image without has only its hash. */
  readonly key?: PrivateKey | undefined;
  readonly fixedSignature?: FixedSignature | undefined;
  /** Whether the image carries its key's hash (default) or the whole key. */
  readonly keyRecord?: 'hash' | 'full' | undefined;
  /** Default by the key's kind, SHA-256 without a key. */
  readonly hash?: HashName | undefined;
  /** Signs the image itself instead of its digest; Ed25519 only. */
  readonly pure?: boolean | undefined;
  /** Fills ECDSA signatures up to one length, which loaders before 1.5 want. */
  readonly padSignature?: boolean | undefined;
  /** `auto` makes it from the version. */
  readonly securityCounter?: number | 'auto' | undefined;
  /** Role of the software in a boot record, at most 12 characters. */
  readonly bootRecord?: string | undefined;
  readonly dependencies?: readonly Dependency[] | undefined;
  /** Protected records behind the dependencies: compression's, UUIDs, vendors'. */
  readonly protectedTlvs?: readonly Tlv[] | undefined;
  readonly encryption?: EncryptionOptions | undefined;
  readonly crypto?: CryptoLike | undefined;
}

/** A finished image and what was computed on the way. */
export interface SignedImage {
  readonly bytes: OwnBytes;
  /** Header, plain payload and protected records: what hash and signature are over. */
  readonly signedBytes: OwnBytes;
  readonly digest: OwnBytes;
  readonly signature: OwnBytes | undefined;
  /** Bytes of the wrapped image key's record value, 0 if not encrypted. */
  readonly wrappedKeyBytes: number;
}

/** Hashes that signatures of each kind may go with. */
export function allowedHashes(
  kind: KeyKind,
  { pure = false }: { readonly pure?: boolean } = {},
): readonly HashName[] {
  if (kind === 'ed25519') return pure ? ['SHA-512'] : ['SHA-256', 'SHA-512'];
  return [keyTraits[kind].hash];
}

interface Signer {
  readonly key: PrivateKey | undefined;
  readonly fixed: FixedSignature | undefined;
  readonly publicKey: Key | undefined;
  readonly hash: HashName;
}

function signerOf(options: SignOptions): Signer {
  const { key, fixedSignature: fixed, pure = false } = options;
  if (key !== undefined && fixed !== undefined) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      'sign: expected a key or a finished signature, not both',
    );
  }
  const publicKey = key ?? fixed?.key;
  if (publicKey === undefined) {
    if (pure) throw new DfuError('INVALID_ARGUMENT', 'sign: a pure signature needs a key');
    return { key, fixed, publicKey, hash: options.hash ?? 'SHA-256' };
  }
  if (publicKey.kind === 'x25519' || (pure && publicKey.kind !== 'ed25519')) {
    const expected = pure ? 'ed25519 for a pure signature' : 'a key that signs';
    throw new DfuError('INVALID_ARGUMENT', `sign: expected ${expected}, got ${publicKey.kind}`);
  }
  const allowed = allowedHashes(publicKey.kind, { pure });
  const hash = options.hash ?? allowed[0] ?? 'SHA-256';
  if (!allowed.includes(hash)) {
    const words = `expected ${allowed.join(' or ')} with ${publicKey.kind}, got ${hash}`;
    throw new DfuError('INVALID_ARGUMENT', `sign: ${words}`);
  }
  return { key, fixed, publicKey, hash };
}

/** Header room and payload, filled up to whole AES blocks if it will be encrypted. */
function plainImage(input: Uint8Array, options: SignOptions): OwnBytes {
  const { headerSize, padHeader = false, erasedValue = 0xff, encryption } = options;
  if (headerSize < IMAGE_HEADER_BYTES || headerSize > 0xffff) {
    const words = `expected ${IMAGE_HEADER_BYTES} to 65535, got ${headerSize}`;
    throw new DfuError('OUT_OF_RANGE', `sign: header size: ${words}`);
  }
  if (!padHeader && (input.length < headerSize || input.subarray(0, headerSize).some(Boolean))) {
    const words = `expected ${headerSize} zero bytes in front of the payload for the header`;
    throw new DfuError('INVALID_ARGUMENT', `sign: ${words}`);
  }
  const start = padHeader ? headerSize : 0;
  const length = start + input.length;
  const whole = encryption === undefined ? length : Math.ceil(length / 16) * 16;
  const image = new Uint8Array(whole);
  image.fill(erasedValue, 0, start);
  if (padHeader && options.headerRest !== undefined) {
    image.set(options.headerRest.subarray(0, headerSize - IMAGE_HEADER_BYTES), IMAGE_HEADER_BYTES);
  }
  image.set(input, start);
  return image;
}

function flagsOf(options: SignOptions): number {
  const { loadAddr = 0, romFixed = 0, nonBootable = false, encryption } = options;
  let flags = options.flags ?? 0;
  if (encryption !== undefined) {
    const wide = encryption.bits === 256;
    flags |= wide ? ImageFlag.ENCRYPTED_AES256 : ImageFlag.ENCRYPTED_AES128;
  }
  if (loadAddr !== 0) flags |= ImageFlag.RAM_LOAD;
  if (romFixed !== 0) flags |= ImageFlag.ROM_FIXED;
  if (nonBootable) flags |= ImageFlag.NON_BOOTABLE;
  return flags;
}

/** Protected records in the order that imgtool has: counter, boot record, dependencies, others. */
function protectedTlvsOf(options: SignOptions, hash: HashName, signerId: Uint8Array): Tlv[] {
  const { version, endian, securityCounter, bootRecord, dependencies = [] } = options;
  const tlvs: Tlv[] = [];
  if (securityCounter !== undefined) {
    const value = securityCounter === 'auto' ? securityCounterOf(version) : securityCounter;
    tlvs.push(numberTlv(TlvType.SEC_CNT, value, endian));
  }
  if (bootRecord !== undefined) {
    tlvs.push(bootRecordTlv({ softwareType: bootRecord, version, hash, signerId }));
  }
  tlvs.push(...dependencies.map((dependency) => dependencyTlv(dependency, endian)));
  return [...tlvs, ...(options.protectedTlvs ?? [])];
}

/** Length that ECDSA signatures are filled up to; a P-384 signature may be one byte longer. */
const paddedBytes: Readonly<Partial<Record<KeyKind, number>>> = {
  'ecdsa-p256': 72,
  'ecdsa-p384': 103,
};

async function signatureOf(
  signer: Signer,
  { message, digest }: { readonly message: OwnBytes; readonly digest: OwnBytes },
  options: SignOptions,
): Promise<OwnBytes | undefined> {
  const { key, fixed } = signer;
  if (fixed !== undefined) return Uint8Array.from(fixed.signature);
  if (key === undefined) return undefined;
  const over = key.kind === 'ed25519' && options.pure !== true ? digest : message;
  const signature = await signMessage(key, over, options.crypto);
  if (options.padSignature !== true || !isEc(key.kind)) return signature;
  const missing = (paddedBytes[key.kind] ?? 0) - signature.length;
  return joinBytes(signature, new Uint8Array(Math.max(0, missing)));
}

interface Wrapped {
  readonly payload: Uint8Array;
  readonly tlvs: readonly Tlv[];
}

async function encryptPayload(
  payload: Uint8Array,
  { encryption, crypto = platformCrypto() }: SignOptions,
): Promise<Wrapped> {
  if (encryption === undefined) return { payload, tlvs: [] };
  const { key, bits = DEFAULT_IMAGE_KEY_BITS, hash = 'SHA-256', clear = false } = encryption;
  const imageKey = encryption.imageKey ?? newImageKey(bits, crypto);
  if (imageKey.length * 8 !== bits) {
    const words = `expected ${bits / 8} bytes, got ${imageKey.length}`;
    throw new DfuError('INVALID_ARGUMENT', `sign: image key: ${words}`);
  }
  const tlvs = [await wrapImageKey(imageKey, key, { hash, crypto })];
  if (clear) return { payload, tlvs };
  return { payload: await (await imageCipher(imageKey, crypto)).crypt(payload), tlvs };
}

/**
 * Makes an image of a payload: header in front, records behind, signed and encrypted as asked for.
 * The result is byte for byte what imgtool makes, but for what is random (RSA, ECDSA, wrapped
 * keys). Throws `INVALID_ARGUMENT` or `OUT_OF_RANGE`.
 */
export async function signImage(input: Uint8Array, options: SignOptions): Promise<SignedImage> {
  const { headerSize, version, endian = 'little', crypto = platformCrypto() } = options;
  const signer = signerOf(options);
  const { publicKey, hash } = signer;
  const none = new Uint8Array(HASH_BYTES[publicKey === undefined ? 'SHA-256' : hash]);
  const signerId = publicKey === undefined ? none : await publicKeyHash(publicKey, hash, crypto);
  const plain = plainImage(input, options);
  const protectedTlvs = protectedTlvsOf(options, hash, signerId);
  const { loadAddr = 0, romFixed = 0 } = options;
  const header = writeImageHeader(
    {
      loadAddr: romFixed === 0 ? loadAddr : romFixed,
      hdrSize: headerSize,
      protectTlvSize: tlvAreaSize(protectedTlvs),
      imgSize: plain.length - headerSize,
      flags: flagsOf(options),
      version,
    },
    endian,
  );
  plain.set(header);
  const protectedArea = writeTlvArea(TLV_PROT_INFO_MAGIC, protectedTlvs, endian);
  const message = joinBytes(plain, protectedArea);
  const digest = await hashOf(hash, message, crypto);
  const signature = await signatureOf(signer, { message, digest }, options);
  const tlvs: Tlv[] = [{ type: hashTlvs[hash], data: digest }];
  if (options.pure === true) tlvs.push({ type: TlvType.SIG_PURE, data: Uint8Array.of(1) });
  if (publicKey !== undefined && signature !== undefined) {
    const full = options.keyRecord === 'full';
    tlvs.push(
      full
        ? { type: TlvType.PUBKEY, data: publicKey.publicDer }
        : { type: TlvType.KEYHASH, data: signerId },
      { type: signatureTlvs[publicKey.kind as SignatureKind], data: signature },
    );
  }
  const wrapped = await encryptPayload(plain.subarray(headerSize), options);
  const area = writeTlvArea(TLV_INFO_MAGIC, [...tlvs, ...wrapped.tlvs], endian);
  const bytes = joinBytes(plain.subarray(0, headerSize), wrapped.payload, protectedArea, area);
  const wrappedKeyBytes = wrapped.tlvs[0]?.data.length ?? 0;
  return { bytes, signedBytes: message, digest, signature, wrappedKeyBytes };
}
