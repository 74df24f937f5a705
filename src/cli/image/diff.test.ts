import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { signImage } from '../../image/index.ts';
import { Desk, image } from '../../../test/support/image-desk.ts';
import { uf2Blocks, uf2File } from '../../../test/support/uf2-file.ts';

// Files are the same if their bytes are: no byte may differ and nothing be said of it.

async function diff(
  one: Uint8Array,
  other: Uint8Array,
): Promise<{ readonly exit: unknown; readonly out: string }> {
  const desk = new Desk();
  desk.written.set('one', one);
  desk.written.set('other', other);
  const { exit, out } = await image(desk, 'diff', 'one', 'other');
  return { exit, out };
}

const version = { major: 1, minor: 2, revision: 3, build: 4 };

const signed = await signImage(new Uint8Array(40).fill(7), {
  version,
  headerSize: 48,
  padHeader: true,
  securityCounter: 1,
  bootRecord: 'APP',
});

/** A zip file of stored entries. */
function zipOf(files: Readonly<Record<string, string>>): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const [head, entry] = [Buffer.alloc(30), Buffer.alloc(46)];
    const data = Buffer.from(text);
    head.writeUInt32LE(0x04034b50, 0);
    entry.writeUInt32LE(0x02014b50, 0);
    for (const [block, from] of [[head, 14] as const, [entry, 16] as const]) {
      block.writeUInt32LE(crc32(data), from);
      block.writeUInt32LE(data.length, from + 4);
      block.writeUInt32LE(data.length, from + 8);
      block.writeUInt16LE(name.length, from + 12);
    }
    entry.writeUInt32LE(at, 42);
    parts.push(head, Buffer.from(name), data);
    directory.push(entry, Buffer.from(name));
    at += head.length + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length / 2, 8);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Uint8Array.from(Buffer.concat([...parts, ...directory, end]));
}

describe('dfukit image diff', () => {
  test('tells every single byte of an image', async () => {
    const { bytes } = signed;
    for (let at = 0; at < bytes.length; at += 1) {
      for (const bit of [0x01, 0x40, 0x80]) {
        const other = bytes.slice();
        other[at] = (other[at] ?? 0) ^ bit;
        const { exit, out } = await diff(bytes, other);
        expect([at, bit, exit]).toEqual([at, bit, 1]);
        expect(out).not.toBe('');
      }
    }
  });

  test('names flags that have no name, and reserved bytes by their place', async () => {
    const other = signed.bytes.slice();
    other[16] = 0x40;
    expect(await diff(signed.bytes, other)).toEqual({
      exit: 1,
      out: 'flags: none → 0x40 (unknown)\n',
    });
    const reserved = signed.bytes.slice();
    reserved[28] = 1;
    expect((await diff(signed.bytes, reserved)).out).toMatch(
      /^header: 1 byte differ in 1 place\n {4}0x1c: 1 byte\n/,
    );
  });

  test('tells records of which the text says the gist', async () => {
    const more = { version: { ...version, revision: 4 }, headerSize: 48, padHeader: true } as const;
    const payload = new Uint8Array(40).fill(7);
    const other = await signImage(payload, { ...more, securityCounter: 1, bootRecord: 'APP' });
    const { out } = await diff(signed.bytes, other.bytes);
    expect(out).toMatch(/^protected TLV BOOT_RECORD: a5.* → …?/m);
  });

  test('tells of a package what only its manifest says', async () => {
    const of = (slot: number): Uint8Array =>
      zipOf({
        'a.bin': 'firmware',
        'manifest.json': JSON.stringify({ files: [{ file: 'a.bin', slot, board: 'reel_board' }] }),
      });
    expect(await diff(of(0), of(1))).toEqual({ exit: 1, out: 'a.bin: manifest: slot: 0 → 1\n' });
  });

  test('tells of a package what its manifest does not list, and says of no file', async () => {
    const of = (rest: Readonly<Record<string, string>>, head = {}): Uint8Array => {
      const manifest = { ...head, files: [{ file: 'a.bin', size: 8, delta: { from: 1 } }] };
      return zipOf({ 'a.bin': 'firmware', 'manifest.json': JSON.stringify(manifest), ...rest });
    };
    expect(await diff(of({ 'x.bin': 'abc' }), of({ 'x.bin': 'abd' }))).toEqual({
      exit: 1,
      out: expect.stringMatching(/^x\.bin: bytes: 1 byte differ in 1 place\n/) as string,
    });
    const more = await diff(of({}), of({ 'x.bin': 'abc' }));
    expect(more).toEqual({ exit: 1, out: 'x.bin: only in the second\n' });
    expect(await diff(of({}, { name: 'one' }), of({}, { name: 'other' }))).toEqual({
      exit: 1,
      out: 'manifest: name: one → other\n',
    });
    const nested = zipOf({
      'a.bin': 'firmware',
      'manifest.json': JSON.stringify({ files: [{ file: 'a.bin', size: 8, delta: { from: 2 } }] }),
    });
    expect(await diff(of({}), nested)).toEqual({
      exit: 1,
      out: 'a.bin: manifest: delta: {"from":1} → {"from":2}\n',
    });
  });

  test('tells of UF2 files for which chip they are', async () => {
    const segments = [{ address: 0x1000_0000, bytes: new Uint8Array(256).fill(1) }];
    const of = (family: number): Uint8Array => uf2File(...uf2Blocks(segments, { family }));
    expect(await diff(of(0xe48b_ff56), of(0xe48b_ff59))).toEqual({
      exit: 1,
      out: expect.stringMatching(/^UF2 family: RP2040 → /) as string,
    });
  });
});
