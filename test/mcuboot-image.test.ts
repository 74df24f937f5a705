import { describe, expect, test } from 'vitest';
import {
  allTlvs,
  asDecryptionKey,
  hashTlvs,
  imageDigest,
  isEncrypted,
  isPure,
  parseImage,
  publicHalf,
  readKey,
  TlvType,
  unwrapImageKey,
  validateImage,
  writeImageHeader,
  writeTlvArea,
} from '../src/image/index.ts';
import type { HashName, Key, McubootImage, SignatureKind } from '../src/image/index.ts';
import { imgtoolCases, vectorFile, vectorText } from './support/mcuboot-vectors.ts';

const signed = imgtoolCases.filter(
  ({ cmd, output, args = [] }) =>
    cmd === 'sign' && output?.endsWith('.bin.gz') === true && !args.includes('--vector-to-sign'),
);

function argument(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

const wraps: ReadonlySet<number> = new Set([
  TlvType.ENCRSA2048,
  TlvType.ENCEC256,
  TlvType.ENCX25519,
  TlvType.ENCX25519_SHA512,
]);

/** The image key as the owner of `key` finds it; an error if it cannot be had. */
async function keyFor(image: McubootImage, key: Key): Promise<Uint8Array> {
  const tlv = allTlvs(image).find(({ type }) => wraps.has(type));
  if (tlv === undefined) throw new Error('no record with an image key');
  const imageKey = await unwrapImageKey(tlv, [asDecryptionKey(key)]);
  if (imageKey === undefined) throw new Error('the image key is for somebody else');
  return imageKey;
}

describe('images as imgtool writes them', () => {
  test.each(signed)(
    '$name: taken apart and put together again, byte for byte',
    ({ output = '' }) => {
      const bytes = vectorFile(output);
      const image = parseImage(bytes);
      const { endian, header, protectedArea, area } = image;
      expect(writeImageHeader(header, endian)).toEqual(bytes.subarray(0, 32));
      const areas = [
        ...(protectedArea === undefined
          ? []
          : writeTlvArea(protectedArea.magic, protectedArea.tlvs, endian)),
        ...writeTlvArea(area.magic, area.tlvs, endian),
      ];
      expect(areas).toEqual([...image.bytes.subarray(header.hdrSize + header.imgSize)]);
    },
  );

  test.each(signed)('$name: a bootloader takes it', async ({ output = '', args = [] }) => {
    const bytes = vectorFile(output);
    const image = parseImage(bytes);
    const keyPath = argument(args, '-k');
    const key = keyPath === undefined ? undefined : await readKey(vectorText(keyPath));
    const recipient = argument(args, '-E')?.replace('.pub', '');
    const imageKey =
      recipient === undefined || args.includes('--clear')
        ? undefined
        : await keyFor(image, await readKey(vectorText(recipient)));
    const bits = Number(argument(args, '--encrypt-keylen') ?? 128);
    expect(imageKey?.length ?? bits / 8).toBe(bits / 8);
    expect(isEncrypted(image)).toBe(recipient !== undefined);
    const hashes = Object.entries(hashTlvs) as [HashName, number][];
    const [hash = 'SHA-256'] =
      hashes.find(([, type]) => allTlvs(image).some((tlv) => tlv.type === type)) ?? [];
    const full = args.includes('full');
    const verdict = await validateImage(bytes, {
      signature: (key?.kind ?? 'none') as SignatureKind | 'none',
      keys: key === undefined ? [] : [publicHalf(key)],
      hash,
      pure: isPure(image),
      keyRecord: full ? 'full' : 'hash',
      imageKey,
    });
    expect(verdict).toMatchObject({ valid: true, keyIndex: key === undefined ? undefined : 0 });
    const record = allTlvs(image).find(({ type }) => type === hashTlvs[hash]);
    expect(await imageDigest(image, hash, { imageKey })).toEqual(record?.data);
  });
});
