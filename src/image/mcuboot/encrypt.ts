import { DfuError, encodeUtf8, sameBytes } from '../../bytes/index.ts';
import { isPrivateKey, isRsa, publicKeyOf } from '../keys/key.ts';
import type { Key, PrivateKey } from '../keys/key.ts';
import { TlvType } from './tlv.ts';
import type { Tlv } from './tlv.ts';
import {
  HASH_BYTES,
  joinBytes,
  ownBytes,
  platformCrypto,
  randomBytes,
} from '../keys/web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoAlgorithm, CryptoKeyHandle, CryptoLike } from '../keys/web-crypto.ts';

/** A key shared beforehand, 16 or 32 bytes, that wraps image keys with AES-KW (RFC 3394). */
export interface WrappingKey {
  readonly kind: 'aes-kw';
  readonly bytes: Uint8Array;
}

/** For whom an image is encrypted: RSA, P-256, X25519, or who has the wrapping key. */
export type EncryptionKey = Key | WrappingKey;

/** Who can decrypt. */
export type DecryptionKey = PrivateKey | WrappingKey;

/** Hash of ECIES' key derivation and MAC; SHA-512 exists for X25519 only. */
export type EciesHash = 'SHA-256' | 'SHA-512';

/** Encrypts and decrypts the payload of one image; AES-CTR does both alike. */
interface ImageCipher {
  /** The bytes turned over; `offset` is their distance from the start of the payload. */
  crypt(bytes: Uint8Array, offset?: number): Promise<OwnBytes>;
}

/** Bits of an image key where nothing else is asked for (MCUBOOT_AES_256 is off). */
export const DEFAULT_IMAGE_KEY_BITS = 128;

const BLOCK = 16;

/** Counter block number `block`, big endian as in SP 800-38A. */
function counterBlock(block: number): OwnBytes {
  const counter = new Uint8Array(BLOCK);
  new DataView(counter.buffer).setBigUint64(8, BigInt(block));
  return counter;
}

/** The cipher of an image key of 16 or 32 bytes; the counter is 0 at the payload's start. */
export async function imageCipher(
  imageKey: Uint8Array,
  crypto: CryptoLike = platformCrypto(),
): Promise<ImageCipher> {
  if (imageKey.length !== 16 && imageKey.length !== 32) {
    const words = `expected 16 or 32 bytes, got ${imageKey.length}`;
    throw new DfuError('INVALID_ARGUMENT', `image key: ${words}`);
  }
  const { subtle } = crypto;
  const name = 'AES-CTR';
  const key = await subtle.importKey('raw', ownBytes(imageKey), { name }, false, ['encrypt']);
  return {
    async crypt(bytes, offset = 0) {
      const skip = offset % BLOCK;
      const data = skip === 0 ? ownBytes(bytes) : joinBytes(new Uint8Array(skip), bytes);
      const counter = counterBlock((offset - skip) / BLOCK);
      const out = await subtle.encrypt({ name, counter, length: 128 }, key, data);
      return new Uint8Array(out, skip);
    },
  };
}

interface Agreement {
  readonly algorithm: CryptoAlgorithm;
  readonly publicBytes: number;
}

/** Key agreement of the two kinds of key that have one. */
function agreementOf({ kind }: Key): Agreement {
  if (kind === 'x25519') return { algorithm: { name: 'X25519' }, publicBytes: 32 };
  if (kind === 'ecdsa-p256') {
    return { algorithm: { name: 'ECDH', namedCurve: 'P-256' }, publicBytes: 65 };
  }
  const known = 'RSA, ECDSA P-256 or X25519';
  throw new DfuError('INVALID_ARGUMENT', `encryption key: expected ${known}, got ${kind}`);
}

/** The two keys of ECIES: one wraps, one authenticates what is wrapped. */
async function deriveKeys(
  shared: ArrayBuffer,
  { keyBytes, hash }: { readonly keyBytes: number; readonly hash: EciesHash },
  { subtle }: CryptoLike,
): Promise<{ wrapping: OwnBytes; mac: CryptoKeyHandle }> {
  const secret = new Uint8Array(shared);
  const base = await subtle.importKey('raw', secret, { name: 'HKDF' }, false, ['deriveBits']);
  const info = encodeUtf8('MCUBoot_ECIES_v1');
  const how = { name: 'HKDF', hash, salt: new Uint8Array(0), info };
  const bits = (keyBytes + HASH_BYTES[hash]) * 8;
  const bytes = new Uint8Array(await subtle.deriveBits(how, base, bits));
  const macKey = bytes.slice(keyBytes);
  const mac = await subtle.importKey('raw', macKey, { name: 'HMAC', hash }, false, ['sign']);
  return { wrapping: bytes.slice(0, keyBytes), mac };
}

