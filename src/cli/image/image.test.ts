import { describe, expect, test } from 'vitest';
import { appendSuffix } from '../../dfu/index.ts';
import {
  generateRiotbootHeader,
  parseImage,
  readIntelHex,
  toBase64,
  writeIntelHex,
} from '../../image/index.ts';
import { Desk, image } from '../../../test/support/image-desk.ts';
import { toolchainFile } from '../../../test/support/toolchain/read.ts';
import { uf2Blocks, uf2File } from '../../../test/support/uf2-file.ts';
import { vectorFile, vectorText } from '../../../test/support/mcuboot/imgtool-runs.ts';

const keys = ['-k', 'keys/ed25519.pub.pem'];

describe('dfukit image info', () => {
  test.each([
    ['all-protected', 'counter     9'],
    ['all-protected', 'role        "APP"'],
    ['all-protected', 'needs       image 1, version 1.0.0+0 or newer'],
    ['all-protected', 'signature   ED25519 by keys/ed25519.pub.pem: right'],
    ['rom-fixed', 'address     0x08004000'],
    ['trailer-big-endian', 'byte order  big'],
    ['trailer-confirm-align8', 'image_ok set, copy_done unset, swap type unset'],
    ['enc-enc-x25519-128', 'encrypted; no key that was given with -d opens it'],
    ['pure-ed25519', 'right, over the image itself'],
    ['key-rsa-2048-full', 'by the key that the image itself carries (it proves nothing): right'],
    ['lzma2', 'flags       COMPRESSED_LZMA2'],
  ])('of %s says: %s', async (name, line) => {
    const { exit, out } = await image(new Desk(), 'info', `out/${name}.bin.gz`, ...keys);
    expect(exit).toBe(0);
    expect(out).toContain(`out/${name}.bin.gz: MCUboot image\n`);
    expect(out).toContain(line);
  });

  test('opens what it is given the key of', async () => {
    const key = ['-d', 'keys/enc-x25519.pem'];
    const { out } = await image(new Desk(), 'info', 'out/enc-enc-x25519-128.bin.gz', ...key);
    expect(out).toContain('encrypted; one of the keys opens it');
    expect(out).toMatch(/hash +SHA-256 [0-9a-f]{64}: right/);
  });

  const vectors = Uint8Array.from({ length: 64 }, (_, at) => [0, 0, 1, 0x20, 9, 1, 0, 8][at] ?? 0);
  const header = generateRiotbootHeader({ version: 5, startAddress: 0x1100, headerLength: 256 });
  const damaged = header.slice();
  damaged[4] = 6;
  const ids = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0xffff, bcdDFU: 0x0100 };
  const text = (words: string): Uint8Array => new TextEncoder().encode(words);
  test.each<[string, Uint8Array, string[]]>([
    ['riotboot', header, ['riotboot image', '5 (0x00000005)', '0x00001100', ': right']],
    ['damaged riotboot', damaged, ['riotboot image', 'WRONG: riotboot does not boot it']],
    ['a DFU suffix', appendSuffix(header, ids), ['riotboot image', 'for 1209:7d02, release ffff']],
    ['Cortex-M code', vectors, ['plain binary', 'stack 0x20010000, reset handler 0x08000109']],
    ['nothing', new Uint8Array(0), ['empty file']],
    ['erased flash', new Uint8Array(99).fill(255), ['erased flash']],
    [
      'ELF',
      toolchainFile('firmware.elf'),
      ['ELF file', 'ELF         0x08004100 to 0x08004210', 'elsewhere   0x10001200 to 0x10001203'],
    ],
    ['UF2', uf2File(...uf2Blocks([{ address: 0x1000, bytes: vectors }])), ['UF2 file', '64 bytes']],
    ['S-records', toolchainFile('firmware.srec'), ['S-record file', '0x12000000 to 0x1200000d']],
    ['a key', text('-----BEGIN PRIVATE KEY-----\n'), ['key or certificate in text (PEM)']],
    ['DfuSe', text('DfuSe\u0001....'), ['DfuSe file']],
    ['text', text('hello'), ['plain binary', '5 bytes']],
    [
      'an image in Intel HEX',
      text(writeIntelHex([{ address: 0x8000, bytes: vectorFile('out/version-4.bin.gz') }])),
      ['MCUboot image', '0x00008000 to 0x00008173', 'version     1.2.3+4'],
    ],
  ])('recognises %s', async (_, bytes, lines) => {
    const desk = new Desk();
    desk.written.set('file', bytes);
    const { exit, out } = await image(desk, 'info', 'file');
    expect(exit).toBe(0);
    for (const line of lines) expect(out).toContain(line);
  });

  test('looks into a package, and says what its manifest says', async () => {
    const desk = new Desk();
    desk.written.set('dfu_application.zip', toolchainFile('dfu_application.zip'));
    const { exit, out } = await image(desk, 'info', 'dfu_application.zip');
    expect(exit).toBe(0);
    expect(out).toMatch(/package of 2 files\n(?: .*\n)*\napp_update\.bin: MCUboot image\n/);
    expect(out).toMatch(/net_core_app_update\.bin: MCUboot image\n[^]*image_index +1\n/);
    const told = await image(desk, 'info', 'dfu_application.zip', '--json');
    expect(JSON.parse(told.out)).toMatchObject({
      format: 'zip',
      files: [
        { name: 'app_update.bin', manifest: { image_index: '0' }, version: '1.2.3+4' },
        { name: 'net_core_app_update.bin', format: 'mcuboot' },
      ],
    });
  });

  test('finds the image in a merged HEX and in UF2', async () => {
    const desk = new Desk();
    const segments = [
      { address: 0, bytes: vectors },
      { address: 0xc000, bytes: vectorFile('out/version-4.bin.gz') },
    ];
    desk.written.set('merged.hex', text(writeIntelHex(segments)));
    desk.written.set('merged.uf2', uf2File(...uf2Blocks(segments)));
    for (const name of ['merged.hex', 'merged.uf2']) {
      const { out } = await image(desk, 'info', name);
      expect(out).toContain('stack 0x20010000');
      expect(out).toMatch(/MCUboot image at 0x0000c000\n +version +1\.2\.3\+4\n/);
      const told = await image(desk, 'info', name, '--json');
      expect(JSON.parse(told.out)).toMatchObject({
        segments: [{ address: 0, size: 64 }, { address: 0xc000 }],
        images: [{ address: 0xc000, format: 'mcuboot', version: '1.2.3+4' }],
      });
    }
  });

  test('is JSON for programs', async () => {
    const args = ['info', 'out/all-protected.bin.gz', '--json', ...keys];
    const { out } = await image(new Desk(), ...args);
    expect(JSON.parse(out)).toMatchObject({
      format: 'mcuboot',
      version: '1.2.3+4',
      payload: 'plain',
      hashes: [{ hash: 'SHA-256', valid: true }],
      signatures: [{ type: 'ED25519', signer: 'given', valid: true }],
    });
    const riot = new Desk();
    riot.written.set('r', header);
    const told = await image(riot, 'info', 'r', '--json');
    expect(JSON.parse(told.out)).toMatchObject({ format: 'riotboot', header: { version: 5 } });
  });
});

