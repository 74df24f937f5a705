import { DfuError, toHex } from '../../bytes/index.ts';
import {
  formatVersion,
  inspectImage,
  isMcubootImage,
  publicKeyHash,
  readImageHeader,
  readPublicPem,
} from '../../image/index.ts';
import type { ImageInspection, Key } from '../../image/index.ts';
import type { SendPlan } from '../../host/index.ts';
import type { FlowFinding } from '../flow-state.ts';
import { finding } from './finding.ts';

/** Most images of one file that are looked at. */
const MOST_IMAGES = 4;

/** Hexadecimal digits by which a key is told to a person. */
const KEY_DIGITS = 8;

/** Holds a file to the key that its manifest names. */
export { signatureFinding } from '../../manifest/index.ts';
/** Holds a plan to the keys that are expected. */
export { withPolicy } from '../../host/index.ts';

/** The version that the header of an image says; undefined where it says none that can be read. */
export function imageVersionText(bytes: Uint8Array): string | undefined {
  try {
    return formatVersion(readImageHeader(bytes).version);
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/** The keys that are expected. Throws as `readPublicPem` does. */
export function readKeys(pems: readonly string[]): Key[] {
  return pems.map((pem) => readPublicPem(pem));
}

/** The pieces of a plan that are MCUboot images. */
function imagesOf({ targets }: SendPlan): Uint8Array[] {
  return targets
    .flatMap(({ elements }) => elements.map(({ data }) => data))
    .filter((data) => isMcubootImage(data))
    .slice(0, MOST_IMAGES);
}

/** Whether images are whole, and who has signed them. */
export async function signatureFindings(
  plan: SendPlan,
  keys: readonly Key[],
): Promise<FlowFinding[]> {
  const found: FlowFinding[] = [];
  for (const bytes of imagesOf(plan)) {
    try {
      const inspection = await inspectImage(bytes, { keys });
      found.push(...hashFindings(inspection), ...(await signersOf(inspection, keys)));
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      // An image whose parts cannot be read is damaged; that there is no cryptography here says nothing of it.
      const isRead = error.code === 'UNSUPPORTED';
      const values = { words: error.message };
      found.push(
        isRead
          ? finding('unknown', 'signature', ['host-note', values])
          : finding('bad', 'format', ['format-damaged', values]),
      );
    }
  }
  return found;
}

function hashFindings({ hashes }: ImageInspection): FlowFinding[] {
  if (hashes.some(({ valid }) => valid === false)) {
    return [finding('bad', 'hash', ['hash-image-bad'])];
  }
  if (!hashes.some(({ valid }) => valid === true)) return [];
  return [finding('good', 'hash', ['hash-image-good'])];
}

async function signersOf(
  { signatures }: ImageInspection,
  keys: readonly Key[],
): Promise<FlowFinding[]> {
  const isAsked = keys.length > 0;
  if (signatures.length === 0) {
    const id = isAsked ? 'signature-none' : 'signature-plain';
    return [finding(isAsked ? 'bad' : 'plain', 'signature', [id])];
  }
  if (signatures.some(({ valid }) => valid === false)) {
    return [finding('bad', 'signature', ['signature-bad'])];
  }
  for (const { signer, valid } of signatures) {
    if (signer.from !== 'given' || valid !== true) continue;
    const hash = toHex(await publicKeyHash(signer.key, 'SHA-256'));
    const key = hash.slice(0, KEY_DIGITS);
    return [finding('good', 'signature', ['signature-good', { key }])];
  }
  const id = isAsked ? 'signature-other' : 'signature-unknown';
  return [finding(isAsked ? 'bad' : 'unknown', 'signature', [id])];
}
