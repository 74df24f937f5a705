import {
  allTlvs,
  asDecryptionKey,
  hashTlvs,
  isPure,
  parseImage,
  publicHalf,
  readKey,
  TlvType,
  unwrapImageKey,
  validateImage,
} from '../../../src/image/index.ts';
import type {
  HashName,
  Key,
  McubootImage,
  SignatureKind,
  Verdict,
} from '../../../src/image/index.ts';
import { vectorText } from './imgtool-runs.ts';

const wraps: ReadonlySet<number> = new Set([
  TlvType.ENCRSA2048,
  TlvType.ENCEC256,
  TlvType.ENCX25519,
  TlvType.ENCX25519_SHA512,
]);

/** The value behind an option of a command line, by any of its names. */
export function argument(args: readonly string[], ...names: string[]): string | undefined {
  const at = args.findIndex((each) => names.includes(each));
  return at < 0 ? undefined : args[at + 1];
}

/** The image key as the owner of `key` finds it; an error if it cannot be had. */
async function keyFor(image: McubootImage, key: Key): Promise<Uint8Array> {
  const tlv = allTlvs(image).find(({ type }) => wraps.has(type));
  if (tlv === undefined) throw new Error('no record with an image key');
  const imageKey = await unwrapImageKey(tlv, [asDecryptionKey(key)]);
  if (imageKey === undefined) throw new Error('the image key is for somebody else');
  return imageKey;
}

/** What a bootloader says that is built for what these arguments of `imgtool sign` ask for. */
export async function bootloaderSays(
  bytes: Uint8Array,
  args: readonly string[],
  textOf: (path: string) => string = vectorText,
): Promise<{ verdict: Verdict; imageKey: Uint8Array | undefined; hash: HashName }> {
  const image = parseImage(bytes);
  const keyPath = argument(args, '-k', '--key');
  const key = keyPath === undefined ? undefined : await readKey(textOf(keyPath));
  const recipient = argument(args, '-E', '--encrypt')?.replace('.pub', '');
  const imageKey =
    recipient === undefined || args.includes('--clear')
      ? undefined
      : await keyFor(image, await readKey(textOf(recipient)));
  const hashes = Object.entries(hashTlvs) as [HashName, number][];
  const [hash = 'SHA-256'] =
    hashes.find(([, type]) => allTlvs(image).some((tlv) => tlv.type === type)) ?? [];
  const verdict = await validateImage(bytes, {
    signature: (key?.kind ?? 'none') as SignatureKind | 'none',
    keys: key === undefined ? [] : [publicHalf(key)],
    hash,
    pure: isPure(image),
    keyRecord: args.includes('full') ? 'full' : 'hash',
    imageKey,
  });
  return { verdict, imageKey, hash };
}
