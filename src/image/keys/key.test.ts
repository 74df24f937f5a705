import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, encodeUtf8, fromHex, toHex } from '../../bytes/index.ts';
import { der, derOid, derSequence, DerTag, derUnsigned, readDer } from './der.ts';
import {
  fromBase64,
  generateKey,
  isPrivateKey,
  needsPassword,
  privateKeyDer,
  publicHalf,
  publicKeyHash,
  readKey,
  toBase64,
  writePrivatePem,
  writePublicPem,
} from '../index.ts';
import type { CryptoLike, Key, KeyKind } from '../index.ts';
import { writePem } from './pem.ts';
import { readPublicDer } from './read.ts';
import { ecdsaFromDer, ecdsaToDer, signMessage, verifyMessage } from './sign.ts';

const kinds: readonly KeyKind[] = ['rsa-2048', 'ecdsa-p256', 'ecdsa-p384', 'ed25519', 'x25519'];

/** A P-256 key that openssl made for this test, in the forms that openssl writes. */
const opensslPublic = [
  '-----BEGIN PUBLIC KEY-----',
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6vssor+sUUufRXjmjvA9zurf58x+',
  'xp5w0HBVAH1E7K37M72wiQFYLtOIiNMwML9cc86XgGHcm99Py66nkekSag==',
  '-----END PUBLIC KEY-----',
  '',
].join('\n');

const opensslForms: readonly (readonly [string, string])[] = [
  [
    'SEC 1 with its curve in front',
    [
      '-----BEGIN EC PARAMETERS-----',
      'BggqhkjOPQMBBw==',
      '-----END EC PARAMETERS-----',
      '-----BEGIN EC PRIVATE KEY-----',
      'MHcCAQEEIPFGF56hFTSPyXLtMzD8G+C9jaPBkzjWks/FENjmSI8voAoGCCqGSM49',
      'AwEHoUQDQgAE6vssor+sUUufRXjmjvA9zurf58x+xp5w0HBVAH1E7K37M72wiQFY',
      'LtOIiNMwML9cc86XgGHcm99Py66nkekSag==',
      '-----END EC PRIVATE KEY-----',
      '',
    ].join('\n'),
  ],
  [
    'SEC 1 without the public key',
    [
      '-----BEGIN EC PRIVATE KEY-----',
      'MDECAQEEIPFGF56hFTSPyXLtMzD8G+C9jaPBkzjWks/FENjmSI8voAoGCCqGSM49',
      'AwEH',
      '-----END EC PRIVATE KEY-----',
      '',
    ].join('\n'),
  ],
  [
    'PKCS#8, AES-128-CBC, HMAC-SHA1',
    [
      '-----BEGIN ENCRYPTED PRIVATE KEY-----',
      'MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAht9ZgfodbtbgICCAAw',
      'HQYJYIZIAWUDBAECBBAHJLkoCLb5Jv0Ke5FVIKpeBIGQtSc57JZW8H2i/Xf09LPs',
      'pqe/lw7Cc/DrKBXEuQ7Nz64Xf0xh1MAstUuZlPI6PEHNKVJz/CGNrUVRT/4juYY1',
      'jgLivLkuyYcQ9PsO5pmjlIldHXtQU4TGtD4FBcakCyQsLSSqh8WmHN2S2jd9uI7x',
      'yZXAveY+8VfpYIhn8gZngjSeRS3KI9E3quVIhvFR50Tq',
      '-----END ENCRYPTED PRIVATE KEY-----',
      '',
    ].join('\n'),
  ],
  [
    'PKCS#8, AES-192-CBC, HMAC-SHA512, 1000 rounds',
    [
      '-----BEGIN ENCRYPTED PRIVATE KEY-----',
      'MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhSu26Y5bcdFgICA+gw',
      'DAYIKoZIhvcNAgsFADAdBglghkgBZQMEARYEEK0a7hcMFripfc3KBuvzMTkEgZCM',
      'c/AU3W3fCXwMbPcZm7y6dBl6IP30g+VHykJZjbqUfgXR+XXsTdIOhO2milYTf2ud',
      'YgW73gEEnzji5FQZWy+zROrne5ETDdZKI78cWIuS52v1VHsEeJpr4Vj0D68miTLc',
      'TnR/qY9L0qQGt865tZ+4wDSwHXIxSDHDPqL9pjVJ9bLQh55rE2uNz6A6/FgXBh0=',
      '-----END ENCRYPTED PRIVATE KEY-----',
      '',
    ].join('\n'),
  ],
];

const publicOf = async (pem: string, password?: string): Promise<string> =>
  writePublicPem(await readKey(pem, { password }));

