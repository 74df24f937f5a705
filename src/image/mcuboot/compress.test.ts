import { initModule } from 'node-liblzma/wasm';
import { describe, expect, test } from 'vitest';
import { toHex } from '../../bytes/index.ts';
import {
  TlvType,
  allTlvs,
  bytesToSign,
  generateKey,
  hashTlvs,
  imageCipher,
  inspectImage,
  liblzmaCompressor,
  numberTlv,
  parseImage,
  parseVersion,
  publicHalf,
  signImage,
  unwrapImageKey,
  verifyMessage,
} from '../index.ts';
import type { CompressionOptions, McubootImage, SignOptions } from '../index.ts';

const compression: CompressionOptions = { compressor: liblzmaCompressor(await initModule()) };
const key = await generateKey('ed25519');
const reader = await generateKey('x25519');

const payload = Uint8Array.from({ length: 5001 }, (_, at) => (at % 97) * (at % 7));

const base: SignOptions = {
  version: parseVersion('1.2.3+4'),
  headerSize: 0x40,
  padHeader: true,
  securityCounter: 5,
  key,
};

function record(image: McubootImage, type: number): Uint8Array {
  return allTlvs(image).find((tlv) => tlv.type === type)?.data ?? new Uint8Array(0);
}

/** Header, payload and protected records as a loader has them once it has unpacked: as they were. */
function unpackedImage(flags: number): Uint8Array {
  const counter = numberTlv(TlvType.SEC_CNT, 5);
  const image = new Uint8Array(0x40 + payload.length + 12).fill(0xff, 0, 0x40);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x96f3b83d, true);
  view.setUint32(4, 0, true);
  view.setUint16(8, 0x40, true);
  view.setUint16(10, 12, true);
  view.setUint32(12, payload.length, true);
  view.setUint32(16, flags, true);
  image.set([1, 2, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0], 20);
  image.set(payload, 0x40);
  const area = 0x40 + payload.length;
  view.setUint16(area, 0x6908, true);
  view.setUint16(area + 2, 12, true);
  view.setUint16(area + 4, TlvType.SEC_CNT, true);
  view.setUint16(area + 6, 4, true);
  image.set(counter.data, area + 8);
  return image;
}

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes))));

