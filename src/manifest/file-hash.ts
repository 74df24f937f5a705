import { sha256, toHex } from '../bytes/index.ts';
import type { CryptoLike } from '../image/index.ts';

/** SHA-256 as hexadecimal digits. A page that was not loaded over https has no WebCrypto: there it takes longer. */
export async function hashHex(bytes: Uint8Array, crypto?: CryptoLike): Promise<string> {
  const { crypto: platform } = globalThis as { readonly crypto?: Partial<CryptoLike> };
  const subtle = (crypto ?? platform)?.subtle;
  if (subtle === undefined) return toHex(sha256(bytes));
  const own = bytes.buffer instanceof ArrayBuffer ? bytes : Uint8Array.from(bytes);
  return toHex(new Uint8Array(await subtle.digest('SHA-256', own as Uint8Array<ArrayBuffer>)));
}
