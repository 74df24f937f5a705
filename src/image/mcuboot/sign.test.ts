import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/index.ts';
import type { OwnBytes } from '../../bytes/index.ts';
import {
  asDecryptionKey,
  checkImageFits,
  generateKey,
  imageCipher,
  imageFaults,
  inspectImage,
  isSignedByGiven,
  padImage,
  parseVersion,
  platformCrypto,
  publicHalf,
  readTrailerInfo,
  signImage,
  signPieces,
  takeImage,
  TlvType,
  trailerMagic,
  trailerSize,
  unwrapImageKey,
  validateImage,
} from '../index.ts';
import type {
  CryptoLike,
  EncryptionKey,
  Endian,
  KeyKind,
  PrivateKey,
  SignatureKind,
  SignOptions,
  ValidationOptions,
} from '../index.ts';
import { wrapImageKey } from './encrypt.ts';

const keys = new Map<KeyKind, Promise<PrivateKey>>();

/** One key of each kind for all tests here: RSA takes long to make. */
function keyOf(kind: KeyKind): Promise<PrivateKey> {
  const made = keys.get(kind) ?? generateKey(kind);
  keys.set(kind, made);
  return made;
}

const payload = Uint8Array.from({ length: 1003 }, (_, at) => (at * 7) & 0xff);

const base: SignOptions = { version: parseVersion('1.2.3+4'), headerSize: 0x200, padHeader: true };

const signers: readonly SignatureKind[] = ['rsa-2048', 'ecdsa-p256', 'ecdsa-p384', 'ed25519'];

const wrapping: EncryptionKey = {
  kind: 'aes-kw',
  bytes: fromHex('000102030405060708090a0b0c0d0e0f'),
};

type Sealing = 'none' | 'rsa-2048' | 'ecdsa-p256' | 'x25519' | 'x25519, SHA-512' | 'aes-kw';

async function sealing(how: Sealing): Promise<SignOptions['encryption']> {
  if (how === 'none') return undefined;
  if (how === 'aes-kw') return { key: wrapping, bits: 256 };
  if (how === 'x25519, SHA-512') return { key: await keyOf('x25519'), hash: 'SHA-512' };
  return { key: await keyOf(how) };
}

const sealings: readonly Sealing[] = [
  'none',
  'rsa-2048',
  'ecdsa-p256',
  'x25519',
  'x25519, SHA-512',
  'aes-kw',
];

const matrix = (['little', 'big'] as const).flatMap((endian) =>
  signers.flatMap((signer, index) => [
    [endian, signer, 'none'] as const,
    [endian, signer, sealings[index + 1] ?? 'aes-kw'] as const,
    [endian, signer, 'aes-kw'] as const,
  ]),
);

