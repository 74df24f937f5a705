import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { appendSuffix, writeDfuSeFile } from '../dfu/index.ts';
import {
  generateKey,
  padImage,
  platformCrypto,
  publicHalf,
  publicKeyHash,
  signImage,
  writePublicPem,
} from '../image/index.ts';
import { toHex } from '../bytes/index.ts';
import type { CryptoLike, Key, PrivateKey, SignOptions } from '../image/index.ts';
import { checkFile } from './index.ts';
import type { ManifestFile } from './index.ts';

const payload = Uint8Array.from({ length: 2000 }, (_, at) => (at * 7) & 0xff);

const [root, other, box] = await Promise.all([
  generateKey('ed25519'),
  generateKey('ed25519'),
  generateKey('x25519'),
]);
const p384 = await generateKey('ecdsa-p384');

async function idOf(key: Key): Promise<string> {
  return toHex(await publicKeyHash(key));
}

async function pemOf(key: PrivateKey): Promise<{ id: string; pem: string }> {
  return { id: await idOf(key), pem: writePublicPem(publicHalf(key)) };
}

async function signed(
  key: PrivateKey | undefined,
  more: Partial<SignOptions> = {},
): Promise<Uint8Array> {
  const { bytes } = await signImage(payload, {
    version: { major: 1, minor: 2, revision: 0, build: 0 },
    headerSize: 32,
    padHeader: true,
    key,
    ...more,
  });
  return bytes;
}

function fileOf(bytes: Uint8Array, more: Partial<ManifestFile> = {}): ManifestFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { url: 'x.bin', sizeBytes: bytes.length, sha256, ...more };
}

describe('size and hash', () => {
  test('are those of the manifest', async () => {
    const { findings, refused } = await checkFile(fileOf(payload), payload);
    expect(refused).toBeUndefined();
    expect(findings).toEqual([
      { rating: 'good', topic: 'hash', text: 'Size and SHA-256 are those of the manifest.' },
    ]);
    const upper = { ...fileOf(payload), sha256: fileOf(payload).sha256.toUpperCase() };
    expect((await checkFile(upper, payload)).refused).toBeUndefined();
  });

  test.each<readonly [string, Uint8Array, RegExp]>([
    ['cut off', payload.subarray(1), /The file has 1999 bytes, and the manifest says 2000\./],
    [
      'changed',
      payload.with(1999, 0),
      /The file's SHA-256 is [0-9a-f]{64}, and the manifest says [0-9a-f]{64}\./,
    ],
    ['empty', new Uint8Array(0), /has 0 bytes/],
  ])('of a file that is %s', async (_name, bytes, words) => {
    const { findings, refused } = await checkFile(fileOf(payload), bytes);
    expect(refused).toEqual({ code: 'REFUSED', message: expect.stringMatching(words) as string });
    expect(findings).toMatchObject([{ rating: 'bad', topic: 'hash' }]);
  });

  test('are reckoned with what is handed in', async () => {
    const asked: string[] = [];
    const { subtle } = platformCrypto();
    const digest: typeof subtle.digest = (name, data) => {
      asked.push(name);
      return subtle.digest(name, data);
    };
    const crypto: CryptoLike = {
      subtle: Object.assign(Object.create(subtle) as typeof subtle, { digest }),
      getRandomValues: (bytes) => bytes,
    };
    expect((await checkFile(fileOf(payload), payload, { crypto })).refused).toBeUndefined();
    expect(asked).toEqual(['SHA-256']);
  });

  test('of bytes in memory that threads share', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(payload.length));
    shared.set(payload);
    expect((await checkFile(fileOf(payload), shared)).refused).toBeUndefined();
  });
});