describe('dfukit image verify', () => {
  test.each([
    ['a big-endian image', 'trailer-big-endian', []],
    ['an encrypted image', 'enc-enc-x25519-256', ['-d', 'keys/enc-x25519.pem']],
    ['a compressed image', 'lzma2', []],
    ['an image with its whole key', 'key-ed25519-full', []],
  ])('takes %s', async (_, name, more) => {
    const args = ['verify', `out/${name}.bin.gz`, ...keys, ...more];
    expect((await image(new Desk(), ...args)).exit).toBe(0);
  });

  test.each([
    ['another key', 'key-ed25519', ['-k', 'keys/ed25519-other.pem'], 'none of its signatures'],
    ['an unsigned image', 'version-4', keys, 'none of its signatures'],
    ['its own key for proof', 'key-rsa-2048-full', keys, 'none of its signatures'],
    ['a sealed image', 'enc-enc-x25519-128', keys, 'opens it with -d to check it'],
  ])('refuses %s', async (_, name, more, message) => {
    const args = ['verify', `out/${name}.bin.gz`, ...more];
    await expect(image(new Desk(), ...args)).rejects.toThrow(message);
  });

  test('refuses a changed byte, and what is no image', async () => {
    const desk = new Desk();
    const bytes = vectorFile('out/key-ed25519.bin.gz');
    bytes[0x210] = (bytes[0x210] ?? 0) ^ 1;
    desk.written.set('changed', bytes);
    await expect(image(desk, 'verify', 'changed')).rejects.toThrow('the image has');
    await expect(image(desk, 'verify', 'in/p300.bin')).rejects.toThrow(
      'in/p300.bin: expected an MCUboot image, got a plain binary',
    );
  });

  test('says what it did not check', async () => {
    const desk = new Desk();
    expect((await image(desk, 'verify', 'out/key-ed25519.bin.gz')).exit).toBe(0);
    expect(desk.err).toContain("give the signer's public key with -k");
  });
});