interface HandlePair {
  readonly privateKey: CryptoKeyHandle;
  readonly publicKey: CryptoKeyHandle;
}

/** Imports the owner's key; what is well-formed DER may still be none. */
async function importOwner(
  key: Key,
  format: 'pkcs8' | 'spki',
  [algorithm, usages]: readonly [CryptoAlgorithm, readonly string[]],
  { subtle }: CryptoLike,
): Promise<CryptoKeyHandle> {
  const bytes = format === 'pkcs8' ? key.pkcs8 : key.spki;
  try {
    return await subtle.importKey(format, bytes ?? new Uint8Array(0), algorithm, false, usages);
  } catch (cause) {
    throw new DfuError('MALFORMED', `${key.kind} key: the platform does not take it`, { cause });
  }
}

/** Public key of this one message, MAC, wrapped key: the value of an ECIES record. */
async function eciesWrap(
  imageKey: OwnBytes,
  { key, hash }: { readonly key: Key; readonly hash: EciesHash },
  crypto: CryptoLike,
): Promise<OwnBytes> {
  const { subtle } = crypto;
  const { algorithm } = agreementOf(key);
  const own = (await subtle.generateKey(algorithm, true, ['deriveBits'])) as HandlePair;
  const theirs = await importOwner(key, 'spki', [algorithm, []], crypto);
  const shared = await subtle.deriveBits(
    { name: algorithm.name, public: theirs },
    own.privateKey,
    256,
  );
  const keyBytes = imageKey.length;
  const { wrapping, mac } = await deriveKeys(shared, { keyBytes, hash }, crypto);
  const wrapped = await (await imageCipher(wrapping, crypto)).crypt(imageKey);
  const tag = new Uint8Array(await subtle.sign({ name: 'HMAC' }, mac, wrapped));
  const point = new Uint8Array((await subtle.exportKey('raw', own.publicKey)) as ArrayBuffer);
  return joinBytes(point, tag, wrapped);
}

/** Undefined if the MAC is wrong: the record was made for somebody else, or is damaged. */
async function eciesUnwrap(
  value: Uint8Array,
  { key, hash }: { readonly key: PrivateKey; readonly hash: EciesHash },
  crypto: CryptoLike,
): Promise<OwnBytes | undefined> {
  const { subtle } = crypto;
  const { algorithm, publicBytes } = agreementOf(key);
  const macEnd = publicBytes + HASH_BYTES[hash];
  const keyBytes = value.length - macEnd;
  if (keyBytes !== 16 && keyBytes !== 32) return undefined;
  // Some platforms also take hybrid points (06, 07); the bootloader takes none but 04.
  if (key.kind !== 'x25519' && value[0] !== 4) return undefined;
  const own = await importOwner(key, 'pkcs8', [algorithm, ['deriveBits']], crypto);
  const { spki } = publicKeyOf(key.kind, value.subarray(0, publicBytes));
  let shared: ArrayBuffer;
  try {
    const theirs = await subtle.importKey('spki', spki, algorithm, false, []);
    shared = await subtle.deriveBits({ name: algorithm.name, public: theirs }, own, 256);
  } catch {
    return undefined; // a point that is not on the curve
  }
  const { wrapping, mac } = await deriveKeys(shared, { keyBytes, hash }, crypto);
  const wrapped = ownBytes(value.slice(macEnd));
  const tag = new Uint8Array(await subtle.sign({ name: 'HMAC' }, mac, wrapped));
  if (!sameBytes(tag, value.subarray(publicBytes, macEnd))) return undefined;
  return (await imageCipher(wrapping, crypto)).crypt(wrapped);
}

const oaep = { name: 'RSA-OAEP', hash: 'SHA-256' };

async function rsaUnwrap(
  value: Uint8Array,
  key: PrivateKey,
  crypto: CryptoLike,
): Promise<OwnBytes | undefined> {
  const handle = await importOwner(key, 'pkcs8', [oaep, ['decrypt']], crypto);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(oaep, handle, ownBytes(value)));
  } catch {
    return undefined;
  }
}

const wrapping = { name: 'AES-KW' };
const wrappedAs = { name: 'AES-CTR' };

async function kwWrap(
  imageKey: OwnBytes,
  key: WrappingKey,
  { subtle }: CryptoLike,
): Promise<OwnBytes> {
  const kek = await subtle.importKey('raw', ownBytes(key.bytes), wrapping, false, ['wrapKey']);
  const inner = await subtle.importKey('raw', imageKey, wrappedAs, true, ['encrypt']);
  return new Uint8Array(await subtle.wrapKey('raw', inner, kek, wrapping));
}