describe('a compressed image', () => {
  test.each([
    ['plain', 0, undefined],
    ['encrypted', 0x4, { key: reader }],
    ['encrypted with 256 bits', 0x8, { key: reader, bits: 256 }],
    ['with the key, and plain', 0x4, { key: reader, clear: true }],
  ] as const)(
    '%s: hash and signature of what is inside are over the header as it says there',
    async (_, flags, encryption) => {
      const { bytes } = await signImage(payload, { ...base, compression, encryption });
      const image = parseImage(bytes);
      expect(image.header.flags).toBe(flags | 0x400);
      const digest = record(image, TlvType.DECOMP_SHA);
      expect(toHex(digest)).toBe(await sha256(unpackedImage(flags)));
      const signature = record(image, TlvType.DECOMP_SIGNATURE);
      expect(await verifyMessage(key, digest, signature)).toBe(true);
      expect(toHex(record(image, TlvType.DECOMP_SIZE))).toBe('89130000');
      const inspection = await inspectImage(bytes, { keys: [key], decryptionKeys: [reader] });
      expect(inspection.signatures.map(({ valid }) => valid)).toEqual([true]);
    },
  );

  test('tells how long it is before encryption filled it up, and only then', async () => {
    const sealed = await signImage(payload, { ...base, compression, encryption: { key: reader } });
    const image = parseImage(sealed.bytes);
    const size = (sealed.compression?.streamBytes ?? 0) + 2;
    expect(
      new DataView(record(image, TlvType.COMP_DEC_SIZE).slice().buffer).getUint32(0, true),
    ).toBe(size);
    expect(image.payload.length).toBe(Math.ceil((size + 0x40) / 16) * 16 - 0x40);
    const wrapped = allTlvs(image).find(({ type }) => type === TlvType.ENCX25519);
    const imageKey = wrapped && (await unwrapImageKey(wrapped, [reader]));
    if (imageKey === undefined) throw new Error('the key does not open it');
    const opened = await (await imageCipher(imageKey)).crypt(image.payload);
    const open = await signImage(payload, { ...base, compression });
    const plain = parseImage(open.bytes);
    expect(toHex(opened.subarray(0, size))).toBe(toHex(plain.payload));
    expect(record(plain, TlvType.COMP_DEC_SIZE).length).toBe(0);
  });

  test('says in front of the stream what it needs', async () => {
    const open = await signImage(payload, { ...base, compression });
    expect(toHex(parseImage(open.bytes).payload.subarray(0, 2))).toBe('0a66');
    const other = { ...compression, dictionaryBytes: 4096, lc: 0, lp: 2, pb: 0, armThumb: true };
    const made = parseImage((await signImage(payload, { ...base, compression: other })).bytes);
    expect(toHex(made.payload.subarray(0, 2))).toBe('0012');
    expect(made.header.flags).toBe(0xc00);
    const odd = { ...compression, dictionaryBytes: 5000 };
    const odder = parseImage((await signImage(payload, { ...base, compression: odd })).bytes);
    expect(odder.payload[0]).toBe(1);
  });

  test('has zeros for a header that was not put in front', async () => {
    const room = new Uint8Array(0x40 + payload.length);
    room.set(payload, 0x40);
    const made = await signImage(room, { ...base, padHeader: false, compression });
    expect(made.compression).toMatchObject({ payloadBytes: payload.length, gained: true });
    expect(toHex(made.bytes.subarray(32, 0x40))).toBe('00'.repeat(32));
  });

  test.each([undefined, { key: reader }])(
    'where nothing is gained it is the image without, %j',
    async (encryption) => {
      const noise = crypto.getRandomValues(new Uint8Array(300));
      const made = await signImage(noise, { ...base, compression, encryption });
      expect(made.compression).toEqual({ payloadBytes: 300, streamBytes: 304, gained: false });
      const image = parseImage(made.bytes);
      expect(image.header.flags).toBe(encryption === undefined ? 0 : 4);
      expect(allTlvs(image).some(({ type }) => type === TlvType.DECOMP_SHA)).toBe(false);
      const { payload: state } = await inspectImage(made.bytes, { decryptionKeys: [reader] });
      expect(state).toBe(encryption === undefined ? 'plain' : 'decrypted');
    },
  );

  test('a dictionary that no code stands for is refused', async () => {
    const compressor = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(9));
    const made = signImage(payload, {
      ...base,
      compression: { compressor, dictionaryBytes: 2 ** 32 },
    });
    await expect(made).rejects.toThrow('dictionary: expected at most 3 GiB, got 4294967296');
  });
});

describe('what somebody else signs', () => {
  test.each(['rsa-2048', 'ecdsa-p256', 'ecdsa-p384', 'ed25519'] as const)(
    '%s: its hash, its signer in the boot record, and the image that comes of the signature',
    async (kind) => {
      const signer = await generateKey(kind);
      const options: SignOptions = { ...base, key: undefined, bootRecord: 'APP' };
      const toSign = await bytesToSign(payload, { ...options, key: publicHalf(signer) });
      const made = await signImage(payload, { ...options, key: signer });
      expect(toHex(toSign.digest)).toBe(toHex(made.digest));
      expect(toHex(toSign.signedBytes)).toBe(toHex(made.signedBytes));
      expect(toSign.digest.length).toBe(kind === 'ecdsa-p384' ? 48 : 32);
      const fixedSignature = {
        signature: made.signature ?? new Uint8Array(0),
        key: publicHalf(signer),
      };
      const finished = await signImage(payload, { ...options, fixedSignature });
      expect(toHex(finished.bytes)).toBe(toHex(made.bytes));
    },
  );

  test('compressed and encrypted, it is what the signature of that is over', async () => {
    const options = {
      ...base,
      compression,
      encryption: { key: reader, imageKey: payload.slice(0, 16) },
    };
    const made = await signImage(payload, options);
    const toSign = await bytesToSign(payload, { ...options, key: publicHalf(key) });
    expect(toSign.compression).toEqual(made.compression);
    // The signature of what is inside is not there yet: it is made elsewhere, too.
    const missing = 4 + 64;
    expect(toSign.signedBytes.length).toBe(made.signedBytes.length - missing);
    expect(toSign.digest.length).toBe(32);
  });

  test('a pure one of nobody has a hash, and says that it is pure', async () => {
    const { bytes, digest } = await signImage(payload, { ...base, key: undefined, pure: true });
    const types = parseImage(bytes).area.tlvs.map(({ type }) => type);
    expect(types).toEqual([hashTlvs['SHA-256'], TlvType.SIG_PURE]);
    const options = { ...base, key: undefined, pure: true };
    expect(toHex((await bytesToSign(payload, options)).digest)).toBe(toHex(digest));
  });
});