describe('dfukit image sign', () => {
  const key = ['-k', 'keys/ed25519.pem'];

  test('makes what imgtool makes', async () => {
    const desk = new Desk();
    const version = ['-v', '1.2.3+4'];
    const { out } = await image(desk, 'sign', 'in/p1000.bin', ...key, ...version);
    expect(out).toContain('in/p1000.signed.bin: header of 512 bytes put in front');
    const wanted = vectorFile('out/key-ed25519.bin.gz');
    expect(desk.written.get('in/p1000.signed.bin')).toEqual(wanted);
  });

  test('uses the room that a file has for the header', async () => {
    const desk = new Desk();
    const args = ['-v', '1.2.3+4', '-H', '0x200', '-o', 'out.bin'];
    const { out } = await image(desk, 'sign', 'in/hdr200.bin', ...key, ...args);
    expect(out).toContain('into the room that the file has for it');
    expect(desk.written.get('out.bin')).toEqual(vectorFile('out/header-in-place-200.bin.gz'));
  });

  test('signs an image anew with another key', async () => {
    const desk = new Desk();
    await image(desk, 'sign', 'out/key-rsa-3072.bin.gz', ...key, '-o', 'anew');
    expect(desk.written.get('anew')).toEqual(vectorFile('out/key-ed25519.bin.gz'));
    await image(desk, 'sign', 'out/key-ecdsa-p256.bin.gz', ...key, '-o', 'v2', '-v', '2.0');
    expect(parseImage(desk.written.get('v2') ?? new Uint8Array(0)).header.version.major).toBe(2);
    await expect(image(desk, 'sign', 'out/lzma2.bin.gz', ...key)).rejects.toThrow('compressed');
  });

  test('fills a slot, and puts a DFU suffix behind', async () => {
    const desk = new Desk();
    const slot = ['-S', '0x4000', '--confirm', '--align', '8', '--dfu', '1209:7d02'];
    const args = [...slot, '-H', '32', '-v', '1.2.3+4', '-o', 'slot.bin'];
    await image(desk, 'sign', 'in/p300.bin', ...args);
    const made = desk.written.get('slot.bin') ?? new Uint8Array(0);
    expect(made.subarray(0, 0x4000)).toEqual(vectorFile('out/trailer-confirm-align8.bin.gz'));
    const { out } = await image(desk, 'info', 'slot.bin');
    expect(out).toContain('for 1209:7d02');
  });

  test('writes Intel HEX at the right address', async () => {
    const desk = new Desk();
    const args = ['-v', '1.2.3+4', '-o', 'out.hex'];
    await image(desk, 'sign', 'in/p300.hex', ...key, ...args);
    const made = new TextDecoder().decode(desk.written.get('out.hex'));
    expect(made).toBe(vectorText('out/hex-in-hex-out.hex.gz'));
    await image(desk, 'sign', 'in/p300.bin', ...args, '--address', '0x8000');
    const other = readIntelHex(new TextDecoder().decode(desk.written.get('out.hex')));
    expect(other.address).toBe(0x8000);
  });

  test('adds records, and replaces them when it signs anew', async () => {
    const desk = new Desk();
    const own = ['--tlv', '0xa0=0x0102', '--tlv', '0xa1=hi', '--vendor', 'example.com'];
    await image(desk, 'sign', 'in/p300.bin', '-v', '1.0', '-o', 'a', ...own);
    await image(desk, 'sign', 'a', '-o', 'b', '--tlv', '0xa0=0x03');
    const tlvs = (name: string): string[] =>
      (parseImage(desk.written.get(name) ?? new Uint8Array(0)).protectedArea?.tlvs ?? []).map(
        ({ type, data }) => `${type}:${data.length}`,
      );
    expect(tlvs('a')).toEqual(['116:16', '160:2', '161:2']);
    expect(tlvs('b')).toEqual(['116:16', '161:2', '160:1']);
  });

  test('seals for a wrapping key, and the owner opens it', async () => {
    const desk = new Desk();
    const kek = Uint8Array.from({ length: 32 }, (_, at) => at);
    desk.written.set('kek', new TextEncoder().encode(`${toBase64(kek)}\n`));
    const seal = ['-E', 'kek', '--encrypt-bits', '256', '-v', '1.0', '-o', 'sealed'];
    await image(desk, 'sign', 'in/p1000.bin', ...key, ...seal);
    await expect(image(desk, 'verify', 'sealed', ...keys)).rejects.toThrow('encrypted');
    expect((await image(desk, 'verify', 'sealed', ...keys, '-d', 'kek')).exit).toBe(0);
    desk.written.set('short', kek.subarray(0, 5));
    const wrong = image(desk, 'sign', 'in/p1000.bin', ...key, '-E', 'short', '-v', '1.0');
    await expect(wrong).rejects.toThrow('short: expected a PEM key, or 16 or 32 bytes');
  });

  test.each([
    [['in/p300.bin'], 'expected --image-version'],
    [['in/p300.bin', '-v', '1.x'], 'expected major.minor.revision+build'],
    [['in/p300.bin', '-v', '1.0', '-k', 'keys/ed25519.pub.pem'], 'expected a private key'],
    [['in/p300.bin', '-v', '1.0', '--pad'], 'expected --slot-size'],
    [['in/p300.bin', '-v', '1.0', '-S', '1000'], 'exceeds requested size 0x3e8'],
    [['in/p300.bin', '-v', '1.0', '--align', '3'], '--align: expected 1, 2, 4, 8, 16, 32'],
    [['in/p300.bin', '-v', '1.0', '--depends', 'x'], '--depends: Image dependency format'],
    [['in/p300.bin', '-v', '1.0', '--tlv', '0x50=1'], '--tlv: Custom TLV 0x50 conflicts'],
    [['in/p300.bin', '-v', '1.0', '--tlv', 'x'], '--tlv: expected TYPE=VALUE, got "x"'],
    [['in/p300.bin', '-v', '1.0', '-o', 'x.hex'], 'x.hex: expected --address'],
    [['in/p300.bin', '-v', '1.0', '--dfu', 'x'], '--dfu: expected VID:PID'],
    [['in/nothing.bin', '-v', '1.0'], 'in/nothing.bin: no such file'],
  ])('%j is refused', async (args, message) => {
    const desk = new Desk();
    await expect(image(desk, 'sign', ...args)).rejects.toThrow(message);
    expect(desk.written.size).toBe(0);
  });
});