describe('keys from openssl', () => {
  test.each(opensslForms)('%s', async (_, pem) => {
    expect(await publicOf(pem, 'secret')).toBe(opensslPublic);
  });

  test('a password is asked for, and must be right', async () => {
    const [, pem = ''] = opensslForms.find(([name]) => name.startsWith('PKCS#8, AES-128')) ?? [];
    expect(needsPassword(pem)).toBe(true);
    await expect(readKey(pem)).rejects.toThrow('it is protected by a password, and none was given');
    await expect(readKey(pem, { password: 'Secret' })).rejects.toThrow('the password is wrong');
  });
});

describe.each(kinds)('a new %s key', (kind) => {
  const made = generateKey(kind);

  test('is read back from PEM, with and without a password', async () => {
    const key = await made;
    expect(key.kind).toBe(kind);
    expect(await readKey(await writePrivatePem(key))).toEqual(key);
    expect(await readKey(writePublicPem(key))).toEqual(publicHalf(key));
    const locked = await writePrivatePem(key, { password: 'käse' });
    expect(needsPassword(locked)).toBe(true);
    expect(await readKey(locked, { password: 'käse' })).toEqual(key);
  });

  test('is read back from what a bootloader holds', async () => {
    const key = await made;
    expect(readPublicDer(key.publicDer)).toEqual(publicHalf(key));
    expect(isPrivateKey(publicHalf(key))).toBe(false);
  });

  test('is read back from the form of openssl', async () => {
    const key = await made;
    const label = kind.startsWith('rsa') ? 'RSA' : 'EC';
    const plain = kind.endsWith('25519');
    const bytes = privateKeyDer(key, plain ? 'pkcs8' : 'openssl');
    const pem = writePem(plain ? 'PRIVATE KEY' : `${label} PRIVATE KEY`, bytes);
    expect(await readKey(pem)).toEqual(key);
  });
});

describe.each(kinds.filter((kind) => kind !== 'x25519'))('%s', (kind) => {
  test('signs what it verifies, and nothing else', async () => {
    const key = await generateKey(kind);
    const message = encodeUtf8('a message');
    const signature = await signMessage(key, message);
    expect(await verifyMessage(publicHalf(key), message, signature)).toBe(true);
    expect(await verifyMessage(key, encodeUtf8('a massage'), signature)).toBe(false);
    expect(await verifyMessage(key, message, signature.subarray(1))).toBe(false);
    const other = await generateKey(kind === 'ed25519' ? 'ecdsa-p256' : 'ed25519');
    expect(await verifyMessage(other, message, signature)).toBe(false);
  });
});

test('x25519 does not sign', async () => {
  const key = await generateKey('x25519');
  await expect(signMessage(key, encodeUtf8('x'))).rejects.toThrow('they do not sign');
});