describe('an image that was signed', () => {
  test.each(matrix)('%s endian, %s, sealed: %s', async (endian, signer, how) => {
    const key = await keyOf(signer);
    const encryption = await sealing(how);
    const { bytes } = await signImage(payload, { ...base, endian, key, encryption });
    const decryptionKeys = encryption === undefined ? [] : [asDecryptionKey(encryption.key)];
    const found = await inspectImage(bytes, { keys: [publicHalf(key)], decryptionKeys });
    expect(imageFaults(found)).toEqual([]);
    expect(isSignedByGiven(found)).toBe(true);
    expect(found.payload).toBe(encryption === undefined ? 'plain' : 'decrypted');
    expect(found.image.endian).toBe(endian);
    const verdict = await validateImage(bytes, {
      signature: signer,
      keys: [key],
      imageKey: found.imageKey,
    });
    expect(verdict).toMatchObject({ valid: true, keyIndex: 0 });
  });

  test('is sealed to those without its key, and says so', async () => {
    const key = await keyOf('ed25519');
    const encryption = await sealing('x25519');
    const { bytes } = await signImage(payload, { ...base, key, encryption });
    const stranger = await generateKey('x25519');
    const found = await inspectImage(bytes, { keys: [key], decryptionKeys: [stranger] });
    expect(found.payload).toBe('sealed');
    expect(imageFaults(found)).toEqual(['the payload is encrypted and none of the keys opens it']);
    await expect(takeImage(found)).rejects.toThrow('none of the keys opens it');
  });

  test('is plain with its key record, if asked for', async () => {
    const encryption = { key: await keyOf('x25519'), clear: true };
    const { bytes } = await signImage(payload, { ...base, encryption });
    const found = await inspectImage(bytes);
    expect(found.payload).toBe('plain');
    expect([...found.image.payload.subarray(0, payload.length)]).toEqual([...payload]);
  });

  test('can be signed anew without its build', async () => {
    const [old, young] = [await keyOf('ecdsa-p256'), await keyOf('ed25519')];
    const options: SignOptions = {
      ...base,
      romFixed: 0x8000,
      securityCounter: 'auto',
      bootRecord: 'APP',
      dependencies: [{ imageId: 1, minVersion: parseVersion('1.0') }],
      protectedTlvs: [{ type: 0xa0, data: Uint8Array.of(1, 2, 3) }],
      key: young,
    };
    const wanted = await signImage(payload, options);
    const encryption = await sealing('x25519');
    const before = await signImage(payload, { ...options, key: old, encryption });
    const taken = await takeImage(
      await inspectImage(before.bytes, { decryptionKeys: [await keyOf('x25519')] }),
    );
    // Encryption filled the payload up to whole blocks; nothing says how long it was before.
    expect(toHex(taken.input.subarray(0, payload.length))).toBe(toHex(payload));
    const input = taken.input.subarray(0, payload.length);
    const anew = await signImage(input, { ...taken.options, key: young });
    expect(toHex(anew.bytes)).toBe(toHex(wanted.bytes));
  });

  test.each<[string, Partial<SignOptions>, string]>([
    ['a small header', { headerSize: 31 }, 'header size: expected 32 to 65535, got 31'],
    ['no room', { padHeader: false }, 'expected 512 zero bytes in front of the payload'],
    ['a counter too large', { securityCounter: 2 ** 32 }, 'expected 0 to 4294967295'],
    ['a long role', { bootRecord: 'ABCDEFGHIJKLM' }, 'too long (13 characters)'],
    ['a negative address', { loadAddr: -1 }, 'MCUboot header.loadAddr'],
  ])('with %s is refused', async (_, change, message) => {
    await expect(signImage(payload, { ...base, ...change })).rejects.toThrow(message);
  });

  test('takes only hashes and kinds that go together', async () => {
    const [p256, exchange] = [await keyOf('ecdsa-p256'), await keyOf('x25519')];
    const attempts: readonly [Partial<SignOptions>, string][] = [
      [{ key: p256, hash: 'SHA-512' }, 'expected SHA-256 with ecdsa-p256, got SHA-512'],
      [{ key: p256, pure: true }, 'expected ed25519 for a pure signature, got ecdsa-p256'],
      [{ key: exchange }, 'expected a key that signs, got x25519'],
      [{ encryption: { key: await keyOf('ecdsa-p384') } }, 'got ecdsa-p384'],
      [{ encryption: { key: p256, hash: 'SHA-512' } }, 'expected an X25519 key'],
    ];
    for (const [change, message] of attempts) {
      await expect(signImage(payload, { ...base, ...change })).rejects.toThrow(message);
    }
  });
});

