import { DfuError } from '../../bytes/index.ts';
import { DerTag, derSequence, derUnsigned, readDer } from './der.ts';
import type { DerReader } from './der.ts';
import { KeyOid, isEc, keyTraits, pkcs8Of, privateKeyOf, publicKeyOf, sec1Of } from './key.ts';
import type { Key, KeyKind, PrivateKey } from './key.ts';
import { decryptPkcs8 } from './password.ts';
import { fromBase64, readPem } from './pem.ts';
import type { PemBlock } from './pem.ts';
import { ownBytes, platformCrypto } from './web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoLike } from './web-crypto.ts';

/** What may be needed to read a key. */
export interface ReadKeyOptions {
  /** For a private key that is protected by one; not looked at otherwise. */
  readonly password?: string | undefined;
  readonly crypto?: CryptoLike | undefined;
}

const kindsOfCurves: Readonly<Record<string, KeyKind>> = {
  [KeyOid.p256]: 'ecdsa-p256',
  [KeyOid.p384]: 'ecdsa-p384',
};

const plainKinds: Readonly<Record<string, KeyKind>> = {
  [KeyOid.ed25519]: 'ed25519',
  [KeyOid.x25519]: 'x25519',
};

function unsupported(what: string, got: string): DfuError {
  const known = 'RSA-2048, RSA-3072, ECDSA P-256, ECDSA P-384, Ed25519 or X25519';
  return new DfuError('UNSUPPORTED', `${what}: expected ${known}, got ${got}`);
}

/** Kind from the bits of an RSA modulus. */
function rsaKind(modulus: Uint8Array, what: string): KeyKind {
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits === 2048) return 'rsa-2048';
  if (bits === 3072) return 'rsa-3072';
  throw unsupported(what, `RSA with ${bits} bits`);
}

/** AlgorithmIdentifier: RSA kinds are told by their modulus, so `rsa` stands for both here. */
function readAlgorithm(reader: DerReader, what: string): KeyKind | 'rsa' {
  const algorithm = reader.sequence('algorithm');
  const oid = algorithm.oid('algorithm');
  if (oid === KeyOid.rsaEncryption) return 'rsa';
  if (oid === KeyOid.ecPublicKey) {
    const curve = algorithm.oid('parameters');
    const kind = kindsOfCurves[curve];
    if (kind === undefined) throw unsupported(what, `an EC key on curve ${curve}`);
    return kind;
  }
  const kind = plainKinds[oid];
  if (kind === undefined) throw unsupported(what, `algorithm ${oid}`);
  algorithm.end();
  return kind;
}

function checkPublicValue(kind: KeyKind, value: Uint8Array, what: string): void {
  const { scalarBytes } = keyTraits[kind];
  const expected = isEc(kind) ? 1 + 2 * scalarBytes : scalarBytes;
  const form = isEc(kind) ? ' of an uncompressed point (04…)' : '';
  if (value.length !== expected || (isEc(kind) && value[0] !== 4)) {
    const words = `expected ${expected} bytes${form}, got ${value.length}`;
    throw new DfuError('MALFORMED', `${what}.publicKey: ${words}`);
  }
}

function readRsaPublic(bytes: Uint8Array): Key {
  const outer = readDer(bytes, 'RSAPublicKey');
  const fields = outer.sequence('key');
  const kind = rsaKind(fields.unsigned('modulus'), 'RSAPublicKey');
  fields.unsigned('publicExponent');
  fields.end();
  outer.end();
  return publicKeyOf(kind, bytes);
}

function readSpki(bytes: Uint8Array): Key {
  const outer = readDer(bytes, 'SubjectPublicKeyInfo');
  const fields = outer.sequence('key');
  const kind = readAlgorithm(fields, 'SubjectPublicKeyInfo');
  const value = fields.bits('subjectPublicKey');
  fields.end();
  outer.end();
  if (kind === 'rsa') return readRsaPublic(value);
  checkPublicValue(kind, value, 'SubjectPublicKeyInfo');
  return publicKeyOf(kind, value);
}

const rsaFields = [
  'modulus',
  'publicExponent',
  'privateExponent',
  'prime1',
  'prime2',
  'exponent1',
  'exponent2',
  'coefficient',
] as const;

