import { describe, expect, test } from 'vitest';
import { toHex } from '../../bytes/index.ts';
import { TlvType, allTlvs, parseImage, writeIntelHex } from '../../image/index.ts';
import type { Segment } from '../../image/index.ts';
import { Desk, image } from '../../../test/support/image-desk.ts';
import { vectorFile } from '../../../test/support/mcuboot/imgtool-runs.ts';
import { runImgtool } from './imgtool.ts';

const usual = ['-v', '1.0', '-H', '0x20', '--pad-header', '-S', '0x4000'];
const ed25519 = ['-k', 'keys/ed25519.pem'];

/** Runs `imgtool sign`, into `x.bin` unless the last argument is another output. */
async function sign(desk: Desk, ...args: string[]): Promise<number> {
  return runImgtool(['sign', ...args], desk.terminal);
}

function made(desk: Desk, path = 'x.bin'): Uint8Array {
  return desk.written.get(path) ?? new Uint8Array(0);
}

/** What a run came to that went wrong. */
function ending(desk: Desk, exit: number): object {
  return { exit, error: desk.lastError, out: desk.out.toString(), files: [...desk.written.keys()] };
}

/** Exit 2, the message, nothing printed, nothing written. */
const refusal = (message: string): object => ({
  exit: 2,
  error: `Error: ${message}`,
  out: '',
  files: [],
});

describe('a pure signature', () => {
  test.each([
    ['rsa-2048', 'PKCS1_PSS_RSA2048_SHA256'],
    ['rsa-3072', 'PKCS1_PSS_RSA3072_SHA256'],
    ['ecdsa-p256', 'ECDSA256_SHA256'],
    ['ecdsa-p384', 'ECDSA384_SHA384'],
  ])('departure imgtool/class-in-message: with %s is refused', async (kind, name) => {
    const desk = new Desk();
    const args = [...usual, '--pure', '-k', `keys/${kind}.pem`, 'in/p300.bin', 'x.bin'];
    const words = `Key ${name} can not be used with --pure; ED25519 can`;
    expect(ending(desk, await sign(desk, ...args))).toEqual(refusal(words));
  });

  test.each([
    ['256', ed25519],
    ['384', []],
    ['512', ed25519],
    ['512', ['-k', 'keys/rsa-2048.pem']],
  ])('with --sha %s is refused, %j', async (sha, key) => {
    const desk = new Desk();
    const args = [...usual, '--pure', '--sha', sha, ...key, 'in/p300.bin', 'x.bin'];
    const words =
      'Pure signatures, currently, enforces preferred hash algorithm, ' +
      'and forbids sha selection by user.';
    expect(ending(desk, await sign(desk, ...args))).toEqual(refusal(words));
  });

  test('with --sha auto is as without, and without a key there is the record alone', async () => {
    const desk = new Desk();
    const args = [...usual, '--pure', '--sha', 'auto'];
    expect(await sign(desk, ...args, ...ed25519, 'in/p300.bin', 'x.bin')).toBe(0);
    expect(desk.lines).toEqual(['image.py: sign the digest']);
    expect(await sign(desk, ...args, 'in/p300.bin', 'y.bin')).toBe(0);
    expect(desk.lines).toHaveLength(1);
    const types = parseImage(made(desk, 'y.bin')).area.tlvs.map(({ type }) => type);
    expect(types).toEqual([TlvType.SHA256, TlvType.SIG_PURE]);
  });
});