describe('a bootloader refuses', () => {
  const flip = (bytes: Uint8Array, at: number): Uint8Array => {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    return damaged;
  };

  async function judge(
    change: (bytes: Uint8Array) => Uint8Array,
    options: Partial<ValidationOptions> = {},
    sign: Partial<SignOptions> = {},
  ): Promise<string> {
    const key = await keyOf('ed25519');
    const { bytes } = await signImage(payload, { ...base, key, ...sign });
    const verdict = await validateImage(change(bytes), {
      signature: 'ed25519',
      keys: [key],
      ...options,
    });
    return verdict.valid ? 'taken' : `${verdict.refusedBy}: ${verdict.reason}`;
  }

  const same = (bytes: Uint8Array): Uint8Array => bytes;
  const end = 0x200 + payload.length;

  test('what it does not refuse: the image as it is, in a slot that is longer', async () => {
    expect(await judge((bytes) => padImage(bytes, { slotSize: 0x4000 }))).toBe('taken');
  });

  test.each<[string, string, (bytes: Uint8Array) => Uint8Array, Partial<ValidationOptions>]>([
    ['no image', 'format: MCUboot header.magic at 0x0', (bytes) => flip(bytes, 0), {}],
    ['a changed payload', 'hash: SHA256 at 0x5ef: expected', (bytes) => flip(bytes, 0x300), {}],
    ['a changed filler', 'hash: SHA256 at 0x5ef: expected', (bytes) => flip(bytes, 0x21), {}],
    [
      'a changed signature',
      "signature: ED25519 at 0x637: it is not key 0's",
      (bytes) => flip(bytes, 0x640),
      {},
    ],
    ['an unknown key', 'key-unknown: KEYHASH at 0x613: key', same, { keys: [] }],
    [
      'another kind',
      'signature-missing: no rsa-2048 signature',
      same,
      { signature: 'rsa-2048', keys: [] },
    ],
    ['another hash', 'hash-missing: no SHA-512 record', same, { hash: 'SHA-512' }],
    ['a plain signature', 'pure-missing: no SIG_PURE record', same, { pure: true }],
    ['the hash of a key', 'signature-missing', same, { keyRecord: 'full' }],
    [
      'too long an image',
      'size: image: expected at most 1600 bytes, got 1659 (59 too many)',
      same,
      { maxSize: 1600 },
    ],
    [
      'a strange record',
      'allow-list: DEPENDENCY at 0x5ef',
      (bytes) => {
        const other = bytes.slice();
        other[end + 4] = TlvType.DEPENDENCY;
        return other;
      },
      { allowList: true },
    ],
    [
      'a short hash',
      'hash-length: SHA256 at 0x5ef: expected 32 bytes, got 31',
      (bytes) => {
        // One byte less of hash, one more of the key's record behind it.
        const other = bytes.slice();
        other[end + 6] = 31;
        other.set(bytes.subarray(end + 8 + 32, end + 8 + 34), end + 8 + 31);
        other[end + 8 + 33] = 33;
        other[end + 8 + 34] = 0;
        return other;
      },
      {},
    ],
  ])('%s (%s)', async (_, reason, change, options) => {
    expect(await judge(change, options)).toContain(reason);
  });

  test('an unsigned image, unless it is built to', async () => {
    const unsigned = { key: undefined };
    expect(await judge(same, {}, unsigned)).toContain('signature-missing');
    expect(await judge(same, { signature: 'none' }, unsigned)).toBe('taken');
  });

  test('every single changed bit under the signature', async () => {
    const key = await keyOf('ed25519');
    const { bytes } = await signImage(payload.subarray(0, 20), {
      ...base,
      headerSize: 32,
      key,
      securityCounter: 1,
    });
    for (let at = 0; at < 32 + 20 + 12; at += 1) {
      const verdict = await validateImage(flip(bytes, at), { signature: 'ed25519', keys: [key] });
      expect(verdict.valid).toBe(false);
    }
  });

  test('takes the right one of several keys', async () => {
    const key = await keyOf('ed25519');
    const others = [await generateKey('ed25519'), await keyOf('ecdsa-p256')];
    const { bytes } = await signImage(payload, { ...base, key });
    const verdict = await validateImage(bytes, { signature: 'ed25519', keys: [...others, key] });
    expect(verdict).toMatchObject({ valid: true, keyIndex: 2 });
  });
});

describe('image keys', () => {
  test('are wrapped as in RFC 3394 §4.1', async () => {
    const imageKey = fromHex('00112233445566778899aabbccddeeff');
    const tlv = await wrapImageKey(imageKey, wrapping);
    expect(tlv.type).toBe(TlvType.ENCKW);
    expect(toHex(tlv.data)).toBe('1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5');
    const damaged = { ...tlv, data: tlv.data.map((byte, at) => (at === 3 ? byte ^ 1 : byte)) };
    expect(await unwrapImageKey(tlv, [asDecryptionKey(wrapping)])).toEqual(imageKey);
    expect(await unwrapImageKey(damaged, [asDecryptionKey(wrapping)])).toBeUndefined();
  });

  test.each(['x25519', 'ecdsa-p256', 'rsa-2048'] as const)(
    'for %s open for their owner only, and not when damaged',
    async (kind) => {
      const imageKey = fromHex('00112233445566778899aabbccddeeff');
      const [owner, stranger] = [await keyOf(kind), await generateKey(kind)];
      const tlv = await wrapImageKey(imageKey, publicHalf(owner));
      expect(await unwrapImageKey(tlv, [stranger, owner])).toEqual(imageKey);
      expect(await unwrapImageKey(tlv, [stranger])).toBeUndefined();
      for (const at of [0, 40, tlv.data.length - 1]) {
        const damaged = { ...tlv, data: tlv.data.map((byte, i) => (i === at ? byte ^ 2 : byte)) };
        expect(await unwrapImageKey(damaged, [owner])).toBeUndefined();
      }
      expect(await unwrapImageKey({ ...tlv, data: tlv.data.subarray(9) }, [owner])).toBeUndefined();
      const public1 = (): unknown => asDecryptionKey(publicHalf(owner));
      expect(public1).toThrow(`expected a private ${kind} key`);
    },
  );

  test('decrypt any part of a payload by itself', async () => {
    const cipher = await imageCipher(new Uint8Array(16).fill(7));
    const whole = await cipher.crypt(payload);
    for (const [start, stop] of [
      [0, 1],
      [16, 32],
      [5, 900],
      [1002, 1003],
    ] as const) {
      const part = await cipher.crypt(whole.subarray(start, stop), start);
      expect(toHex(part)).toBe(toHex(payload.subarray(start, stop)));
    }
    await expect(imageCipher(new Uint8Array(24))).rejects.toThrow('expected 16 or 32 bytes');
  });
});

