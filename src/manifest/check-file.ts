import { DfuError } from '../bytes/index.ts';
import type { DfuErrorCode } from '../bytes/index.ts';
import type { CryptoLike } from '../image/index.ts';
import type { signatureFinding } from './check-signature.ts';
import type { FileFinding } from './file-finding.ts';
import { hashHex } from './file-hash.ts';
import type { ManifestFile, ManifestKey } from './firmware-manifest.ts';

/** Whether a file is what its manifest says. */
export interface FileCheck {
  readonly findings: readonly FileFinding[];
  /** Why it must not be sent; undefined: nothing speaks against it. */
  readonly refused: { readonly code: DfuErrorCode; readonly message: string } | undefined;
}

/** What a file is checked with. */
export interface CheckFileOptions {
  /** Those of the manifest. */
  readonly keys?: readonly ManifestKey[] | undefined;
  /** Default: the platform's own. */
  readonly crypto?: CryptoLike | undefined;
}

/** What checks signatures; of a file without a key nothing does. */
interface SignatureCheck {
  readonly signatureFinding: typeof signatureFinding | undefined;
}

function refusal(code: DfuErrorCode, finding: FileFinding): FileCheck {
  return { findings: [finding], refused: { code, message: finding.text } };
}

async function hashFinding(
  { sizeBytes, sha256: expected }: ManifestFile,
  bytes: Uint8Array,
  crypto: CryptoLike | undefined,
): Promise<FileFinding> {
  const topic = 'hash';
  if (bytes.length !== sizeBytes) {
    const text = `The file has ${bytes.length} bytes, and the manifest says ${sizeBytes}.`;
    return { rating: 'bad', topic, text };
  }
  const found = await hashHex(bytes, crypto);
  if (found !== expected.toLowerCase()) {
    const text = `The file's SHA-256 is ${found}, and the manifest says ${expected}.`;
    return { rating: 'bad', topic, text };
  }
  return { rating: 'good', topic, text: 'Size and SHA-256 are those of the manifest.' };
}

/** `checkFile`, which see, with what checks signatures. */
export async function checkedFile(
  file: ManifestFile,
  bytes: Uint8Array,
  { keys = [], crypto, signatureFinding: check }: CheckFileOptions & SignatureCheck,
): Promise<FileCheck> {
  const hash = await hashFinding(file, bytes, crypto);
  if (hash.rating === 'bad') return refusal('REFUSED', hash);
  if (file.key === undefined) return { findings: [hash], refused: undefined };
  if (check === undefined) throw new TypeError('expected what checks signatures, got none');
  try {
    const signature = await check(bytes, { key: file.key.toLowerCase(), keys, crypto });
    const findings = [hash, signature];
    if (signature.rating !== 'bad') return { findings, refused: undefined };
    return { findings, refused: { code: 'REFUSED', message: signature.text } };
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    const { code, message } = error;
    const text = `The signature that the manifest asks for cannot be checked: ${message}.`;
    return {
      findings: [hash, { rating: 'bad', topic: 'signature', text }],
      refused: { code, message: text },
    };
  }
}