describe('what is no key', () => {
  const pem = (label: string, bytes: Uint8Array): string => writePem(label, bytes);
  const rsa1024 = derSequence(
    derUnsigned(Uint8Array.of(0x80, ...new Uint8Array(127))),
    derUnsigned(Uint8Array.of(3)),
  );
  test.each([
    ['text', 'hello', 'expected PEM'],
    ['a certificate', pem('CERTIFICATE', new Uint8Array(4)), 'got CERTIFICATE'],
    ['RSA of 1024 bits', pem('RSA PUBLIC KEY', rsa1024), 'got RSA with 1024 bits'],
    ['an unknown algorithm', pem('PUBLIC KEY', fromHex('300a300506032a030403010001')), 'got'],
    ['no DER', pem('PUBLIC KEY', fromHex('0102')), 'expected tag 0x30, got tag 0x01'],
    ['DER that ends early', pem('PUBLIC KEY', fromHex('3003')), '0 bytes of 3'],
    ['a length of no end', pem('PUBLIC KEY', fromHex('3080')), 'expected a length of 1 to 4 bytes'],
    ['a length too long', pem('PUBLIC KEY', fromHex('30810100')), 'expected the shortest form'],
    [
      'a locked file of old',
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n',
      'expected PKCS#8 for a password',
    ],
  ])('%s', async (_, text, message) => {
    await expect(readKey(text)).rejects.toThrow(message);
  });

  test('a file without end, or of beginnings only', async () => {
    await expect(readKey('x'.repeat(65_537))).rejects.toThrow('expected at most 65536 characters');
    const beginnings = '-----BEGIN KEY-----\n'.repeat(3000);
    await expect(readKey(beginnings)).rejects.toThrow('expected PEM');
  });

  test('any bytes are a key or a DfuError', async () => {
    const key = await generateKey('ed25519');
    const labels = ['PUBLIC KEY', 'PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...labels),
        fc.constantFrom(key.pkcs8, key.spki),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (label, bytes, changes) => {
          const damaged = bytes.slice();
          for (const [at, value] of changes) damaged[at % damaged.length] = value;
          const error = await readKey(writePem(label, damaged), { password: 'x' }).then(
            () => undefined,
            (reason: unknown) => reason,
          );
          expect(error === undefined || DfuError.is(error)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    ['01', 'the password is wrong'],
    ['989681', 'iterationCount: expected 1 to 10000000, got 10000001'],
    ['00', 'iterationCount: expected 1 to 10000000, got 0'],
  ])('a password under %s rounds (hex): %s', async (rounds, message) => {
    const octets = (hex: string): Uint8Array => der(DerTag.octetString, fromHex(hex));
    const pbkdf2 = derSequence(octets('0011'), derUnsigned(fromHex(rounds)));
    const aes = derSequence(derOid('608648016503040102'), octets('00'.repeat(16)));
    const kdf = derSequence(derOid('2a864886f70d01050c'), pbkdf2);
    const scheme = derSequence(derOid('2a864886f70d01050d'), derSequence(kdf, aes));
    const locked = derSequence(scheme, octets('00'.repeat(16)));
    const text = writePem('ENCRYPTED PRIVATE KEY', locked);
    await expect(readKey(text, { password: 'x' })).rejects.toThrow(message);
  });
});

describe('DER', () => {
  test('reads integers that it wrote', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 600n }), (value) => {
        const digits = value.toString(16);
        const bytes = fromHex(digits.padStart(digits.length + (digits.length % 2), '0'));
        const reader = readDer(derSequence(derUnsigned(bytes)), 'x').sequence('y');
        const read = toHex(reader.unsigned('z'));
        expect(BigInt(`0x${read === '' ? '0' : read}`)).toBe(value);
        reader.end();
      }),
    );
  });

  test.each([
    ['02020001', 'expected the shortest form of an integer'],
    ['020180', 'expected a positive integer'],
    ['0200', 'expected an integer, got no bytes'],
    ['03020100', 'expected tag 0x02, got tag 0x03'],
  ])('%s is no integer', (hex, message) => {
    expect(() => readDer(fromHex(hex), 'x').unsigned('n')).toThrow(message);
  });

  test('nothing may follow', () => {
    const reader = readDer(der(DerTag.null), 'x');
    expect(() => reader.end()).toThrow('x.end at 0x0: expected no more, got 2 bytes');
  });
});

describe("ECDSA's two forms", () => {
  test('turn into each other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 96, maxLength: 96 }), (raw) => {
        expect(ecdsaFromDer(ecdsaToDer(raw), 48)).toEqual(Uint8Array.from(raw));
      }),
    );
  });

  test('zeros behind are passed over, numbers too long are not', () => {
    const raw = new Uint8Array(64).fill(0xff);
    const padded = Uint8Array.from([...ecdsaToDer(raw), 0, 0]);
    expect(ecdsaFromDer(padded, 32)).toEqual(raw);
    expect(() => ecdsaFromDer(padded, 31)).toThrow('r: expected at most 31 bytes, got 32');
  });
});

describe('base64 and UTF-8', () => {
  test('agree with those of the platform', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: 'grapheme' }), (bytes, text) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(toBase64(bytes))).toEqual(Uint8Array.from(bytes));
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text));
      }),
    );
    expect(encodeUtf8('\ud800x')).toEqual(new TextEncoder().encode('\ud800x'));
  });

  test.each(['A', 'AB', 'AB=', 'A===', 'AB-_', 'AAAA='])('%s is no base64', (text) => {
    expect(() => fromBase64(text)).toThrow('base64');
  });
});

test('the crypto of one’s own is used, not the platform’s', async () => {
  const asked: string[] = [];
  const platform: CryptoLike = globalThis.crypto;
  const { subtle } = globalThis.crypto;
  const own: CryptoLike = {
    getRandomValues: (bytes) => platform.getRandomValues(bytes),
    subtle: new Proxy<CryptoLike['subtle']>(subtle, {
      get(target, name) {
        asked.push(String(name));
        const method: unknown = Reflect.get(target, name);
        return typeof method === 'function' ? (method.bind(target) as unknown) : method;
      },
    }),
  };
  const key: Key = await generateKey('ecdsa-p256', own);
  await publicKeyHash(key, 'SHA-256', own);
  expect(asked).toEqual(expect.arrayContaining(['generateKey', 'exportKey', 'digest']));
});
