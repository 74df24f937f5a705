import { DerTag, der, derBits, derOid, derSequence, derUnsigned } from './der.ts';
import { hashOf, ownBytes, platformCrypto } from './web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoAlgorithm, CryptoLike, HashName } from './web-crypto.ts';

/** Kinds of key, by the names that `imgtool keygen` uses. */
export type KeyKind = 'rsa-2048' | 'rsa-3072' | 'ecdsa-p256' | 'ecdsa-p384' | 'ed25519' | 'x25519';

/** A public key, or a private one where `pkcs8` is there. */
export interface Key {
  readonly kind: KeyKind;
  /** SubjectPublicKeyInfo (RFC 5280 §4.1). */
  readonly spki: OwnBytes;
  /**
   * The public key as images and bootloaders carry it and hash it: PKCS#1 RSAPublicKey for RSA,
   * SubjectPublicKeyInfo for all others.
   */
  readonly publicDer: OwnBytes;
  /** The bare public value: PKCS#1 for RSA, uncompressed point for EC, 32 bytes for the rest. */
  readonly publicValue: OwnBytes;
  /** PrivateKeyInfo (RFC 5208 §5), with the public key inside for EC; undefined in a public key. */
  readonly pkcs8: OwnBytes | undefined;
  /** PKCS#1 RSAPrivateKey, or the private scalar or seed; undefined in a public key. */
  readonly privateValue: OwnBytes | undefined;
}

/** A key whose private half is there. */
export interface PrivateKey extends Key {
  readonly pkcs8: OwnBytes;
  readonly privateValue: OwnBytes;
}

/** Whether the private half is there. */
export function isPrivateKey(key: Key): key is PrivateKey {
  return key.pkcs8 !== undefined && key.privateValue !== undefined;
}

/** Object identifiers of keys, as hex digits of their DER content. */
export const KeyOid = {
  rsaEncryption: '2a864886f70d010101',
  ecPublicKey: '2a8648ce3d0201',
  p256: '2a8648ce3d030107',
  p384: '2b81040022',
  x25519: '2b656e',
  ed25519: '2b6570',
} as const;

/** What is fixed for a kind of key. */
interface KeyTraits {
  /** AlgorithmIdentifier, whole. */
  readonly algorithm: OwnBytes;
  /** Hash that images signed with it use unless told otherwise. */
  readonly hash: HashName;
  /** Bytes of a scalar or seed; 0 for RSA. */
  readonly scalarBytes: number;
  /** Name and parameters in WebCrypto for signing; for X25519 those of its key agreement. */
  readonly webCrypto: CryptoAlgorithm;
}

const absent = der(DerTag.null);

/** Facts of every kind. */
export const keyTraits: Readonly<Record<KeyKind, KeyTraits>> = {
  'rsa-2048': {
    algorithm: derSequence(derOid(KeyOid.rsaEncryption), absent),
    hash: 'SHA-256',
    scalarBytes: 0,
    webCrypto: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 },
  },
  'rsa-3072': {
    algorithm: derSequence(derOid(KeyOid.rsaEncryption), absent),
    hash: 'SHA-256',
    scalarBytes: 0,
    webCrypto: { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 },
  },
  'ecdsa-p256': {
    algorithm: derSequence(derOid(KeyOid.ecPublicKey), derOid(KeyOid.p256)),
    hash: 'SHA-256',
    scalarBytes: 32,
    webCrypto: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  },
  'ecdsa-p384': {
    algorithm: derSequence(derOid(KeyOid.ecPublicKey), derOid(KeyOid.p384)),
    hash: 'SHA-384',
    scalarBytes: 48,
    webCrypto: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  },
  ed25519: {
    algorithm: derSequence(derOid(KeyOid.ed25519)),
    hash: 'SHA-256',
    scalarBytes: 32,
    webCrypto: { name: 'Ed25519' },
  },
  x25519: {
    algorithm: derSequence(derOid(KeyOid.x25519)),
    hash: 'SHA-256',
    scalarBytes: 32,
    webCrypto: { name: 'X25519' },
  },
};

/** Whether keys of this kind are RSA. */
export function isRsa(kind: KeyKind): kind is 'rsa-2048' | 'rsa-3072' {
  return kind === 'rsa-2048' || kind === 'rsa-3072';
}

/** Whether keys of this kind lie on a NIST curve. */
export function isEc(kind: KeyKind): kind is 'ecdsa-p256' | 'ecdsa-p384' {
  return kind === 'ecdsa-p256' || kind === 'ecdsa-p384';
}

const version0 = derUnsigned(Uint8Array.of(0));

/** ECPrivateKey of SEC 1 §C.4; curve and public key are optional fields of it. */
export function sec1Of(
  scalar: Uint8Array,
  { curve, point }: { readonly curve?: string; readonly point?: Uint8Array } = {},
): OwnBytes {
  const fields = [derUnsigned(Uint8Array.of(1)), der(DerTag.octetString, scalar)];
  if (curve !== undefined) fields.push(der(DerTag.explicit0, derOid(curve)));
  if (point !== undefined) fields.push(der(DerTag.explicit1, derBits(point)));
  return derSequence(...fields);
}

/** PrivateKeyInfo around a private key of this kind. */
export function pkcs8Of(kind: KeyKind, privateKey: Uint8Array): OwnBytes {
  return derSequence(version0, keyTraits[kind].algorithm, der(DerTag.octetString, privateKey));
}

/** A key from its public value alone. */
export function publicKeyOf(kind: KeyKind, publicValue: Uint8Array): Key {
  const value = ownBytes(publicValue);
  const spki = derSequence(keyTraits[kind].algorithm, derBits(value));
  const publicDer = isRsa(kind) ? value : spki;
  const none = undefined;
  return { kind, spki, publicDer, publicValue: value, pkcs8: none, privateValue: none };
}

/** A key from both values; EC keys get their public point inside, as OpenSSL writes them. */
export function privateKeyOf(
  kind: KeyKind,
  privateValue: Uint8Array,
  publicValue: Uint8Array,
): PrivateKey {
  const inner = isRsa(kind)
    ? privateValue
    : isEc(kind)
      ? sec1Of(privateValue, { point: publicValue })
      : der(DerTag.octetString, privateValue);
  const pkcs8 = pkcs8Of(kind, inner);
  return { ...publicKeyOf(kind, publicValue), pkcs8, privateValue: ownBytes(privateValue) };
}

/** Only the public half of a key. */
export function publicHalf({ kind, publicValue }: Key): Key {
  return publicKeyOf(kind, publicValue);
}

/** Hash of the public key, as the KEYHASH record and a bootloader's key table have it. */
export function publicKeyHash(
  key: Key,
  hash: HashName = 'SHA-256',
  crypto: CryptoLike = platformCrypto(),
): Promise<OwnBytes> {
  return hashOf(hash, key.publicDer, crypto);
}

/** The same with each hash that an image may name a key by: SHA-256, SHA-384, SHA-512. */
export function publicKeyHashes(
  key: Key,
  crypto: CryptoLike = platformCrypto(),
): Promise<OwnBytes[]> {
  const names = ['SHA-256', 'SHA-384', 'SHA-512'] as const;
  return Promise.all(names.map((hash) => publicKeyHash(key, hash, crypto)));
}