/** The integers of an RSAPrivateKey (RFC 8017 §A.1.2), without leading zeros. */
type RsaIntegers = Readonly<Record<(typeof rsaFields)[number], Uint8Array>>;

/** Reads PKCS#1 RSAPrivateKey of two primes. Throws `MALFORMED`. */
export function readRsaIntegers(bytes: Uint8Array): RsaIntegers {
  const outer = readDer(bytes, 'RSAPrivateKey');
  const fields = outer.sequence('key');
  const version = fields.small('version');
  if (version !== 0) {
    const words = `expected 0 (two primes), got ${version}`;
    throw new DfuError('UNSUPPORTED', `RSAPrivateKey.version: ${words}`);
  }
  const integers = Object.fromEntries(rsaFields.map((name) => [name, fields.unsigned(name)]));
  fields.end();
  outer.end();
  return integers as RsaIntegers;
}

function readRsaPrivate(bytes: Uint8Array): PrivateKey {
  const { modulus, publicExponent } = readRsaIntegers(bytes);
  const publicValue = derSequence(derUnsigned(modulus), derUnsigned(publicExponent));
  return privateKeyOf(rsaKind(modulus, 'RSAPrivateKey'), bytes, publicValue);
}

const base64url = (text: string): OwnBytes => {
  const digits = text.replaceAll('-', '+').replaceAll('_', '/');
  return fromBase64(digits.padEnd(Math.ceil(digits.length / 4) * 4, '='));
};

/** The public value that belongs to a private one; WebCrypto knows the curve. */
async function derivePublic(kind: KeyKind, pkcs8: OwnBytes, crypto: CryptoLike): Promise<OwnBytes> {
  const usages = kind === 'x25519' ? ['deriveBits'] : ['sign'];
  const algorithm = keyTraits[kind].webCrypto;
  try {
    const handle = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, usages);
    const { x, y } = (await crypto.subtle.exportKey('jwk', handle)) as { x: string; y?: string };
    if (!isEc(kind)) return base64url(x);
    return Uint8Array.of(4, ...base64url(x), ...base64url(y ?? ''));
  } catch (cause) {
    const words = 'the platform does not take it as a private key';
    throw new DfuError('MALFORMED', `${kind} key: ${words}`, { cause });
  }
}

async function readSec1(
  bytes: Uint8Array,
  outerKind: KeyKind | undefined,
  crypto: CryptoLike,
): Promise<PrivateKey> {
  const outer = readDer(bytes, 'ECPrivateKey');
  const fields = outer.sequence('key');
  const version = fields.small('version');
  if (version !== 1) {
    throw new DfuError('MALFORMED', `ECPrivateKey.version: expected 1, got ${version}`);
  }
  const scalar = fields.read(DerTag.octetString, 'privateKey');
  let kind = outerKind;
  if (fields.peek() === DerTag.explicit0) {
    const parameters = fields.read(DerTag.explicit0, 'parameters');
    const curve = readDer(parameters, 'ECPrivateKey').oid('parameters');
    kind = kindsOfCurves[curve];
    if (kind === undefined) throw unsupported('ECPrivateKey', `curve ${curve}`);
  }
  if (kind === undefined || (outerKind !== undefined && outerKind !== kind)) {
    const words = outerKind === undefined ? 'a named curve' : `curve of ${outerKind}`;
    throw new DfuError('MALFORMED', `ECPrivateKey.parameters: expected ${words}, got ${kind}`);
  }
  if (fields.peek() === DerTag.explicit1) {
    const bits = fields.read(DerTag.explicit1, 'publicKey');
    checkPublicValue(kind, readDer(bits, 'ECPrivateKey').bits('publicKey'), 'ECPrivateKey');
  }
  fields.end();
  outer.end();
  const { scalarBytes } = keyTraits[kind];
  if (scalar.length !== scalarBytes) {
    const words = `expected ${scalarBytes} bytes, got ${scalar.length}`;
    throw new DfuError('MALFORMED', `ECPrivateKey.privateKey: ${words}`);
  }
  // What the file says of its public half is not believed: a wrong one would sign in vain.
  const point = await derivePublic(kind, pkcs8Of(kind, sec1Of(scalar)), crypto);
  return privateKeyOf(kind, scalar, point);
}

