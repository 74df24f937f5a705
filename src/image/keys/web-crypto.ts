import { DfuError } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';

/** A key inside WebCrypto; nothing of it is looked at here. */
export type CryptoKeyHandle = object;

/** Name and parameters of an algorithm, as WebCrypto's dictionaries have them. */
export interface CryptoAlgorithm {
  readonly name: string;
  readonly [parameter: string]: unknown;
}

/**
 * The part of WebCrypto's `SubtleCrypto` that images and keys need. `globalThis.crypto.subtle` of a
 * browser or of Node fits; so does one's own, in front of a hardware token.
 */
export interface SubtleCryptoLike {
  digest(algorithm: string, data: OwnBytes): Promise<ArrayBuffer>;
  importKey(
    format: 'raw' | 'pkcs8' | 'spki',
    data: OwnBytes,
    algorithm: CryptoAlgorithm,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKeyHandle>;
  exportKey(format: string, key: CryptoKeyHandle): Promise<unknown>;
  generateKey(
    algorithm: CryptoAlgorithm,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<unknown>;
  sign(algorithm: CryptoAlgorithm, key: CryptoKeyHandle, data: OwnBytes): Promise<ArrayBuffer>;
  verify(
    algorithm: CryptoAlgorithm,
    key: CryptoKeyHandle,
    signature: OwnBytes,
    data: OwnBytes,
  ): Promise<boolean>;
  encrypt(algorithm: CryptoAlgorithm, key: CryptoKeyHandle, data: OwnBytes): Promise<ArrayBuffer>;
  decrypt(algorithm: CryptoAlgorithm, key: CryptoKeyHandle, data: OwnBytes): Promise<ArrayBuffer>;
  deriveBits(algorithm: CryptoAlgorithm, key: CryptoKeyHandle, bits: number): Promise<ArrayBuffer>;
  wrapKey(
    format: 'raw',
    key: CryptoKeyHandle,
    wrapping: CryptoKeyHandle,
    algorithm: CryptoAlgorithm,
  ): Promise<ArrayBuffer>;
  // oxlint-disable-next-line max-params -- the signature is WebCrypto's
  unwrapKey(
    format: 'raw',
    wrapped: OwnBytes,
    unwrapping: CryptoKeyHandle,
    algorithm: CryptoAlgorithm,
    unwrappedAlgorithm: CryptoAlgorithm,
    extractable: boolean,
    usages: readonly string[],
  ): Promise<CryptoKeyHandle>;
}

/** The part of WebCrypto's `Crypto` that images and keys need. */
export interface CryptoLike {
  readonly subtle: SubtleCryptoLike;
  getRandomValues(bytes: OwnBytes): unknown;
  /** The hash of the pieces, one behind the other; left out, they are copied together for `subtle.digest`. */
  hashPieces?(hash: HashName, pieces: readonly Uint8Array[]): Uint8Array;
}

/**
 * The platform's own WebCrypto. Throws `UNSUPPORTED` where there is none: a page that was not loaded
 * over https has no `crypto.subtle`.
 */
export function platformCrypto(): CryptoLike {
  const { crypto } = globalThis as { readonly crypto?: Partial<CryptoLike> };
  if (crypto?.subtle === undefined) {
    throw new DfuError('UNSUPPORTED', 'expected WebCrypto (crypto.subtle), which https has');
  }
  return crypto as CryptoLike;
}

/** The bytes as WebCrypto takes them: themselves, or a copy where they lie in shared memory. */
export function ownBytes(bytes: Uint8Array): OwnBytes {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as OwnBytes) : Uint8Array.from(bytes);
}

/** The hashes that images use, by their WebCrypto names. */
export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** Size of each hash in bytes. */
export const HASH_BYTES: Readonly<Record<HashName, number>> = {
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
};

/** The hash of the bytes. */
export async function hashOf(
  hash: HashName | 'SHA-1',
  bytes: Uint8Array,
  crypto: CryptoLike = platformCrypto(),
): Promise<OwnBytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, ownBytes(bytes)));
}

/** The hash of the pieces, one behind the other. */
export async function hashOfPieces(
  hash: HashName,
  pieces: readonly Uint8Array[],
  crypto: CryptoLike = platformCrypto(),
): Promise<OwnBytes> {
  if (crypto.hashPieces === undefined) return hashOf(hash, joinBytes(...pieces), crypto);
  return Uint8Array.from(crypto.hashPieces(hash, pieces));
}

/** As many random bytes as asked for. */
export function randomBytes(count: number, crypto: CryptoLike): OwnBytes {
  const bytes = new Uint8Array(count);
  crypto.getRandomValues(bytes);
  return bytes;
}

/** The pieces, one behind the other. */
export function joinBytes(...pieces: readonly Uint8Array[]): OwnBytes {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