describe('dfukit image, and what would mislead', () => {
  test('an encrypted image without its key is not said to be wrong', async () => {
    const desk = new Desk();
    const sealed = 'out/enc-enc-x25519-128.bin.gz';
    const made = image(desk, 'verify', sealed, '-k', 'keys/ed25519.pub.pem');
    await expect(made).rejects.toMatchObject({ code: 'ACCESS' });
    await expect(made).rejects.toThrow('give the private key that opens it with -d to check it');
    const other = image(desk, 'verify', sealed, '-d', 'keys/enc-rsa-2048.pem');
    await expect(other).rejects.toThrow('none of the keys opens it');
    const { out } = await image(desk, 'info', sealed);
    expect(out).toContain('encrypted; no key that was given with -d opens it');
  });

  test('sign does not replace what it signs, nor make an image of nothing', async () => {
    const desk = new Desk();
    const args = ['-v', '1.0.0', '-o', './p300.bin'];
    const made = image(desk, 'sign', 'p300.bin', ...args);
    await expect(made).rejects.toThrow('it would be replaced by its image');
    const empty = image(desk, 'sign', 'in/empty.bin', '-v', '1.0.0');
    await expect(empty).rejects.toThrow('expected a payload, got an empty file');
    expect(desk.written.size).toBe(0);
  });
});