describe('--vector-to-sign', () => {
  test.each([
    ['ecdsa-p384', 48],
    ['ecdsa-p256', 32],
    ['rsa-3072', 32],
    ['ed25519', 32],
  ])('%s: %i bytes, those that its signature is over', async (kind, size) => {
    const desk = new Desk();
    const args = [...usual, '--boot-record', 'APP', '-k', `keys/${kind}.pem`];
    await sign(desk, ...args, 'in/p300.bin', 'x.bin');
    const out = desk.out.length;
    expect(await sign(desk, ...args, '--vector-to-sign', 'digest', 'in/p300.bin', 'd')).toBe(0);
    expect(desk.out.subarray(out).toString()).toBe('image.py: export digest\n');
    const [hash] = parseImage(made(desk)).area.tlvs;
    expect(toHex(made(desk, 'd'))).toBe(toHex(hash?.data ?? new Uint8Array(0)));
    expect(made(desk, 'd').length).toBe(size);
    const payload = ['--vector-to-sign', 'payload', 'in/p300.bin', 'p'];
    expect(await sign(desk, ...args, ...payload)).toBe(0);
    const area = parseImage(made(desk)).area.offset;
    expect(toHex(made(desk, 'p'))).toBe(toHex(made(desk).subarray(0, area)));
    // The half that everybody may have is enough.
    const [publicKey, digest] = [`keys/${kind}.pub.pem`, ['--vector-to-sign', 'digest']];
    expect(await sign(desk, ...args, '-k', publicKey, ...digest, 'in/p300.bin', 'e')).toBe(0);
    expect(toHex(made(desk, 'e'))).toBe(toHex(made(desk, 'd')));
  });

  test('--pure needs no key', async () => {
    const desk = new Desk();
    const vector = ['--pure', '--vector-to-sign', 'payload', 'in/p300.bin', 'p'];
    expect(await sign(desk, ...usual, ...vector)).toBe(0);
    expect(made(desk, 'p').length).toBe(332);
  });

  test('departure imgtool/vector-not-padded: --pad leaves it as it is', async () => {
    const desk = new Desk();
    const vector = ['--pad', '--vector-to-sign', 'digest', 'in/p300.bin', 'd'];
    expect(await sign(desk, ...usual, ...vector)).toBe(0);
    expect(made(desk, 'd').length).toBe(32);
  });

  test('of what is compressed it is made twice', async () => {
    const desk = new Desk();
    const args = [...usual, ...ed25519, '--compression', 'lzma2', '--vector-to-sign', 'digest'];
    expect(await sign(desk, ...args, 'in/p1000.bin', 'd')).toBe(0);
    expect(desk.lines).toEqual([
      'image.py: export digest',
      expect.stringMatching(/^compressed image size: \d+ bytes$/),
      'original image size: 1000 bytes',
      'image.py: export digest',
    ]);
    expect(made(desk, 'd').length).toBe(32);
  });
});