describe('a signature', () => {
  const rated = async (
    bytes: Uint8Array,
    more: Partial<ManifestFile>,
    keys: readonly PrivateKey[],
  ): Promise<string> => {
    const given = await Promise.all(keys.map((key) => pemOf(key)));
    const { findings, refused } = await checkFile(fileOf(bytes, more), bytes, { keys: given });
    const finding = findings.find(({ topic }) => topic === 'signature');
    expect(refused === undefined).toBe(finding?.rating !== 'bad');
    if (refused !== undefined)
      expect(refused).toEqual({ code: refused.code, message: finding?.text });
    return `${refused?.code ?? ''} ${finding?.rating}: ${finding?.text}`.trim();
  };
  const short = async (key: Key): Promise<string> => (await idOf(key)).slice(0, 16);

  test('by the key that is asked for', async () => {
    const key = await short(root);
    const words = `good: The image is signed with key ${key}, which the manifest names.`;
    expect(await rated(await signed(root), { key }, [other, root])).toBe(words);
    expect(await rated(await signed(root), { key: key.toUpperCase() }, [root])).toBe(words);
    const suffixed = appendSuffix(await signed(root), {
      bcdDevice: 1,
      idProduct: 2,
      idVendor: 3,
      bcdDFU: 0x0100,
    });
    expect(await rated(suffixed, { key }, [root])).toBe(words);
  });

  test('by a key with another hash', async () => {
    const hash = toHex(await publicKeyHash(p384, 'SHA-384'));
    const key = hash.slice(0, 8);
    const keys = [{ id: hash, pem: writePublicPem(publicHalf(p384)) }];
    const bytes = await signed(p384);
    expect((await checkFile(fileOf(bytes, { key }), bytes, { keys })).findings[1]?.rating).toBe(
      'good',
    );
  });

  test('that cannot be checked, since nobody has the key', async () => {
    const key = await short(root);
    const why = 'that was not checked: the manifest does not have the key itself.';
    expect(await rated(await signed(root), { key }, [])).toBe(
      `unknown: The image says that it is signed with key ${key}; ${why}`,
    );
    const whole = await signed(root, { keyRecord: 'full' });
    expect(await rated(whole, { key }, [])).toBe(
      `unknown: The image says that it is signed with key ${key}; ${why}`,
    );
  });

  test('by the key in the image, whose whole hash is known', async () => {
    const bytes = await signed(root, { keyRecord: 'full' });
    expect(await rated(bytes, { key: await idOf(root) }, [])).toMatch(/^good/);
    expect(await rated(bytes, { key: await idOf(other) }, [])).toMatch(
      /^REFUSED bad: The image is signed with another key/,
    );
  });

  test('of an image that is encrypted', async () => {
    const key = await short(root);
    const bytes = await signed(root, { encryption: { key: publicHalf(box) } });
    expect(await rated(bytes, { key }, [root])).toBe(
      `unknown: The image says that it is signed with key ${key}; that was not checked: the image is encrypted, and its signature is over what is inside.`,
    );
    expect(await rated(bytes, { key: await short(other) }, [root, other])).toMatch(/^REFUSED bad/);
  });

  test('that is wrong', async () => {
    const bytes = await signed(root);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    expect(await rated(bytes, { key: await short(root) }, [root])).toBe(
      'REFUSED bad: The image is damaged: the signature is not of this image by its key.',
    );
    const changed = (await signed(root)).with(40, 0xee);
    expect(await rated(changed, { key: await short(root) }, [])).toMatch(
      /^REFUSED bad: The image is damaged: SHA-256/,
    );
  });

  test('by another key, by none, of what is no image', async () => {
    const key = await short(root);
    expect(await rated(await signed(other), { key }, [root, other])).toBe(
      `REFUSED bad: The image is signed with another key than ${key}.`,
    );
    expect(await rated(await signed(undefined), { key }, [root])).toBe(
      `REFUSED bad: The image is to be signed with key ${key}, and is not signed.`,
    );
    expect(await rated(payload, { key }, [root])).toBe(
      `REFUSED bad: The file is to be signed with key ${key}, and is no MCUboot image.`,
    );
  });

  test('of a file in pieces: of each of them', async () => {
    const key = await short(root);
    const dfuse = (...pieces: readonly Uint8Array[]): Uint8Array =>
      writeDfuSeFile(
        [
          {
            alternate: 0,
            name: undefined,
            elements: pieces.map((data, at) => ({ address: 0x0800_0000 + at * 0x10000, data })),
          },
        ],
        { bcdDevice: 0xffff, idProduct: 0xffff, idVendor: 0xffff },
      );
    expect(await rated(dfuse(await signed(root), await signed(root)), { key }, [root])).toMatch(
      /^good/,
    );
    expect(await rated(dfuse(await signed(root), payload), { key }, [root])).toMatch(
      /no MCUboot image/,
    );
    expect(await rated(dfuse(await signed(root), await signed(other)), { key }, [root])).toMatch(
      /another key/,
    );
  });

  test('covers all of the file but padding and the trailer of a slot', async () => {
    const key = await short(root);
    const image = await signed(root);
    for (const more of [
      {},
      { confirm: true },
      { align: 16 },
      { align: 32, confirm: true },
      { erasedValue: 0 },
    ]) {
      const padded = padImage(image, { slotSize: 0x4000, ...more });
      expect(await rated(padded, { key }, [root])).toMatch(/^good/);
      // Behind the image, in the middle, below the magic.
      for (const at of [image.length, 0x3000, padded.length - 33, padded.length - 17]) {
        expect(await rated(padded.with(at, 0x55), { key }, [root])).toBe(
          'REFUSED bad: Behind the image stands more than padding, which no signature covers.',
        );
      }
    }
    const followed = Uint8Array.of(...image, ...(await signed(other)));
    expect(await rated(followed, { key }, [root])).toMatch(/^REFUSED bad: Behind the image/);
    const filled = new Uint8Array(image.length + 100).fill(0xff);
    filled.set(image);
    expect(await rated(filled, { key }, [root])).toMatch(/^good/);
  });

  test('of what cannot be read', async () => {
    const key = await short(root);
    const zip = Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0);
    expect(await rated(zip, { key }, [root])).toBe(
      'REFUSED bad: The signature that the manifest asks for cannot be checked: the file is a zip file, no firmware.',
    );
  });

  test('by a key that the manifest has under a wrong name', async () => {
    const bytes = await signed(root);
    const key = await short(root);
    const keys = [{ id: key, pem: writePublicPem(publicHalf(other)) }];
    const { refused } = await checkFile(fileOf(bytes, { key }), bytes, { keys });
    expect(refused).toEqual({
      code: 'MALFORMED',
      message: `The signature that the manifest asks for cannot be checked: the manifest's key ${key} is another one: the hash of its PEM begins with ${await short(other)}.`,
    });
  });
});
