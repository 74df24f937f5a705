import { DfuError } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';
import { FLASHWRITE_SKIP_BYTES, magicBytes } from './flashwrite.ts';
import { slotOf } from './layout.ts';
import type { RiotbootLayout } from './layout.ts';

/** The part of WebCrypto's `SubtleCrypto` that a digest needs. */
export interface DigestProvider {
  digest(algorithm: string, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>;
}

/** What the image in a slot should be. */
export interface ExpectedImage {
  /** SHA-256 of the whole image, header and magic included: 32 bytes. */
  readonly sha256: Uint8Array;
  /** Its length with the header, in bytes. */
  readonly lengthBytes: number;
  /** `globalThis.crypto.subtle` if left out. */
  readonly subtle?: DigestProvider | undefined;
}

/** What came of it, with RIOT's return values 0, 1 and -1. */
export type VerifyResult = 'equal' | 'different' | 'too-short';

function defaultSubtle(): DigestProvider {
  const { crypto } = globalThis as { crypto?: { subtle?: DigestProvider } };
  if (crypto?.subtle !== undefined) return crypto.subtle;
  throw new DfuError('UNSUPPORTED', 'sha256: expected WebCrypto in globalThis.crypto.subtle');
}

/**
 * Checks the image in a slot, before or after "RIOT" was written in front of it
 * (riotboot_flashwrite_verify_sha256): the magic counts as written. Throws `NOT_FOUND` without such a
 * slot, `OUT_OF_RANGE` for a length beyond it, `UNSUPPORTED` without WebCrypto.
 */
export async function verifySha256(
  flash: Flash,
  layout: RiotbootLayout,
  index: number,
  { sha256, lengthBytes, subtle = defaultSubtle() }: ExpectedImage,
): Promise<VerifyResult> {
  const { offsetBytes, sizeBytes } = slotOf(layout, index);
  if (lengthBytes < FLASHWRITE_SKIP_BYTES) return 'too-short';
  if (lengthBytes > sizeBytes) {
    throw new DfuError(
      'OUT_OF_RANGE',
      `slot ${index}: expected an image of at most ${sizeBytes} bytes, got ${lengthBytes}`,
    );
  }
  const image = flash.read(offsetBytes, lengthBytes);
  image.set(magicBytes());
  const digest = new Uint8Array(await subtle.digest('SHA-256', image));
  const same = digest.length === sha256.length && digest.every((byte, at) => byte === sha256[at]);
  return same ? 'equal' : 'different';
}