describe('compression', () => {
  const version = ['-v', '1.2.3+4', '-H', '0x20', '--pad-header', '-S', '0x4000'];

  test.each([
    ['lzma2', 'in/p1000.bin'],
    ['lzma2armthumb', 'in/thumb.bin'],
  ])('%s: byte for byte', async (filter, input) => {
    const desk = new Desk();
    const args = [...version, '--compression', filter, ...ed25519, input, 'x.bin'];
    expect(await sign(desk, ...args)).toBe(0);
    expect(toHex(made(desk))).toBe(toHex(vectorFile(`out/${filter}.bin.gz`)));
  });

  test('goes with encryption, and its records are there', async () => {
    const desk = new Desk();
    const seal = ['--compression', 'lzma2', '-E', 'keys/enc-x25519.pub.pem', ...ed25519];
    expect(await sign(desk, ...usual, ...seal, 'in/p1000.bin', 'x.bin')).toBe(0);
    const known = ['-k', 'keys/ed25519.pub.pem', '-d', 'keys/enc-x25519.pem'];
    const { out } = await image(desk, 'info', 'x.bin', ...known);
    expect(out).toContain('ENCRYPTED_AES128, COMPRESSED_LZMA2');
    expect(out).toContain('unpacked    1000');
    expect(out).toMatch(/payload {5}\d+ bytes, encrypted; one of the keys opens it/);
    expect(out).toMatch(/hash .*: right/);
  });

  test('has the settings that are asked for; pb stands in front of the stream only', async () => {
    const desk = new Desk();
    const settings = ['dictsize', '4096', 'pb', '0', 'lc', '0', 'lp', '2', 'preset', '1'];
    const args = settings.map((word, at) => (at % 2 === 0 ? `--compression-lzma-${word}` : word));
    const lzma2 = ['--compression', 'lzma2', ...args, 'in/thumb.bin', 'x.bin'];
    expect(await sign(desk, ...usual, ...lzma2)).toBe(0);
    const { payload } = parseImage(made(desk));
    // Dictionary of 4 KiB, (0·5 + 2)·9 + 0; then a chunk that begins anew, with (2·5 + 2)·9 + 0.
    expect(toHex(payload.subarray(0, 3))).toBe('0012e0');
    expect(payload[7]).toBe(108);
  });

  test.each([
    [['--compression-lzma-lc', '4'], 'lc and lp together: expected 0 to 4, got 5'],
    [['--compression-lzma-pb', '9'], 'pb: expected 0 to 4, got 9'],
    [['--compression-lzma-pb', '-1'], 'pb: expected 0 to 4, got -1'],
    [['--compression-lzma-preset', '10'], 'preset: expected 0 to 9, got 10'],
    [['--compression-lzma-dictsize', '33554432'], 'dictionary: expected 4096 to 16777216'],
  ])('departure imgtool/largest-dictionary: refuses %j', async (args, words) => {
    const desk = new Desk();
    const lzma2 = ['--compression', 'lzma2', ...args, 'in/p1000.bin', 'x.bin'];
    expect(await sign(desk, ...usual, ...lzma2)).toBe(1);
    expect(desk.lastError).toContain(words);
    expect(desk.written.size).toBe(0);
  });

  test('departure imgtool/compression-without-gain: encrypted all the same', async () => {
    const desk = new Desk();
    const args = ['--compression', 'lzma2', '-E', 'keys/enc-x25519.pub.pem', ...ed25519];
    expect(await sign(desk, ...usual, ...args, 'in/p300.bin', 'x.bin')).toBe(0);
    expect(desk.lines).toHaveLength(3);
    const { out } = await image(desk, 'info', 'x.bin', '-d', 'keys/enc-x25519.pem');
    expect(out).toContain('flags       ENCRYPTED_AES128\n');
    expect(out).toContain('encrypted; one of the keys opens it');
  });

  test('departure imgtool/compressed-keeps-flags: what is not to boot does not', async () => {
    const desk = new Desk();
    const args = ['--compression', 'lzma2', '--non-bootable', 'in/p1000.bin', 'x.bin'];
    expect(await sign(desk, ...usual, ...args)).toBe(0);
    expect(parseImage(made(desk)).header.flags).toBe(0x410);
  });

  test('names the package where it is missing', async () => {
    const desk = new Desk();
    const args = ['sign', ...usual, '--compression', 'lzma2', 'in/p1000.bin', 'x.bin'];
    const compressor = (): Promise<Uint8Array> => Promise.reject(new Error('as it is'));
    await expect(runImgtool(args, desk.terminal, { compressor })).rejects.toThrow('as it is');
    expect(desk.written.size).toBe(0);
  });
});

describe('whose keys go together', () => {
  const words = 'Signing and encryption must use the same type of key';

  test.each([
    ['ecdsa-p384', 'enc-ecdsa-p256'],
    ['ecdsa-p256', 'ecdsa-p384'],
    ['ecdsa-p256', 'enc-rsa-2048'],
    ['rsa-2048', 'enc-x25519'],
    ['ecdsa-p384', 'enc-x25519'],
  ])('%s does not encrypt for %s', async (key, reader) => {
    const desk = new Desk();
    const both = ['-k', `keys/${key}.pem`, '-E', `keys/${reader}.pub.pem`];
    expect(ending(desk, await sign(desk, ...usual, ...both, 'in/p300.bin', 'x.bin'))).toEqual(
      refusal(words),
    );
  });

  test.each([
    ['ecdsa-p384', 'ecdsa-p384', 'expected RSA, ECDSA P-256 or X25519, got ecdsa-p384'],
    ['ed25519', 'ed25519', 'expected RSA, ECDSA P-256 or X25519, got ed25519'],
    ['rsa-2048', 'rsa-3072', 'rsa-3072'],
  ])('departure imgtool/unusable-encryption-key: %s, %s', async (key, reader, found) => {
    const desk = new Desk();
    const both = ['-k', `keys/${key}.pem`, '-E', `keys/${reader}.pub.pem`];
    expect(await sign(desk, ...usual, ...both, 'in/p300.bin', 'x.bin')).toBe(1);
    expect(desk.lastError).toContain(found);
    expect(desk.written.size).toBe(0);
  });

  test('--hmac-sha 512 is for X25519, and nothing to RSA', async () => {
    const desk = new Desk();
    const rsa = ['-k', 'keys/rsa-2048.pem', '-E', 'keys/enc-rsa-2048.pub.pem'];
    const sha = ['--hmac-sha', '512'];
    expect(await sign(desk, ...usual, ...rsa, ...sha, 'in/p300.bin', 'x.bin')).toBe(0);
    const other = new Desk();
    const ec = ['-k', 'keys/ecdsa-p256.pem', '-E', 'keys/enc-ecdsa-p256.pub.pem'];
    expect(await sign(other, ...usual, ...ec, ...sha, 'in/p300.bin', 'x.bin')).toBe(2);
    expect(other.lastError).toBe('Error: Currently only ECIES-X25519 supports HMAC-SHA512');
    expect(other.lines).toEqual(['image.py: sign the payload']);
    expect(other.written.size).toBe(0);
  });

  test('a shared AES key in base64 goes with every signer', async () => {
    const desk = new Desk();
    desk.written.set('kw.b64', new TextEncoder().encode('AAECAwQFBgcICQoLDA0ODw==\n'));
    const args = [...usual, '-E', 'kw.b64', '-k', 'keys/rsa-2048.pem', 'in/p300.bin', 'x.bin'];
    expect(await sign(desk, ...args)).toBe(0);
    const types = allTlvs(parseImage(made(desk))).map(({ type }) => type);
    expect(types.at(-1)).toBe(TlvType.ENCKW);
    const { out } = await image(desk, 'info', 'x.bin', '-d', 'kw.b64');
    expect(out).toContain('one of the keys opens it');
  });
});