async function kwUnwrap(
  value: Uint8Array,
  key: WrappingKey,
  { subtle }: CryptoLike,
): Promise<OwnBytes | undefined> {
  const kek = await subtle.importKey('raw', ownBytes(key.bytes), wrapping, false, ['unwrapKey']);
  try {
    const usages = ['encrypt'];
    const data = ownBytes(value);
    const inner = await subtle.unwrapKey('raw', data, kek, wrapping, wrappedAs, true, usages);
    return new Uint8Array((await subtle.exportKey('raw', inner)) as ArrayBuffer);
  } catch {
    return undefined;
  }
}

/** What the image key is wrapped with. */
interface WrapOptions {
  /** Default SHA-256. */
  readonly hash?: EciesHash | undefined;
  readonly crypto?: CryptoLike | undefined;
}

/** The record that gives `imageKey` to the owner of `key`. Throws `INVALID_ARGUMENT`. */
export async function wrapImageKey(
  imageKey: Uint8Array,
  key: EncryptionKey,
  { hash = 'SHA-256', crypto = platformCrypto() }: WrapOptions = {},
): Promise<Tlv> {
  const plain = ownBytes(imageKey);
  if (key.kind === 'aes-kw') {
    return { type: TlvType.ENCKW, data: await kwWrap(plain, key, crypto) };
  }
  if (hash === 'SHA-512' && key.kind !== 'x25519') {
    const words = `expected an X25519 key for HMAC-SHA512, got ${key.kind}`;
    throw new DfuError('INVALID_ARGUMENT', `encryption key: ${words}`);
  }
  if (isRsa(key.kind)) {
    if (key.kind !== 'rsa-2048') {
      throw new DfuError('INVALID_ARGUMENT', `encryption key: expected rsa-2048, got ${key.kind}`);
    }
    const handle = await importOwner(key, 'spki', [oaep, ['encrypt']], crypto);
    const data = new Uint8Array(await crypto.subtle.encrypt(oaep, handle, plain));
    return { type: TlvType.ENCRSA2048, data };
  }
  const data = await eciesWrap(plain, { key, hash }, crypto);
  if (key.kind === 'ecdsa-p256') return { type: TlvType.ENCEC256, data };
  const type = hash === 'SHA-512' ? TlvType.ENCX25519_SHA512 : TlvType.ENCX25519;
  return { type, data };
}

/** Kind of key that each record of a wrapped image key is for. */
export const wrapKinds: Readonly<Record<number, DecryptionKey['kind']>> = {
  [TlvType.ENCRSA2048]: 'rsa-2048',
  [TlvType.ENCKW]: 'aes-kw',
  [TlvType.ENCEC256]: 'ecdsa-p256',
  [TlvType.ENCX25519]: 'x25519',
  [TlvType.ENCX25519_SHA512]: 'x25519',
};

/**
 * The image key out of its record, with the first of these keys that fits; undefined if none does.
 */
export async function unwrapImageKey(
  { type, data }: Tlv,
  keys: readonly DecryptionKey[],
  crypto: CryptoLike = platformCrypto(),
): Promise<OwnBytes | undefined> {
  const hash: EciesHash = type === TlvType.ENCX25519_SHA512 ? 'SHA-512' : 'SHA-256';
  for (const key of keys.filter(({ kind }) => kind === wrapKinds[type])) {
    const imageKey =
      key.kind === 'aes-kw'
        ? await kwUnwrap(data, key, crypto)
        : isRsa(key.kind)
          ? await rsaUnwrap(data, key, crypto)
          : await eciesUnwrap(data, { key, hash }, crypto);
    if (imageKey?.length === 16 || imageKey?.length === 32) return imageKey;
  }
  return undefined;
}

/** A fresh image key. */
export function newImageKey(bits: 128 | 256, crypto: CryptoLike = platformCrypto()): OwnBytes {
  return randomBytes(bits / 8, crypto);
}

/** A private key or wrapping key, or an error that says what this one is. */
export function asDecryptionKey(key: EncryptionKey): DecryptionKey {
  if (!Object.values(wrapKinds).includes(key.kind)) {
    const words = 'expected an RSA-2048, P-256, X25519 or AES wrapping key';
    throw new DfuError('INVALID_ARGUMENT', `decryption: ${words}, got ${key.kind}`);
  }
  if (key.kind === 'aes-kw' || isPrivateKey(key)) return key;
  throw new DfuError('INVALID_ARGUMENT', `decryption: expected a private ${key.kind} key`);
}