async function readPkcs8(bytes: Uint8Array, crypto: CryptoLike): Promise<PrivateKey> {
  const outer = readDer(bytes, 'PrivateKeyInfo');
  const fields = outer.sequence('key');
  const version = fields.small('version');
  if (version > 1) {
    throw new DfuError('MALFORMED', `PrivateKeyInfo.version: expected 0 or 1, got ${version}`);
  }
  const kind = readAlgorithm(fields, 'PrivateKeyInfo');
  const inner = fields.read(DerTag.octetString, 'privateKey');
  outer.end();
  // Attributes and, in version 1, a public key may follow; nothing here needs them.
  if (kind === 'rsa') return readRsaPrivate(inner);
  if (isEc(kind)) return readSec1(inner, kind, crypto);
  const seed = readDer(inner, 'PrivateKeyInfo').read(DerTag.octetString, 'privateKey');
  const { scalarBytes } = keyTraits[kind];
  if (seed.length !== scalarBytes) {
    const words = `expected ${scalarBytes} bytes, got ${seed.length}`;
    throw new DfuError('MALFORMED', `PrivateKeyInfo.privateKey: ${words}`);
  }
  return privateKeyOf(kind, seed, await derivePublic(kind, ownBytes(bytes), crypto));
}

/** Whether reading this key file needs a password. */
export function needsPassword(file: string): boolean {
  return /-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(file);
}

async function readBlock(block: PemBlock, options: ReadKeyOptions): Promise<Key> {
  const { label, headers, bytes } = block;
  const crypto = options.crypto ?? platformCrypto();
  if (headers.some((line) => line.includes('ENCRYPTED'))) {
    const hint = 'openssl pkcs8 -topk8 writes one';
    throw new DfuError('UNSUPPORTED', `${label}: expected PKCS#8 for a password; ${hint}`);
  }
  switch (label) {
    case 'PUBLIC KEY':
      return readSpki(bytes);
    case 'RSA PUBLIC KEY':
      return readRsaPublic(bytes);
    case 'PRIVATE KEY':
      return readPkcs8(bytes, crypto);
    case 'RSA PRIVATE KEY':
      return readRsaPrivate(bytes);
    case 'EC PRIVATE KEY':
      return readSec1(bytes, undefined, crypto);
    case 'ENCRYPTED PRIVATE KEY':
      return readPkcs8(await decryptPkcs8(bytes, options.password, crypto), crypto);
    default:
      throw new DfuError('UNSUPPORTED', `PEM: expected a public or private key, got ${label}`);
  }
}

/**
 * Reads a key from a PEM file: SubjectPublicKeyInfo, PKCS#1, PKCS#8 (with a password too) or SEC 1.
 * Throws `MALFORMED` for what is no key, `UNSUPPORTED` for kinds that images do not use, and
 * `ACCESS` for a missing or wrong password.
 */
export async function readKey(file: string, options: ReadKeyOptions = {}): Promise<Key> {
  // `openssl ecparam -genkey` writes the curve in a block of its own first.
  const block = readPem(file).find(({ label }) => label !== 'EC PARAMETERS');
  if (block === undefined) {
    throw new DfuError('MALFORMED', 'key: expected PEM (-----BEGIN …), got something else');
  }
  return readBlock(block, options);
}

/**
 * Reads a public key from a PEM file, and no other: whoever checks signatures has no need of what private keys are read with.
 * Throws `MALFORMED` for what is no public key, `UNSUPPORTED` for kinds that images do not use.
 */
export function readPublicPem(file: string): Key {
  const block = readPem(file).find(({ label }) => label.endsWith('PUBLIC KEY'));
  if (block === undefined) {
    const expected = 'expected a public key as PEM (-----BEGIN PUBLIC KEY-----)';
    throw new DfuError('MALFORMED', `key: ${expected}, got something else`);
  }
  return readPublicDer(block.bytes);
}

/** Reads a public key from DER as it stands in a PUBKEY record. Throws as `readKey` does. */
export function readPublicDer(bytes: Uint8Array): Key {
  const fields = readDer(bytes, 'public key').sequence('key');
  return fields.peek() === DerTag.integer ? readRsaPublic(bytes) : readSpki(bytes);
}
