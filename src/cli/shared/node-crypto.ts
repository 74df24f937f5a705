import { createHash } from 'node:crypto';
import { platformCrypto } from '../../image/index.ts';
import type { CryptoLike, HashName } from '../../image/index.ts';

const names: Readonly<Record<HashName, string>> = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** WebCrypto, with Node's own way to hash what lies in pieces: WebCrypto's wants one, and makes a copy of it. */
export function nodeCrypto(): CryptoLike {
  const crypto = platformCrypto();
  return {
    subtle: crypto.subtle,
    getRandomValues: (bytes) => crypto.getRandomValues(bytes),
    hashPieces(hash, pieces) {
      const made = createHash(names[hash]);
      for (const piece of pieces) made.update(piece);
      return made.digest();
    },
  };
}