describe("nRF Connect SDK's options", () => {
  test('--header-size auto is the least', async () => {
    const desk = new Desk();
    const args = [
      '-v',
      '1.0',
      '-H',
      'auto',
      '--pad-header',
      '-S',
      '0x4000',
      'in/p300.bin',
      'x.bin',
    ];
    expect(await sign(desk, ...args)).toBe(0);
    expect(parseImage(made(desk)).header.hdrSize).toBe(32);
  });

  test('departure imgtool/header-size-asked: it is not guessed', async () => {
    const desk = new Desk();
    const args = ['-v', '1.0', '-S', '0x4000', 'in/p300.bin', 'x.bin'];
    expect(ending(desk, await sign(desk, ...args))).toEqual(
      refusal("Missing option '-H' / '--header-size'."),
    );
  });

  test('--pad-value fills header and slot, and puts the header over what is there', async () => {
    const desk = new Desk();
    const args = ['-v', '1.0', '-H', '0x40', '-S', '0x4000', '--pad', '--pad-value'];
    expect(await sign(desk, ...args, '0', '--pad-header', 'in/p300.bin', 'x.bin')).toBe(0);
    const padded = made(desk);
    expect(padded.length).toBe(0x4000);
    expect([padded[0x30], padded[0x3000]]).toEqual([0, 0]);
    expect(await sign(desk, ...args, '0xff', '-R', '0', 'in/p300.bin', 'y.bin')).toBe(0);
    const over = made(desk, 'y.bin');
    expect([over[0x30], over[0x3000]]).toEqual([0xff, 0xff]);
    const payload = vectorFile('in/p300.bin').subarray(0x40);
    expect(toHex(parseImage(over).payload)).toBe(toHex(payload));
    expect(await sign(desk, ...args, '1', 'in/p300.bin', 'z.bin')).toBe(2);
  });

  test('--pad-value keeps the address of a HEX file whose header has room', async () => {
    const desk = new Desk();
    const args = ['-v', '1.0', '-H', '0x20', '-S', '0x4000', '--pad-value', '0'];
    expect(await sign(desk, ...args, 'in/p300.hex', 'x.hex')).toBe(0);
    const head = (path: string): string =>
      new TextDecoder().decode(desk.read(path)).split('\n')[0] ?? '';
    expect(head('x.hex').trim()).toBe(head('in/p300.hex').trim());
  });

  test('departure imgtool/far-memories: of a HEX file with configuration words the image counts', async () => {
    const desk = new Desk();
    const put = (name: string, ...segments: Segment[]): void =>
      void desk.written.set(name, new TextEncoder().encode(writeIntelHex(segments)));
    const uicr = { address: 0x1000_1200, bytes: Uint8Array.of(1, 2, 3, 4) };
    const external = { address: 0x1200_0000, bytes: vectorFile('in/p300.bin') };
    put('code.hex', { address: 0, bytes: vectorFile('in/p300.bin') }, uicr);
    put('low.hex', { address: 0x100, bytes: uicr.bytes }, external);
    const args = ['-v', '1.2.3+4', '-H', '0x20', '--pad-header', '-S', '0x4000'];
    expect(await sign(desk, ...args, 'in/p300.bin', 'plain.bin')).toBe(0);
    const left = 'left out, for another memory than the image at';
    for (const [name, where, words] of [
      ['code.hex', '0x00000000', '0x10001200 to 0x10001203 (4 bytes)'],
      ['low.hex', '0x12000000', '0x00000100 to 0x00000103 (4 bytes)'],
    ] as const) {
      expect(await sign(desk, ...args, name, 'x.bin')).toBe(0);
      expect(toHex(made(desk, 'x.bin'))).toBe(toHex(made(desk, 'plain.bin')));
      expect(desk.err).toContain(`${name}: ${left} ${where}: ${words}`);
    }
    const far = { address: 0x1200_0000, bytes: made(desk, 'plain.bin') };
    put('signed.hex', { address: 0, bytes: new Uint8Array(5000).fill(7) }, uicr, far);
    for (const command of ['verify', 'dumpinfo']) {
      expect(await runImgtool([command, 'signed.hex'], desk.terminal)).toBe(0);
      expect(desk.err).toContain(`signed.hex: ${left} 0x12000000: 0x00000000 to 0x00001387`);
    }
    put('bad.hex');
    expect(await runImgtool(['verify', 'bad.hex'], desk.terminal)).not.toBe(0);
    expect(desk.err).toContain('bad.hex: Intel HEX: expected data, got none');
  });

  test('departure imgtool/devicetree-not-read: --edt-config says what to give instead', async () => {
    const desk = new Desk();
    const args = [...usual, '--edt-config', 'edt.pickle', 'in/p300.bin', 'x.bin'];
    expect(await sign(desk, ...args)).toBe(1);
    expect(desk.lastError).toMatch(/^Error: --edt-config: .*--vid and --cid$/);
    expect(desk.written.size).toBe(0);
  });
});

