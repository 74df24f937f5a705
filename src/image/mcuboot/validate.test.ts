import { beforeAll, describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/index.ts';
import { generateKey, publicKeyHash, validateImage } from '../index.ts';
import type { PrivateKey, Tlv, ValidationOptions, Verdict } from '../index.ts';
import { signMessage } from '../keys/sign.ts';
import { hashOf, joinBytes } from '../keys/web-crypto.ts';
import { writeImageHeader } from './header.ts';
import { uuidTlvs } from './records.ts';
import { TLV_INFO_MAGIC, TLV_PROT_INFO_MAGIC, TlvType, tlvAreaSize, writeTlvArea } from './tlv.ts';

const payload = Uint8Array.from({ length: 100 }, (_, at) => at);
const version = { major: 1, minor: 0, revision: 0, build: 0 };

let own: PrivateKey;
let other: PrivateKey;
let stranger: PrivateKey;

beforeAll(async () => {
  [own, other, stranger] = await Promise.all([
    generateKey('ed25519'),
    generateKey('ed25519'),
    generateKey('ed25519'),
  ]);
});

/** What can be said of an image while its records are made. */
interface Signed {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly digest: Uint8Array<ArrayBuffer>;
}

/** An image with these records, in this order. */
async function imageWith(
  records: (signed: Signed) => readonly (Tlv | Promise<Tlv>)[],
  guarded: readonly Tlv[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const header = writeImageHeader({
    loadAddr: 0,
    hdrSize: 32,
    protectTlvSize: tlvAreaSize(guarded),
    imgSize: payload.length,
    flags: 0,
    version,
  });
  const message = joinBytes(header, payload, writeTlvArea(TLV_PROT_INFO_MAGIC, guarded));
  const digest = await hashOf('SHA-256', message);
  const tlvs: Tlv[] = [];
  for (const record of records({ message, digest })) tlvs.push(await record);
  return joinBytes(message, writeTlvArea(TLV_INFO_MAGIC, tlvs));
}

const hash = ({ digest }: Signed): Tlv => ({ type: TlvType.SHA256, data: digest });

const keyHash = async (key: PrivateKey, bytes = 32): Promise<Tlv> => ({
  type: TlvType.KEYHASH,
  data: (await publicKeyHash(key, 'SHA-256')).slice(0, bytes),
});

const wholeKey = (key: PrivateKey): Tlv => ({ type: TlvType.PUBKEY, data: key.publicDer });

const signature = async (key: PrivateKey, over: Uint8Array): Promise<Tlv> => ({
  type: TlvType.ED25519,
  data: await signMessage(key, over),
});

/** A signature of the right length that nobody made. */
const forged: Tlv = { type: TlvType.ED25519, data: new Uint8Array(64).fill(0x5a) };

/** What a build with the keys `own` and `other` says. */
function verdictOf(bytes: Uint8Array, options: Partial<ValidationOptions> = {}): Promise<Verdict> {
  return validateImage(bytes, { signature: 'ed25519', keys: [own, other], ...options });
}

/** The check that refused it; its key's place if it is good. */
async function outcomeOf(bytes: Uint8Array, options?: Partial<ValidationOptions>): Promise<string> {
  const verdict = await verdictOf(bytes, options);
  return verdict.valid ? `valid, key ${verdict.keyIndex}` : verdict.refusedBy;
}

describe('a key record', () => {
  test('chooses the key of the signature behind it', async () => {
    const by = (key: PrivateKey): Promise<Uint8Array> =>
      imageWith((signed) => [hash(signed), keyHash(key), signature(key, signed.digest)]);
    expect(await outcomeOf(await by(own))).toBe('valid, key 0');
    expect(await outcomeOf(await by(other))).toBe('valid, key 1');
    expect(await outcomeOf(await by(stranger))).toBe('key-unknown');
  });

  test('is good for one signature: what follows without one is passed over', async () => {
    const good = await imageWith((signed) => [
      hash(signed),
      keyHash(own),
      signature(own, signed.digest),
      forged,
    ]);
    expect(await outcomeOf(good)).toBe('valid, key 0');
    // nor does a signature without a record make up for a forged one before it
    const bad = await imageWith((signed) => [
      hash(signed),
      keyHash(own),
      forged,
      signature(own, signed.digest),
    ]);
    expect(await outcomeOf(bad)).toBe('signature');
  });

  test('of a stranger takes the choice of an earlier one back', async () => {
    const bytes = await imageWith((signed) => [
      hash(signed),
      keyHash(own),
      keyHash(stranger),
      signature(own, signed.digest),
    ]);
    expect(await outcomeOf(bytes)).toBe('key-unknown');
  });

  test('that no signature follows makes no signature', async () => {
    const known = await imageWith((signed) => [hash(signed), keyHash(own)]);
    const unknown = await imageWith((signed) => [hash(signed), keyHash(stranger)]);
    const before = await imageWith((signed) => [
      hash(signed),
      signature(own, signed.digest),
      keyHash(own),
    ]);
    for (const bytes of [known, unknown, before]) {
      expect(await outcomeOf(bytes)).toBe('signature-missing');
    }
  });

  test('is compared over its own length, as the bootloader does it', async () => {
    const short = await imageWith((signed) => [
      hash(signed),
      keyHash(other, 4),
      signature(other, signed.digest),
    ]);
    expect(await outcomeOf(short)).toBe('valid, key 1');
    const long = await imageWith((signed) => [
      hash(signed),
      keyHash(other).then(({ type, data }) => ({ type, data: joinBytes(data, data) })),
      signature(other, signed.digest),
    ]);
    expect(await outcomeOf(long)).toBe('key-unknown');
  });

  test('is the whole key where the build asks for that, and only there', async () => {
    const whole = await imageWith((signed) => [
      hash(signed),
      wholeKey(other),
      signature(other, signed.digest),
    ]);
    expect(await outcomeOf(whole, { keyRecord: 'full' })).toBe('valid, key 1');
    expect(await outcomeOf(whole)).toBe('signature-missing');
    const hashed = await imageWith((signed) => [
      hash(signed),
      keyHash(other),
      signature(other, signed.digest),
    ]);
    expect(await outcomeOf(hashed, { keyRecord: 'full' })).toBe('signature-missing');
  });
});

describe('of several signatures', () => {
  test.each([
    ['good', 'forged', 'signature'],
    ['forged', 'good', 'valid, key 1'],
  ])('%s then %s: the last one decides', async (first, _second, outcome) => {
    const bytes = await imageWith((signed) => {
      const mine = [keyHash(own), first === 'good' ? signature(own, signed.digest) : forged];
      const yours = [keyHash(other), first === 'good' ? forged : signature(other, signed.digest)];
      return [hash(signed), ...mine, ...yours];
    });
    expect(await outcomeOf(bytes)).toBe(outcome);
  });

  test('one by another key than its record says is none', async () => {
    const bytes = await imageWith((signed) => [
      hash(signed),
      keyHash(own),
      signature(other, signed.digest),
    ]);
    expect(await verdictOf(bytes)).toMatchObject({
      refusedBy: 'signature',
      reason: `ED25519 at 0xd0: it is not key 0's signature`,
    });
  });

  test('one of another length is refused before it is looked at', async () => {
    const bytes = await imageWith((signed) => [
      hash(signed),
      keyHash(own),
      { type: TlvType.ED25519, data: new Uint8Array(63) },
    ]);
    expect(await outcomeOf(bytes)).toBe('signature-length');
  });

  test('one of a kind that the build does not ask for does not count', async () => {
    const bytes = await imageWith((signed) => [
      hash(signed),
      keyHash(own),
      { type: TlvType.RSA2048, data: new Uint8Array(256) },
    ]);
    expect(await outcomeOf(bytes)).toBe('signature-missing');
    expect(await outcomeOf(bytes, { signature: 'none' })).toBe('valid, key undefined');
  });

  test('one made by a key of another kind is none, though it is right', async () => {
    const bytes = await imageWith((signed) => [
      hash(signed),
      keyHash(own),
      signature(own, signed.message).then(({ data }) => ({ type: TlvType.ECDSASIG, data })),
    ]);
    expect(await outcomeOf(bytes, { signature: 'ecdsa-p256' })).toBe('signature');
  });
});

describe('the hash', () => {
  const none = { signature: 'none' } as const;

  test('must be there, whole and right', async () => {
    const without = await imageWith(() => [keyHash(own)]);
    expect(await outcomeOf(without, none)).toBe('hash-missing');
    const short = await imageWith(({ digest }) => [
      { type: TlvType.SHA256, data: digest.slice(0, 31) },
    ]);
    expect(await outcomeOf(short, none)).toBe('hash-length');
    const wrong = await imageWith(({ digest }) => [
      { type: TlvType.SHA256, data: digest.map((byte) => byte ^ 1) },
    ]);
    expect(await outcomeOf(wrong, none)).toBe('hash');
  });

  test('counts each time that it stands there', async () => {
    const bytes = await imageWith((signed) => [
      hash(signed),
      { type: TlvType.SHA256, data: new Uint8Array(32) },
    ]);
    expect(await outcomeOf(bytes, none)).toBe('hash');
  });

  test('of another kind is no hash to this build', async () => {
    const bytes = await imageWith(({ message }) => [
      hashOf('SHA-512', message).then((data) => ({ type: TlvType.SHA512, data })),
    ]);
    expect(await outcomeOf(bytes, none)).toBe('hash-missing');
    expect(await outcomeOf(bytes, { ...none, hash: 'SHA-512' })).toBe('valid, key undefined');
  });

  test('is not asked for where signatures are over the image itself', async () => {
    const pure: Tlv = { type: TlvType.SIG_PURE, data: Uint8Array.of(1) };
    const key512 = async (): Promise<Tlv> => ({
      type: TlvType.KEYHASH,
      data: await publicKeyHash(own, 'SHA-512'),
    });
    const bytes = await imageWith(({ message }) => [pure, key512(), signature(own, message)]);
    expect(await outcomeOf(bytes, { pure: true })).toBe('valid, key 0');
    const without = await imageWith(({ message }) => [key512(), signature(own, message)]);
    expect(await outcomeOf(without, { pure: true })).toBe('pure-missing');
    const wrong: Tlv = { type: TlvType.SHA512, data: new Uint8Array(64) };
    const hashed = await imageWith(({ message }) => [
      wrong,
      pure,
      key512(),
      signature(own, message),
    ]);
    expect(await outcomeOf(hashed, { pure: true })).toBe('valid, key 0');
    const digested = await imageWith(({ digest }) => [pure, key512(), signature(own, digest)]);
    expect(await outcomeOf(digested, { pure: true })).toBe('signature');
  });
});

describe('the size', () => {
  test('may fill the slot to its last byte, and no more', async () => {
    const bytes = await imageWith((signed) => [hash(signed)]);
    const options = { signature: 'none' } as const;
    expect(await outcomeOf(bytes, { ...options, maxSize: bytes.length })).toBe(
      'valid, key undefined',
    );
    expect(await verdictOf(bytes, { ...options, maxSize: bytes.length - 1 })).toMatchObject({
      refusedBy: 'size',
      reason: `image: expected at most 171 bytes, got 172 (1 too many)`,
    });
  });

  test('is the image alone, whatever stands behind it', async () => {
    const bytes = await imageWith((signed) => [hash(signed)]);
    const slot = joinBytes(bytes, new Uint8Array(300).fill(0xff));
    expect(await outcomeOf(slot, { signature: 'none', maxSize: bytes.length })).toBe(
      'valid, key undefined',
    );
  });
});

describe('the device that an image is for', () => {
  const mine = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  const yours = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';
  const id = (type: number, uuid: string): Tlv => ({
    type,
    data: fromHex(uuid.replaceAll('-', '')),
  });
  const kinds = [
    ['vendor-id', TlvType.UUID_VID, { vendor: mine }],
    ['class-id', TlvType.UUID_CID, { deviceClass: mine }],
  ] as const;

  describe.each(kinds)('%s', (name, type, asked) => {
    test.each([
      ['no record', [], name],
      ['its own', [mine], 'valid, key undefined'],
      ['another', [yours], name],
      ['its own twice', [mine, mine], 'valid, key undefined'],
      ['its own, then another', [mine, yours], name],
      ['another, then its own', [yours, mine], name],
    ] as const)('%s', async (_what, uuids, outcome) => {
      const guarded = uuids.map((uuid) => id(type, uuid));
      const bytes = await imageWith((signed) => [hash(signed)], guarded);
      expect(await outcomeOf(bytes, { signature: 'none', ...asked })).toBe(outcome);
      expect(await outcomeOf(bytes, { signature: 'none' })).toBe('valid, key undefined');
    });

    test('counts outside the protected area too', async () => {
      const loose = id(type, yours);
      const bytes = await imageWith((signed) => [hash(signed), loose], [id(type, mine)]);
      const verdict = await verdictOf(bytes, { signature: 'none', ...asked });
      expect(verdict).toMatchObject({ valid: false, refusedBy: name });
      expect(verdict).toHaveProperty('reason', expect.stringContaining(toHex(loose.data)));
    });
  });

  test('is asked for by both, names resolved as imgtool does', async () => {
    const asked = { vendor: 'nordic.example', deviceClass: 'sensor' };
    const [vendor, deviceClass] = await uuidTlvs(asked);
    if (vendor === undefined || deviceClass === undefined) throw new Error('two records expected');
    const options = { signature: 'none', ...asked } as const;
    const both = await imageWith((signed) => [hash(signed)], [vendor, deviceClass]);
    expect(await outcomeOf(both, options)).toBe('valid, key undefined');
    const half = await imageWith((signed) => [hash(signed)], [vendor]);
    expect(await outcomeOf(half, options)).toBe('class-id');
  });
});

describe('an allow list', () => {
  const vendorsOwn: Tlv = { type: 0xa0, data: Uint8Array.of(1) };
  const options = { signature: 'none', allowList: true } as const;

  test('refuses strangers outside the protected area', async () => {
    const loose = await imageWith((signed) => [hash(signed), vendorsOwn]);
    expect(await outcomeOf(loose, options)).toBe('allow-list');
    expect(await outcomeOf(loose, { signature: 'none' })).toBe('valid, key undefined');
    const guarded = await imageWith((signed) => [hash(signed)], [vendorsOwn]);
    expect(await outcomeOf(guarded, options)).toBe('valid, key undefined');
  });
});

describe('what is no image', () => {
  test.each([
    ['nothing', new Uint8Array(0)],
    ['erased flash', new Uint8Array(512).fill(0xff)],
  ])('%s is refused by its format', async (_name, bytes) => {
    expect(await verdictOf(bytes)).toMatchObject({ refusedBy: 'format', image: undefined });
  });

  test('is told with what could be read of it', async () => {
    const bytes = await imageWith(() => [{ type: TlvType.SIG_PURE, data: Uint8Array.of(2) }]);
    const verdict = await verdictOf(bytes, { pure: true });
    expect(verdict).toMatchObject({ refusedBy: 'format', image: { header: { version } } });
  });
});
