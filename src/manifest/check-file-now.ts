import { checkedFile } from './check-file.ts';
import type { CheckFileOptions, FileCheck } from './check-file.ts';
import { signatureFinding } from './check-signature.ts';
import type { ManifestFile } from './firmware-manifest.ts';

/**
 * Whether a file is what its manifest says: size and SHA-256, and where the manifest names a key, the signature of the
 * MCUboot image in it. A file that is `refused` must not be sent: `REFUSED` where size, hash or signature are not as the
 * manifest says, `MALFORMED` and others where it, or the key of the manifest, cannot be read. Throws nothing for what the file is.
 *
 * A key that only the manifest names proves that the file is the one that the manifest's maker meant, and not who that is.
 */
export function checkFile(
  file: ManifestFile,
  bytes: Uint8Array,
  options: CheckFileOptions = {},
): Promise<FileCheck> {
  return checkedFile(file, bytes, { ...options, signatureFinding });
}