describe('a trailer', () => {
  test.each([
    [{ slotSize: 0, align: 4 }, 1584],
    [{ slotSize: 0, align: 32 }, 128 * 3 * 32 + 5 * 32],
    [{ slotSize: 0, align: 8, maxSectors: 16 }, 16 * 24 + 48],
    [{ slotSize: 0, align: 8, overwriteOnly: true }, 32],
    [{ slotSize: 0, align: 8, keyBytes: 16 }, 128 * 24 + 32 + 48],
    [{ slotSize: 0, align: 8, keyBytes: 80, maxAlign: 32 }, 128 * 24 + 192 + 160],
  ])('with %j takes %i bytes', (options, size) => {
    expect(trailerSize(options)).toBe(size);
  });

  test('says by how much an image is too long', () => {
    expect(() => checkImageFits(0x174, { slotSize: 1955, align: 4 })).toThrow(
      'Image size (0x174) + trailer (0x630) exceeds requested size 0x7a3',
    );
    checkImageFits(0x174, { slotSize: 1956, align: 4 });
  });

  test.each<[number, Endian, 0 | 255]>([
    [8, 'little', 255],
    [16, 'little', 0],
    [32, 'little', 255],
    [32, 'big', 255],
  ])(
    'of alignment %i, %s endian, on erased 0x%i, is read back',
    (maxAlign, endian, erasedValue) => {
      const options = { slotSize: 0x4000, maxAlign, endian, erasedValue };
      const image = Uint8Array.of(1, 2, 3);
      expect(readTrailerInfo(padImage(image, { ...options, confirm: true }), erasedValue)).toEqual({
        maxAlign,
        imageOk: 'set',
        copyDone: 'unset',
        swapType: undefined,
      });
      const tried = padImage(image, { ...options, test: true });
      expect(readTrailerInfo(tried, erasedValue)?.imageOk).toBe('unset');
      tried[tried.length - Math.max(16, maxAlign) - maxAlign] = 7;
      tried[tried.length - Math.max(16, maxAlign) - 3 * maxAlign] = 0x12;
      expect(readTrailerInfo(tried, erasedValue)).toMatchObject({ imageOk: 'bad', swapType: 2 });
      tried[tried.length - 1] = 0;
      expect(readTrailerInfo(tried, erasedValue)).toBeUndefined();
    },
  );

  test('has its own magic for each alignment', () => {
    expect(toHex(trailerMagic(8))).toBe('77c295f360d2ef7f3552500f2cb67980');
    expect(toHex(trailerMagic(16))).toBe('10002de15d29410b8d77679c110f1f8a');
    expect(toHex(trailerMagic(16, 'big'))).toBe('00102de15d29410b8d77679c110f1f8a');
  });
});

describe('the pieces of an image', () => {
  test.each(['ed25519', undefined] as const)(
    'hold the payload as it was given, key %s',
    async (kind) => {
      const input = new Uint8Array(1 << 20).fill(0x5a);
      const key = kind === undefined ? undefined : await keyOf(kind);
      const { subtle } = platformCrypto();
      const copied: number[] = [];
      const crypto: CryptoLike = {
        getRandomValues: () => undefined,
        subtle: Object.assign(Object.create(subtle) as typeof subtle, {
          importKey: subtle.importKey.bind(subtle),
          sign: subtle.sign.bind(subtle),
          digest(name: string, data: OwnBytes) {
            copied.push(data.length);
            return subtle.digest(name, data);
          },
        }),
        hashPieces: (_hash, pieces) => {
          expect(pieces.some((piece) => piece.buffer === input.buffer)).toBe(true);
          return new Uint8Array(createHash('sha256').update(Buffer.concat(pieces)).digest());
        },
      };
      const made = await signPieces(input, { ...base, key, crypto });
      expect(made.pieces.filter(({ buffer }) => buffer === input.buffer)).toHaveLength(1);
      // WebCrypto copies what it is given.
      expect(Math.max(0, ...copied)).toBeLessThan(1024);
      const { bytes } = await signImage(input, { ...base, key });
      expect(Buffer.concat(made.pieces).equals(bytes)).toBe(true);
    },
  );
});
