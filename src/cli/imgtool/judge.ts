import { toHex } from '../../bytes/index.ts';
import {
  TLV_INFO_MAGIC,
  TLV_PROT_INFO_MAGIC,
  TlvType,
  allowedHashes,
  endianOfImage,
  formatVersion,
  hashTlvs,
  readImageHeader,
  readTlvArea,
  readTlvAreaHead,
  signatureTlvs,
  verifyMessage,
} from '../../image/index.ts';
import type { HashName, Key, SignatureKind, Tlv } from '../../image/index.ts';

/** What `imgtool verify` comes to. */
interface Outcome {
  readonly ok: boolean;
  /** What is printed. */
  readonly line: string;
  /** The hash that was found right; undefined where the image is not, or its signature is a pure one. */
  readonly digest: Uint8Array | undefined;
}

const no = (line: string): Outcome => ({ ok: false, line, digest: undefined });

const yes = (digest: Uint8Array): Outcome => ({
  ok: true,
  line: `Image digest: ${toHex(digest)}`,
  digest,
});

/** Where the unprotected area is, by the areas' own heads: the header's size is not asked. */
function areaOffset(bytes: Uint8Array, start: number): number | undefined {
  const first = readTlvAreaHead(bytes, start, 'little');
  if (first.magic === TLV_INFO_MAGIC) return start;
  if (first.magic !== TLV_PROT_INFO_MAGIC) return undefined;
  const offset = start + first.total;
  return readTlvAreaHead(bytes, offset, 'little').magic === TLV_INFO_MAGIC ? offset : undefined;
}

const hashesOfTypes: ReadonlyMap<number, HashName> = new Map(
  (Object.entries(hashTlvs) as [HashName, number][]).map(([hash, type]) => [type, hash]),
);

async function digestOf(hash: HashName, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await globalThis.crypto.subtle.digest(hash, Uint8Array.from(bytes)));
}

interface Signed {
  readonly message: Uint8Array;
  readonly tlvs: readonly Tlv[];
  readonly key: Key | undefined;
}

/** Records in order; the first that settles the matter decides, as in imgtool. */
async function walk({ message, tlvs, key }: Signed): Promise<Outcome> {
  const pure = tlvs.some(({ type }) => type === TlvType.SIG_PURE);
  const wanted = key === undefined ? undefined : signatureTlvs[key.kind as SignatureKind];
  let digest: Uint8Array = new Uint8Array(0);
  for (const { type, data } of tlvs) {
    const hash = hashesOfTypes.get(type);
    if (hash !== undefined) {
      if (key !== undefined && !allowedHashes(key.kind, { pure }).includes(hash)) {
        return no('Key type does not match TLV record');
      }
      digest = await digestOf(hash, message);
      if (toHex(digest) !== toHex(data)) return no('Image has an invalid hash');
      if (key === undefined) return yes(digest);
    } else if (key !== undefined && type === wanted) {
      const over = key.kind === 'ed25519' && !pure ? digest : message;
      if (!(await verifyMessage(key, over, data))) continue;
      if (!pure) return yes(digest);
      return { ok: true, line: `Image signature over image: ${toHex(data)}`, digest: undefined };
    }
  }
  return no('No signature found for the given key');
}

/** Hash and signature of an image as `imgtool verify` judges them, and its version. */
export async function judge(
  bytes: Uint8Array,
  key: Key | undefined,
): Promise<readonly [Outcome, string]> {
  if (endianOfImage(bytes) !== 'little') {
    return [no('Invalid image magic; is this an MCUboot image?'), ''];
  }
  const { hdrSize, imgSize, version } = readImageHeader(bytes);
  const offset = areaOffset(bytes, hdrSize + imgSize);
  if (offset === undefined) return [no('Invalid TLV info magic; is this an MCUboot image?'), ''];
  const area = readTlvArea(bytes, { offset, endian: 'little', magic: TLV_INFO_MAGIC });
  const message = bytes.subarray(0, offset);
  return [await walk({ message, tlvs: area.tlvs, key }), formatVersion(version)];
}
