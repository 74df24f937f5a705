import { DfuError } from '../../bytes/index.ts';
import { derSequence, derUnsigned } from './der.ts';
import { KeyOid, isEc, isPrivateKey, isRsa, keyTraits, pkcs8Of, sec1Of } from './key.ts';
import type { Key, KeyKind, PrivateKey } from './key.ts';
import { encryptPkcs8 } from './password.ts';
import { readKey, readRsaIntegers } from './read.ts';
import { writePem } from './pem.ts';
import { platformCrypto } from './web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoKeyHandle, CryptoLike } from './web-crypto.ts';

interface HandlePair {
  readonly privateKey: CryptoKeyHandle;
}

/** Makes a new key. Throws `UNSUPPORTED` if the platform does not know its kind. */
export async function generateKey(
  kind: KeyKind,
  crypto: CryptoLike = platformCrypto(),
): Promise<PrivateKey> {
  const rsa = {
    modulusLength: kind === 'rsa-3072' ? 3072 : 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  };
  const algorithm = { ...keyTraits[kind].webCrypto, ...(isRsa(kind) ? rsa : {}) };
  const usages = kind === 'x25519' ? ['deriveBits'] : ['sign', 'verify'];
  let pkcs8: OwnBytes;
  try {
    const pair = (await crypto.subtle.generateKey(algorithm, true, usages)) as HandlePair;
    pkcs8 = new Uint8Array(
      (await crypto.subtle.exportKey('pkcs8', pair.privateKey)) as ArrayBuffer,
    );
  } catch (cause) {
    throw new DfuError('UNSUPPORTED', `${kind}: this platform makes no such keys`, { cause });
  }
  const key = await readKey(writePem('PRIVATE KEY', pkcs8), { crypto });
  if (!isPrivateKey(key)) throw new DfuError('UNSUPPORTED', `${kind}: no private key was made`);
  return key;
}

/** SubjectPublicKeyInfo in PEM. */
export function writePublicPem(key: Key): string {
  return writePem('PUBLIC KEY', key.spki);
}

/** PKCS#8 in PEM, protected by a password if one is given (PBES2, AES-256-CBC). */
export async function writePrivatePem(
  key: PrivateKey,
  {
    password,
    crypto = platformCrypto(),
  }: {
    readonly password?: string | undefined;
    readonly crypto?: CryptoLike | undefined;
  } = {},
): Promise<string> {
  if (password === undefined) return writePem('PRIVATE KEY', key.pkcs8);
  return writePem('ENCRYPTED PRIVATE KEY', await encryptPkcs8(key.pkcs8, password, crypto));
}

/** DER forms of a private key: PKCS#8, or what OpenSSL calls traditional (PKCS#1, SEC 1). */
type PrivateForm = 'pkcs8' | 'openssl';

/** RSA with only what decryption needs: version, n, e, d, p, q. */
function minimalRsa(pkcs1: Uint8Array): OwnBytes {
  const { modulus, publicExponent, privateExponent, prime1, prime2 } = readRsaIntegers(pkcs1);
  const integers = [Uint8Array.of(0), modulus, publicExponent, privateExponent, prime1, prime2];
  return derSequence(...integers.map(derUnsigned));
}

/**
 * A private key as bytes for a bootloader that decrypts. `minimal` leaves out what can be computed:
 * the CRT exponents of RSA, the public point of P-256. Throws `UNSUPPORTED` for forms that the kind
 * does not have.
 */
export function privateKeyDer(
  { kind, privateValue, publicValue, pkcs8 }: PrivateKey,
  form: PrivateForm,
  { minimal = false }: { readonly minimal?: boolean } = {},
): OwnBytes {
  if (isRsa(kind)) {
    if (form !== 'openssl') throw new DfuError('UNSUPPORTED', 'rsa does not support pkcs8');
    return minimal ? minimalRsa(privateValue) : privateValue;
  }
  if (isEc(kind)) {
    if (minimal && kind !== 'ecdsa-p256') {
      throw new DfuError('UNSUPPORTED', `${kind} has no minimal form`);
    }
    const curve = kind === 'ecdsa-p256' ? KeyOid.p256 : KeyOid.p384;
    const point = minimal ? {} : { point: publicValue };
    if (form === 'openssl') return sec1Of(privateValue, { curve, ...point });
    return pkcs8Of(kind, sec1Of(privateValue, point));
  }
  if (form !== 'pkcs8') throw new DfuError('UNSUPPORTED', `${kind} does not support openssl`);
  return pkcs8;
}