describe('--manifest', () => {
  const digest = '00112233445566778899aabbccddeeff'.repeat(2);

  async function withManifest(text: string, ...more: string[]): Promise<Desk> {
    const desk = new Desk();
    desk.written.set('m.yaml', new TextEncoder().encode(text));
    const args = [...usual, '--manifest', 'm.yaml', ...more, 'in/p300.bin', 'x.bin'];
    desk.terminal.exit(await sign(desk, ...args));
    return desk;
  }

  test('has the digests in the order of their numbers', async () => {
    const lines = [
      'format: 1',
      'manifest_index: 1',
      'images:',
      `  - {index: 2, hash: ${digest}}`,
      '  - {index: 0, path: out/version-2.bin.gz}',
    ];
    const desk = await withManifest(
      lines.join('\n'),
      '--vid',
      'example.com',
      '--custom-tlv',
      '0xa0',
      'z',
    );
    expect([desk.terminal.exits, desk.err]).toEqual([[0], '']);
    const tlvs = parseImage(made(desk)).protectedArea?.tlvs ?? [];
    expect(tlvs.map(({ type }) => type)).toEqual([TlvType.UUID_VID, TlvType.MANIFEST, 0xa0]);
    const first = parseImage(vectorFile('out/version-2.bin.gz')).area.tlvs[0]?.data;
    expect(toHex(tlvs[1]?.data ?? new Uint8Array(0))).toBe(
      `0100000002000000${toHex(first ?? new Uint8Array(0))}${digest}`,
    );
    expect((await image(desk, 'info', 'x.bin')).out).toContain('manifest    2 images');
  });

  test('goes the other way round in a big-endian image, and may be empty', async () => {
    const desk = await withManifest('format: "1"\nimages: []\n', '-e', 'big');
    expect(desk.terminal.exits).toEqual([0]);
    const { protectedArea } = parseImage(made(desk));
    expect(toHex(protectedArea?.tlvs[0]?.data ?? new Uint8Array(0))).toBe('0000000100000000');
  });

  const images = (...rows: string[]): string => ['format: 1', 'images:', ...rows].join('\n');

  test.each([
    ['format: 2', 'Unsupported manifest format: 2'],
    ['images: []', 'Unsupported manifest format: 0'],
    [images('- {}'), "Invalid value: Manifest image entry must contain either 'path' or 'hash'"],
    [images('- path: no.bin'), 'Image file no.bin not found'],
    [images('- path: in/p300.bin'), 'Failed to verify image: in/p300.bin'],
    [
      images(`- hash: ${digest}`, '- hash: 0011'),
      'Invalid value: All image hashes must have the same length',
    ],
    [
      images(`- {index: 0, hash: ${digest}}`, `- {index: 2, hash: ${digest}}`),
      'Invalid value: Manifest image indexes must be consecutive. Missing index: 1',
    ],
    [
      images(`- {index: 0, hash: ${digest}}`),
      'Invalid value: Manifest image indexes must be consecutive. Missing index: 1',
    ],
  ])('%j is refused', async (text, words) => {
    const desk = await withManifest(text);
    desk.written.delete('m.yaml');
    expect(ending(desk, desk.terminal.exits[0] ?? 0)).toEqual(refusal(words));
  });

  test.each([
    ['[1', 'no YAML'],
    ['- 1', 'expected a mapping with format and images'],
    ['format: 1\nimages: 3', 'images: expected a list of mappings'],
    [images('- {index: x, hash: 00}'), 'index: expected a number from 0 up, got "x"'],
    [images('- hash: xyz'), 'hash: expected hex digits, got "xyz"'],
    ['format: 1\nmanifest_index: -1', 'index: expected a number from 0 up, got "-1"'],
  ])('%j exits with 1', async (text, words) => {
    const desk = await withManifest(text);
    expect([desk.terminal.exits, desk.lastError.includes(words)]).toEqual([[1], true]);
  });

  test('what is not read, and a list of nothing, is told', async () => {
    const desk = new Desk();
    const manifest = 'format: 1\nimagez: []\n';
    desk.written.set('slip.yaml', new TextEncoder().encode(manifest));
    const args = [...usual, '--manifest', 'slip.yaml', 'in/p300.bin', 'x.bin'];
    expect(await sign(desk, ...args)).toBe(0);
    expect(desk.err).toBe(
      'warning: slip.yaml: not read: imagez\nwarning: slip.yaml: the manifest lists no image\n',
    );
  });

  test('departure imgtool/manifest-entry: a path and a hash for one image are refused', async () => {
    const desk = await withManifest(images(`- {path: out/version-2.bin.gz, hash: ${digest}}`));
    expect(desk.lastError).toBe('Error: m.yaml: an image has a path or a hash, not both');
  });

  test('that is not there is a wrong command line', async () => {
    const desk = new Desk();
    const args = [...usual, '--manifest', 'no.yaml', 'in/p300.bin', 'x.bin'];
    expect(ending(desk, await sign(desk, ...args))).toEqual(
      refusal('Manifest file no.yaml not found'),
    );
  });
});

describe('what fails', () => {
  test.each([
    [['--sig-out', 's'], 1],
    [['--sig-out', 's', ...ed25519, '--vector-to-sign', 'digest'], 1],
    [['--custom-tlv', 'a0', 'x'], 1],
    [['--custom-tlv', '-1', 'x'], 2],
    [['--slot-size', '100'], 2],
  ])('departure imgtool/signature-of-nothing: leaves nothing behind, %j', async (args, exit) => {
    const desk = new Desk();
    expect(await sign(desk, ...usual, ...args, 'in/p300.bin', 'x.bin')).toBe(exit);
    expect(desk.written.size).toBe(0);
  });

  test.each([
    ['-1', '0x-001'],
    ['0x10000', '0x10000'],
    ['3', '0x0003'],
  ])('the type of a record that is not for vendors, %s', async (type, shown) => {
    const desk = new Desk();
    const args = [...usual, '--custom-tlv', type, 'x', 'in/p300.bin', 'x.bin'];
    const words = `Invalid custom TLV type value '${shown}', allowed value should be between 0x00a0 and 0xfffe`;
    expect(ending(desk, await sign(desk, ...args))).toEqual(refusal(words));
  });
});
