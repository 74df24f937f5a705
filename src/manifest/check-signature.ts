import { DfuError, toHex } from '../bytes/index.ts';
import {
  imageFaults,
  inspectImage,
  isPadding,
  publicKeyHashes,
  readContents,
  readPublicPem,
  recognise,
} from '../image/index.ts';
import type { CryptoLike, ImageInspection, Key, SignatureFinding } from '../image/index.ts';
import type { FileFinding } from './file-finding.ts';
import type { ManifestKey } from './firmware-manifest.ts';

/** What a signature is checked by. */
interface Wanted {
  /** First digits of the key's hash, in small letters. */
  readonly key: string;
  readonly keys: readonly ManifestKey[];
  readonly crypto: CryptoLike | undefined;
}

/** Digits of a whole hash: nobody makes another key with it. */
const WHOLE_DIGITS = 64;

/** A key's hashes, as images with one hash or another name it. */
async function hashesOf(key: Key, crypto: CryptoLike | undefined): Promise<string[]> {
  return (await publicKeyHashes(key, crypto)).map((each) => toHex(each));
}

/** The keys of the manifest that are meant. Throws for one whose hash is another. */
async function keysMeant({ key: wanted, keys, crypto }: Wanted): Promise<Key[]> {
  const meant: Key[] = [];
  for (const { id, pem } of keys) {
    const digits = id.toLowerCase();
    if (!digits.startsWith(wanted) && !wanted.startsWith(digits)) continue;
    const key = readPublicPem(pem);
    const hashes = await hashesOf(key, crypto);
    if (!hashes.some((each) => each.startsWith(digits) && each.startsWith(wanted))) {
      const words = `the manifest's key ${id} is another one: the hash of its PEM begins with ${hashes[0]?.slice(0, id.length) ?? ''}`;
      throw new DfuError('MALFORMED', words);
    }
    meant.push(key);
  }
  return meant;
}

/** What the signatures of one image come to. */
type Signed = 'verified' | 'named' | 'other' | 'none';

async function namesKey(
  { keyTlv, signer }: SignatureFinding,
  { key, crypto }: Wanted,
): Promise<boolean> {
  if (signer.from === 'given') return true;
  if (signer.from === 'unknown') return keyTlv !== undefined && toHex(keyTlv.data).startsWith(key);
  return (await hashesOf(signer.key, crypto)).some((each) => each.startsWith(key));
}

async function signedBy({ signatures }: ImageInspection, wanted: Wanted): Promise<Signed> {
  let best: Signed = signatures.length === 0 ? 'none' : 'other';
  for (const each of signatures) {
    if (!(await namesKey(each, wanted))) continue;
    const { signer, valid } = each;
    // A key in the image is the one that is meant if all of its hash is known.
    const isKnown = signer.from === 'given' || wanted.key.length >= WHOLE_DIGITS;
    if (valid === true && isKnown) return 'verified';
    best = 'named';
  }
  return best;
}

function bad(text: string): FileFinding {
  return { rating: 'bad', topic: 'signature', text };
}

const shownKey = (key: string): string => (key.length > 16 ? `${key.slice(0, 16)}…` : key);

/** What is wrong with an image, or how it is signed. */
async function judge(
  bytes: Uint8Array,
  given: readonly Key[],
  wanted: Wanted,
): Promise<FileFinding | Signed> {
  const key = shownKey(wanted.key);
  if (recognise(bytes).format !== 'mcuboot') {
    return bad(`The file is to be signed with key ${key}, and is no MCUboot image.`);
  }
  const inspection = await inspectImage(bytes, { keys: given, crypto: wanted.crypto });
  const [fault] = inspection.payload === 'sealed' ? [] : imageFaults(inspection);
  if (fault !== undefined) return bad(`The image is damaged: ${fault}.`);
  if (!isPadding(bytes.subarray(inspection.image.bytes.length)))
    return bad('Behind the image stands more than padding, which no signature covers.');
  const signed = await signedBy(inspection, wanted);
  if (signed === 'none')
    return bad(`The image is to be signed with key ${key}, and is not signed.`);
  if (signed === 'other') return bad(`The image is signed with another key than ${key}.`);
  return signed;
}

/**
 * Whether every piece of a file is an MCUboot image that the key has signed. Throws `DfuError` for what cannot be read.
 */
export async function signatureFinding(file: Uint8Array, wanted: Wanted): Promise<FileFinding> {
  const given = await keysMeant(wanted);
  const pieces = readContents(file).parts.flatMap((part) => part.pieces);
  const key = shownKey(wanted.key);
  if (pieces.length === 0)
    return bad(`The file is to be signed with key ${key}, and has nothing in it.`);
  let isVerified = true;
  for (const { bytes } of pieces) {
    const found = await judge(bytes, given, wanted);
    if (typeof found !== 'string') return found;
    if (found !== 'verified') isVerified = false;
  }
  const topic = 'signature';
  if (isVerified) {
    const text = `The image is signed with key ${key}, which the manifest names.`;
    return { rating: 'good', topic, text };
  }
  const why =
    given.length === 0
      ? 'the manifest does not have the key itself'
      : 'the image is encrypted, and its signature is over what is inside';
  const text = `The image says that it is signed with key ${key}; that was not checked: ${why}.`;
  return { rating: 'unknown', topic, text };
}