describe('dfukit image diff', () => {
  const diff = (...args: string[]): Promise<{ exit: unknown; out: string }> =>
    image(new Desk(), 'diff', ...args);

  test('of a file with itself is nothing', async () => {
    const same = ['out/lzma2.bin.gz', 'out/lzma2.bin.gz'];
    const size = vectorFile('out/lzma2.bin.gz').length;
    const out = `no difference: ${size} bytes, all the same\n`;
    expect(await diff(...same)).toEqual({ exit: 0, out });
  });

  test('names the fields', async () => {
    const { exit, out } = await diff('out/all-protected.bin.gz', 'out/seccnt-5.bin.gz');
    expect(exit).toBe(1);
    expect(out).toContain('payload size: 301 → 300');
    expect(out).toContain('protected TLV SEC_CNT: 9 → 5');
    expect(out).toContain('protected TLV BOOT_RECORD: only in the first, a50163415050');
    expect(out).not.toContain('KEYHASH');
  });

  test('goes on where an image cannot be taken apart, and sees flash that was not erased', async () => {
    const desk = new Desk();
    const written = vectorFile('out/key-ed25519.bin.gz');
    // Over another image, without erasing first: a bit that was 0 stays 0, in the records' heads, too.
    const read = written.map((byte, at) => byte & (at > 100 && at % 3 === 0 ? 0x5a : 0xff));
    desk.written.set('written.bin', written);
    desk.written.set('read.bin', read);
    const { exit, out } = await image(desk, 'diff', 'written.bin', 'read.bin');
    expect(exit).toBe(1);
    expect(out).toMatch(/^second: cannot be taken apart: TLV/);
    expect(out).toMatch(/^bytes: \d+ bytes differ in \d+ places?$/m);
    expect(out).toContain(
      '    only bits 1 → 0 from the first to the second: as where flash is written',
    );
    const back = await image(desk, 'diff', 'read.bin', 'written.bin');
    expect(back.out).toContain('only bits 1 → 0 from the second to the first');
    await expect(image(desk, 'verify', 'read.bin')).rejects.toThrow(
      /^read\.bin: TLV.*; dfukit image diff with the file that was written tells what differs$/,
    );
    const flipped = written.map((byte, at) => (at === 600 || at === 700 ? byte ^ 0xff : byte));
    desk.written.set('flipped.bin', flipped);
    const both = await image(desk, 'diff', 'written.bin', 'flipped.bin');
    expect(both.out).toContain('payload: 2 bytes differ in 2 places');
    expect(both.out).not.toContain('only bits');
  });

  test('finds bytes, and counts what it does not list', async () => {
    const desk = new Desk();
    const one = new Uint8Array(1000);
    const other = one.slice();
    for (let at = 0; at < 1000; at += 100) other[at] = 1;
    desk.written.set('one', one);
    desk.written.set('other', other);
    const { exit, out } = await image(desk, 'diff', 'one', 'other');
    expect(exit).toBe(1);
    expect(out).toContain(
      'bytes: 10 bytes differ in 10 places\n    0x0: 1 byte\n    0x64: 1 byte\n',
    );
    expect(out).toContain('and 2 more');
  });
});
