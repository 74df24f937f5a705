import { DfuError, toHex } from '../../bytes/index.ts';
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
import { parseArguments } from './arguments.ts';
import type { CommandSpec } from './arguments.ts';
import { loadKey } from '../shared/key-files.ts';
import type { Terminal } from '../shared/terminal.ts';
import { readImageFile } from '../shared/image-file.ts';

export const verifySpec: CommandSpec = {
  summary: 'Check that an image is whole, and signed by a key',
  options: { key: { flags: ['-k', '--key'], value: 'filename' } },
  operands: ['IMGFILE'],
};

type Outcome =
  { readonly ok: true; readonly line: string } | { readonly ok: false; readonly line: string };

const no = (line: string): Outcome => ({ ok: false, line });

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
      if (key === undefined) return { ok: true, line: `Image digest: ${toHex(digest)}` };
    } else if (key !== undefined && type === wanted) {
      const over = key.kind === 'ed25519' && !pure ? digest : message;
      if (!(await verifyMessage(key, over, data))) continue;
      const line = pure ? `Image signature over image: ${toHex(data)}` : undefined;
      return { ok: true, line: line ?? `Image digest: ${toHex(digest)}` };
    }
  }
  return no('No signature found for the given key');
}

async function judge(bytes: Uint8Array, key: Key | undefined): Promise<readonly [Outcome, string]> {
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

/** `imgtool verify`: little endian and plain images only; `dfukit image verify` takes all. */
export async function verify(terminal: Terminal, argv: readonly string[]): Promise<number> {
  const args = parseArguments(verifySpec, argv);
  const path = args.text('key');
  const key = path === undefined ? undefined : await loadKey(terminal, path);
  if (key?.kind === 'x25519') {
    throw new DfuError('INVALID_ARGUMENT', 'expected a key that signs, got x25519');
  }
  const { bytes } = readImageFile(terminal.files, args.operands[0] ?? '');
  const [outcome, version] = await judge(bytes, key);
  if (!outcome.ok) {
    terminal.out.write(`${outcome.line}\n`);
    return 1;
  }
  terminal.out.write(`Image was correctly validated\nImage version: ${version}\n${outcome.line}\n`);
  return 0;
}
