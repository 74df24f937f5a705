import { describe, expect, test } from 'vitest';
import { makeImage } from '../../../test/support/mcuboot/images.ts';
import { generateKey, parseImage, tlvsOf, TlvType } from '../../image/index.ts';
import type { DecryptionKey, EncryptionKey } from '../../image/index.ts';
import { ImageJudge, MemoryCounters } from './image-judge.ts';

describe('a judge', () => {
  test('hashes an image once, and remembers the verdict for these bytes alone', async () => {
    const judge = new ImageJudge({ signature: 'none' });
    const image = await makeImage();
    const damaged = image.slice();
    damaged[100] = (damaged[100] ?? 0) ^ 1;
    expect(await judge.judge(image)).toMatchObject({ valid: true });
    expect(await judge.judge(damaged)).toMatchObject({ valid: false, refusedBy: 'hash' });
    expect(await judge.judge(image.slice())).toMatchObject({ valid: true });
    expect(judge.hashed).toBe(2);
  });

  test('is not taken in by bytes that change after it has seen them', async () => {
    const judge = new ImageJudge({ signature: 'none' });
    const image = await makeImage();
    await judge.judge(image);
    image[100] = (image[100] ?? 0) ^ 1;
    expect(await judge.judge(image)).toMatchObject({ valid: false });
  });

  test('forgets the image it has not seen for longest when there are too many bytes', async () => {
    const [first, second] = [await makeImage({ major: 1 }), await makeImage({ major: 2 })];
    const judge = new ImageJudge({ signature: 'none', cacheBytes: first.length });
    await judge.judge(first);
    await judge.judge(second);
    await judge.judge(second);
    expect(judge.hashed).toBe(2);
    await judge.judge(first);
    expect(judge.hashed).toBe(3);
  });
});

/** The record of an image that is encrypted for a key, and that key. */
async function wrappedFor(
  key: EncryptionKey & DecryptionKey,
  type: number,
): Promise<{ readonly imageKey: Uint8Array; readonly data: Uint8Array; readonly type: number }> {
  const imageKey = Uint8Array.from({ length: 16 }, (_, n) => n + 1);
  const image = parseImage(await makeImage({ encryption: { key, imageKey } }));
  const [record] = tlvsOf(image, type);
  if (record === undefined) throw new Error('an encrypted image without a record of its key');
  return { imageKey, data: record.data, type };
}

describe('the key of an image', () => {
  const wrapping = { kind: 'aes-kw', bytes: new Uint8Array(16).fill(7) } as const;

  test.each([
    ['AES-KW', async () => wrapping, TlvType.ENCKW],
    ['RSA', async () => generateKey('rsa-2048'), TlvType.ENCRSA2048],
    ['P-256', async () => generateKey('ecdsa-p256'), TlvType.ENCEC256],
    ['X25519', async () => generateKey('x25519'), TlvType.ENCX25519],
  ] as const)(
    'is unwrapped and, of what a swap has saved, known by its length: %s',
    async (...row) => {
      const [, make, type] = row;
      const key = await make();
      const { imageKey, data } = await wrappedFor(key, type);
      const judge = new ImageJudge({ signature: 'none', decryptionKeys: [key] });
      expect(await judge.unwrap({ type, data })).toEqual(imageKey);
      expect(await judge.unwrapSaved(data)).toEqual(imageKey);
    },
  );

  test('is nobody’s where the key is another, or the length that of no record', async () => {
    const { data, type } = await wrappedFor(wrapping, TlvType.ENCKW);
    const other = { kind: 'aes-kw', bytes: new Uint8Array(16).fill(8) } as const;
    const judge = new ImageJudge({ signature: 'none', decryptionKeys: [other] });
    expect(await judge.unwrap({ type, data })).toBeUndefined();
    expect(await judge.unwrapSaved(new Uint8Array(25))).toBeUndefined();
  });
});

describe('counters in memory', () => {
  test('begin at 0 and only rise', () => {
    const counters = new MemoryCounters([3]);
    counters.update(0, 2);
    counters.update(1, 5);
    expect([counters.read(0), counters.read(1), counters.read(2)]).toEqual([3, 5, 0]);
  });

  test.each([-1, 1.5, 0x1_0000_0000])('take no %d', (value) => {
    expect(() => new MemoryCounters().update(0, value)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
