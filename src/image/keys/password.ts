import { DfuError, encodeUtf8, fromHex } from '../../bytes/index.ts';
import { DerTag, der, derOid, derSequence, derUnsigned, readDer } from './der.ts';
import type { DerReader } from './der.ts';
import { ownBytes, randomBytes } from './web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoLike } from './web-crypto.ts';

/** Object identifiers of RFC 8018, as hex digits of their DER content. */
const Oid = {
  pbes2: '2a864886f70d01050d',
  pbkdf2: '2a864886f70d01050c',
  scrypt: '2b06010401da47040b',
  hmacSha256: '2a864886f70d0209',
  aes256: '60864801650304012a',
} as const;

const hashes: Readonly<Record<string, string>> = {
  '2a864886f70d0207': 'SHA-1',
  [Oid.hmacSha256]: 'SHA-256',
  '2a864886f70d020a': 'SHA-384',
  '2a864886f70d020b': 'SHA-512',
};

/** AES-CBC by key size in bytes. */
const ciphers: Readonly<Record<string, number>> = {
  '608648016503040102': 16,
  '608648016503040116': 24,
  [Oid.aes256]: 32,
};

/** Rounds of PBKDF2 in keys written here: OWASP's advice for HMAC-SHA256. */
const ROUNDS = 600_000;

/** Most rounds that a file may ask for: some seconds of work, not hours. */
const MOST_ROUNDS = 10_000_000;

interface Derivation {
  readonly salt: Uint8Array;
  readonly rounds: number;
  readonly hash: string;
}

interface Protection extends Derivation {
  readonly keyBytes: number;
  readonly iv: Uint8Array;
}

function refuse(what: string, expected: string, got: string): DfuError {
  return new DfuError(
    'UNSUPPORTED',
    `EncryptedPrivateKeyInfo.${what}: expected ${expected}, got ${got}`,
  );
}

function readDerivation(reader: DerReader): Derivation {
  const oid = reader.oid('keyDerivation');
  if (oid !== Oid.pbkdf2) {
    const got = oid === Oid.scrypt ? 'scrypt' : oid;
    throw refuse('keyDerivation', 'PBKDF2', got);
  }
  const fields = reader.sequence('parameters');
  const salt = fields.read(DerTag.octetString, 'salt');
  const rounds = fields.small('iterationCount');
  if (rounds < 1 || rounds > MOST_ROUNDS) {
    throw refuse('iterationCount', `1 to ${MOST_ROUNDS}`, String(rounds));
  }
  if (fields.peek() === DerTag.integer) fields.small('keyLength');
  if (fields.peek() === undefined) return { salt, rounds, hash: 'SHA-1' };
  const prf = fields.sequence('prf').oid('algorithm');
  const hash = hashes[prf];
  if (hash === undefined) throw refuse('prf', 'HMAC with SHA-1, 256, 384 or 512', prf);
  return { salt, rounds, hash };
}

function readProtection(reader: DerReader): Protection {
  const algorithm = reader.sequence('encryptionAlgorithm');
  const scheme = algorithm.oid('algorithm');
  if (scheme !== Oid.pbes2) throw refuse('encryptionAlgorithm', 'PBES2', scheme);
  const parameters = algorithm.sequence('parameters');
  const derivation = readDerivation(parameters.sequence('keyDerivationFunc'));
  const encryption = parameters.sequence('encryptionScheme');
  const cipher = encryption.oid('algorithm');
  const keyBytes = ciphers[cipher];
  if (keyBytes === undefined) throw refuse('encryptionScheme', 'AES-CBC', cipher);
  const iv = encryption.read(DerTag.octetString, 'iv');
  if (iv.length !== 16) throw refuse('iv', '16 bytes', `${iv.length} bytes`);
  return { ...derivation, keyBytes, iv };
}

async function cipherKey(
  password: string,
  { salt, rounds, hash, keyBytes }: Derivation & { readonly keyBytes: number },
  { subtle }: CryptoLike,
): Promise<object> {
  const secret = encodeUtf8(password);
  const base = await subtle.importKey('raw', secret, { name: 'PBKDF2' }, false, ['deriveBits']);
  const how = { name: 'PBKDF2', salt: ownBytes(salt), iterations: rounds, hash };
  const bits = new Uint8Array(await subtle.deriveBits(how, base, keyBytes * 8));
  return subtle.importKey('raw', bits, { name: 'AES-CBC' }, false, ['encrypt', 'decrypt']);
}

/**
 * The PKCS#8 inside an EncryptedPrivateKeyInfo (PBES2 with PBKDF2 and AES-CBC, RFC 8018). Throws
 * `ACCESS` if the password is missing or wrong, `UNSUPPORTED` for other schemes.
 */
export async function decryptPkcs8(
  bytes: Uint8Array,
  password: string | undefined,
  crypto: CryptoLike,
): Promise<OwnBytes> {
  const outer = readDer(bytes, 'EncryptedPrivateKeyInfo');
  const fields = outer.sequence('key');
  const protection = readProtection(fields);
  const secret = fields.read(DerTag.octetString, 'encryptedData');
  fields.end();
  outer.end();
  if (password === undefined) {
    throw new DfuError('ACCESS', 'key: it is protected by a password, and none was given');
  }
  const key = await cipherKey(password, protection, crypto);
  const how = { name: 'AES-CBC', iv: ownBytes(protection.iv) };
  let plain: Uint8Array<ArrayBuffer>;
  try {
    plain = new Uint8Array(await crypto.subtle.decrypt(how, key, ownBytes(secret)));
  } catch (cause) {
    throw new DfuError('ACCESS', 'key: the password is wrong', { cause });
  }
  // One wrong password in 256 leaves a padding that looks right; what it holds is no key.
  if (plain[0] !== DerTag.sequence) throw new DfuError('ACCESS', 'key: the password is wrong');
  return plain;
}

/** An EncryptedPrivateKeyInfo of a PKCS#8: PBES2, PBKDF2 with HMAC-SHA256, AES-256-CBC. */
export async function encryptPkcs8(
  pkcs8: OwnBytes,
  password: string,
  crypto: CryptoLike,
): Promise<OwnBytes> {
  const salt = randomBytes(16, crypto);
  const iv = randomBytes(16, crypto);
  const derivation = { salt, rounds: ROUNDS, hash: 'SHA-256', keyBytes: 32 };
  const key = await cipherKey(password, derivation, crypto);
  const secret = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, pkcs8));
  const rounds = derUnsigned(fromHex(ROUNDS.toString(16).padStart(8, '0')));
  const prf = derSequence(derOid(Oid.hmacSha256), der(DerTag.null));
  const pbkdf2 = derSequence(der(DerTag.octetString, salt), rounds, prf);
  const scheme = derSequence(derOid(Oid.aes256), der(DerTag.octetString, iv));
  const parameters = derSequence(derSequence(derOid(Oid.pbkdf2), pbkdf2), scheme);
  const algorithm = derSequence(derOid(Oid.pbes2), parameters);
  return derSequence(algorithm, der(DerTag.octetString, secret));
}
