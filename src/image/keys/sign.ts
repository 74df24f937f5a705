import { DfuError } from '../../bytes/index.ts';
import { derSequence, derUnsigned, readDer } from './der.ts';
import { isEc, keyTraits } from './key.ts';
import type { Key, PrivateKey } from './key.ts';
import { ownBytes, platformCrypto } from './web-crypto.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import type { CryptoKeyHandle, CryptoLike } from './web-crypto.ts';

/** ECDSA's two numbers side by side, as WebCrypto has them, into DER. */
export function ecdsaToDer(raw: Uint8Array): OwnBytes {
  const half = raw.length / 2;
  return derSequence(derUnsigned(raw.subarray(0, half)), derUnsigned(raw.subarray(half)));
}

/**
 * ECDSA's two numbers out of DER into `scalarBytes` each. Zero bytes behind the sequence are
 * allowed: loaders before 1.5 wanted signatures of one length. Throws `MALFORMED`.
 */
export function ecdsaFromDer(signature: Uint8Array, scalarBytes: number): OwnBytes {
  const fields = readDer(signature, 'ECDSA signature').sequence('signature');
  const raw = new Uint8Array(2 * scalarBytes);
  for (const [index, name] of ['r', 's'].entries()) {
    const digits = fields.unsigned(name);
    if (digits.length > scalarBytes) {
      const words = `expected at most ${scalarBytes} bytes, got ${digits.length}`;
      throw new DfuError('MALFORMED', `ECDSA signature.${name}: ${words}`);
    }
    raw.set(digits, (index + 1) * scalarBytes - digits.length);
  }
  fields.end();
  return raw;
}

function noSignatures({ kind }: Key): DfuError {
  return new DfuError('INVALID_ARGUMENT', `${kind} keys agree on secrets, they do not sign`);
}

/** A key of well-formed DER may still be no point of its curve, or no modulus. */
async function importKey(
  key: Key,
  [format, usage]: readonly ['pkcs8', 'sign'] | readonly ['spki', 'verify'],
  { subtle }: CryptoLike,
): Promise<CryptoKeyHandle> {
  const bytes = format === 'pkcs8' ? key.pkcs8 : key.spki;
  const { webCrypto } = keyTraits[key.kind];
  try {
    return await subtle.importKey(format, bytes ?? new Uint8Array(0), webCrypto, false, [usage]);
  } catch (cause) {
    throw new DfuError('MALFORMED', `${key.kind} key: the platform does not take it`, { cause });
  }
}

/**
 * Signs a message: RSA-PSS and ECDSA hash it themselves, Ed25519 takes it whole. ECDSA comes out as
 * DER. Throws `INVALID_ARGUMENT` for X25519.
 */
export async function signMessage(
  key: PrivateKey,
  message: Uint8Array,
  crypto: CryptoLike = platformCrypto(),
): Promise<OwnBytes> {
  if (key.kind === 'x25519') throw noSignatures(key);
  const { webCrypto } = keyTraits[key.kind];
  const handle = await importKey(key, ['pkcs8', 'sign'], crypto);
  const raw = new Uint8Array(await crypto.subtle.sign(webCrypto, handle, ownBytes(message)));
  return isEc(key.kind) ? ecdsaToDer(raw) : raw;
}

/** Whether the signature is this key's over this message; a malformed one is not. */
export async function verifyMessage(
  key: Key,
  message: Uint8Array,
  signature: Uint8Array,
  crypto: CryptoLike = platformCrypto(),
): Promise<boolean> {
  if (key.kind === 'x25519') throw noSignatures(key);
  const { webCrypto, scalarBytes } = keyTraits[key.kind];
  let raw: OwnBytes;
  try {
    raw = isEc(key.kind) ? ecdsaFromDer(signature, scalarBytes) : ownBytes(signature);
  } catch (error) {
    if (DfuError.is(error, 'MALFORMED')) return false;
    throw error;
  }
  const handle = await importKey(key, ['spki', 'verify'], crypto);
  return crypto.subtle.verify(webCrypto, handle, raw, ownBytes(message));
}
