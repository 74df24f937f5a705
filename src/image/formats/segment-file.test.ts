import { describe, expect, test } from 'vitest';
import { toolchainFile } from '../../../test/support/toolchain/read.ts';
import { uf2Blocks, uf2File } from '../../../test/support/uf2-file.ts';
import { DfuError } from '../../bytes/index.ts';
import { ascii } from './ascii.ts';
import { readElf } from './elf.ts';
import { readHexSegments } from './intel-hex.ts';
import { readSRecords } from './s-records.ts';
import { readSegments } from './segment-file.ts';
import { segmentFormatOf } from './segment-format.ts';
import { readUf2 } from './uf2.ts';
import { writeUf2 } from './uf2-writer.ts';

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

/** What the program of test/support/toolchain has in memory. */
const program = (() => {
  const flash = new Uint8Array(0x46);
  flash.set([0, 0x40, 0, 0x20, 0x41, 0x41, 0, 8]);
  flash.set([0xfe, 0xe7, ...text('text')], 0x40);
  return [
    { address: 0x0800_4100, bytes: flash },
    { address: 0x0800_4200, bytes: text('behind a holedata') },
    { address: 0x1000_1200, bytes: Uint8Array.of(0xfe, 0xff, 0xff, 0xff) },
    { address: 0x1200_0000, bytes: text('external flash') },
  ];
})();

describe('what GNU binutils made', () => {
  const elf = toolchainFile('firmware.elf');

  test.each([
    ['hex', 'firmware.hex'],
    ['srec', 'firmware.srec'],
    ['elf', 'firmware.elf'],
  ] as const)('%s: the program, and nothing besides', (format, name) => {
    const file = toolchainFile(name);
    expect(segmentFormatOf(file)).toBe(format);
    expect(readSegments(file, format)).toEqual(program);
  });

  test('without its sections an ELF file has the filler that they left, and not its own header', () => {
    const bare = elf.slice();
    new DataView(bare.buffer).setUint32(32, 0, true);
    const [first, ...others] = readElf(bare);
    const address = 0x0800_4000 + 52 + 4 * 32;
    expect(first?.address).toBe(address);
    expect(first?.bytes.subarray(0x0800_4100 - address, 0x0800_4146 - address)).toEqual(
      program[0]?.bytes,
    );
    expect(others).toEqual(program.slice(2));
  });
});

describe('ELF', () => {
  const changed = (change: (view: DataView) => void): Uint8Array => {
    const file = toolchainFile('firmware.elf');
    change(new DataView(file.buffer));
    return file;
  };

  test.each<[string, Uint8Array, string]>([
    ['cut short', toolchainFile('firmware.elf').slice(0, 51), 'TRUNCATED'],
    ['of 64 bits', changed((view) => view.setUint8(4, 2)), 'UNSUPPORTED'],
    ['of no class', changed((view) => view.setUint8(4, 0)), 'MALFORMED'],
    ['of no byte order', changed((view) => view.setUint8(5, 3)), 'MALFORMED'],
    ['headers behind its end', changed((view) => view.setUint32(28, 0x10000, true)), 'TRUNCATED'],
    ['headers too short', changed((view) => view.setUint16(42, 16, true)), 'TRUNCATED'],
    ['a segment behind its end', changed((view) => view.setUint32(56, 9999, true)), 'TRUNCATED'],
    ['nothing to load', changed((view) => view.setUint16(44, 0, true)), 'MALFORMED'],
  ])('%s is refused', (_, file, code) => {
    expect(() => readElf(file)).toThrow(expect.objectContaining({ name: 'DfuError', code }));
  });

  test('of the other byte order is read', () => {
    const file = new Uint8Array(88);
    const view = new DataView(file.buffer);
    file.set([0x7f, 0x45, 0x4c, 0x46, 1, 2]);
    view.setUint32(28, 52);
    view.setUint16(42, 32);
    view.setUint16(44, 1);
    for (const [at, word] of [1, 84, 0, 0x1000, 4, 4].entries()) view.setUint32(52 + 4 * at, word);
    file.set([1, 2, 3, 4], 84);
    expect(readElf(file)).toEqual([{ address: 0x1000, bytes: Uint8Array.of(1, 2, 3, 4) }]);
  });

  test('many headers that load the same bytes fill no memory', () => {
    const count = 60_000;
    const file = new Uint8Array(52 + 32 * count);
    const view = new DataView(file.buffer);
    file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1]);
    view.setUint32(28, 52, true);
    view.setUint16(42, 32, true);
    view.setUint16(44, count, true);
    for (let n = 0; n < count; n += 1) {
      for (const [at, word] of [1, 0, 0, 0x1000, file.length].entries()) {
        view.setUint32(52 + 32 * n + 4 * at, word, true);
      }
    }
    expect(() => readElf(file)).toThrow('in 256 segments, got more');
  });
});

describe('S-records', () => {
  const end = 'S9030000FC\n';

  test('of two and three bytes of address, in any order, with a count, small letters', () => {
    const lines = ['S0030000FC', 's2060100020102f3', 'S10500000102F7', 'S5030002FA', end];
    expect(readSRecords(lines.join('\r\n'))).toEqual([
      { address: 0, bytes: Uint8Array.of(1, 2) },
      { address: 0x10002, bytes: Uint8Array.of(1, 2) },
    ]);
  });

  test.each([
    ['S10500000102F8\n', 'line 1: expected checksum 0xf7, got 0xf8'],
    ['S10600000102F7\n', 'line 1: expected 6 bytes as it says, got 5'],
    ['S4030000FC\n', 'line 1: expected record type S0 to S3 or S5 to S9, got S4'],
    ['S10500000102F\n', 'line 1: expected "S", a digit and pairs of hex digits'],
    ['S30300000000FB\n', 'line 1: expected 3 bytes as it says, got 5'],
    ['S3030000FC\n', 'line 1: expected an address of 4 bytes, got 2'],
    [`${end}S9030000FC\n`, 'line 2: expected nothing behind the end record'],
    ['S5030001FB\n', 'line 1: expected 1 data records in front of it, got 0'],
    ['S10500000102F7\n', 'no end record'],
    [`S1${'0'.repeat(1_000_000)}`, 'line 1: expected "S"'],
    ['a dump\n', 'line 1: expected "S", a digit and pairs of hex digits, got "a dump"'],
  ])('%j is refused', (words, message) => {
    expect(() => readSRecords(words)).toThrow(message);
    expect(() => readSRecords(words)).toThrow(DfuError);
  });
});

describe('UF2', () => {
  const data = Uint8Array.from({ length: 700 }, (_, at) => at);
  const segment = { address: 0x1000_0000, bytes: data };
  const blocks = uf2Blocks([segment], { family: 0xe48bff56 });

  test('blocks out of order, and twice, are put together', () => {
    const file = uf2File(...blocks.toReversed(), ...blocks);
    expect(segmentFormatOf(file)).toBe('uf2');
    expect(readUf2(file)).toEqual({
      families: [{ id: 0xe48bff56, name: 'RP2040', segments: [segment] }],
      leftOutBlocks: 0,
      version: undefined,
      device: undefined,
    });
    expect(readSegments(file, 'uf2')).toEqual([segment]);
  });

  test('several families stand apart, and none is taken for the others', () => {
    const other = { address: 0, bytes: text('for a board without a name') };
    const file = uf2File(...blocks, ...uf2Blocks([other]));
    const { families } = readUf2(file);
    expect(families.map(({ id, segments }) => [id, segments])).toEqual([
      [0xe48bff56, [segment]],
      [undefined, [other]],
    ]);
    expect(() => readSegments(file, 'uf2')).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS', message: expect.stringContaining('RP2040') }),
    );
  });

  test('what is for no flash is left out and counted: comments, and the block against RP2350-E10', () => {
    const [comment = new Uint8Array(512)] = uf2Blocks([segment], { flags: 1 });
    const [one = comment] = uf2Blocks([{ address: 0x10ff_ff00, bytes: data.subarray(0, 256) }], {
      family: 0xe48bff57,
    });
    new DataView(one.buffer).setUint32(24, 2, true);
    const file = uf2File(one, comment, ...blocks);
    expect(readUf2(file).leftOutBlocks).toBe(2);
    expect(readSegments(file, 'uf2')).toEqual([segment]);
  });

  test('extension tags say what the firmware is; damaged ones say nothing', () => {
    const tag = (type: number, words: string): Uint8Array => {
      const bytes = new Uint8Array(Math.ceil((4 + words.length) / 4) * 4);
      bytes.set([4 + words.length, type & 0xff, (type >> 8) & 0xff, type >> 16, ...text(words)]);
      return bytes;
    };
    const tags = Uint8Array.of(...tag(0x9fc7bc, '1.2.3'), ...tag(0x650d9d, 'a board'), 3, 0, 0, 0);
    const file = uf2File(...uf2Blocks([segment], { tags }));
    expect(readUf2(file)).toMatchObject({ version: '1.2.3', device: 'a board' });
    const [broken = new Uint8Array(512)] = uf2Blocks([{ address: 0, bytes: data.subarray(0, 4) }], {
      tags: Uint8Array.of(255, 0xbc, 0xc7, 0x9f),
      payloadSize: 476,
    });
    new DataView(broken.buffer).setUint32(16, 470, true);
    expect(readUf2(uf2File(broken)).version).toBeUndefined();
  });

  const withWord = (at: number, word: number): Uint8Array => {
    const file = uf2File(...blocks);
    new DataView(file.buffer).setUint32(at, word, true);
    return file;
  };

  test.each<[string, Uint8Array, string]>([
    ['half a block', uf2File(...blocks).subarray(0, 700), 'got 700 bytes'],
    [
      'a block missing',
      uf2File(...blocks.slice(1)),
      'expected 3 blocks for family 0xe48bff56, got 2',
    ],
    ['another magic', withWord(512, 0), 'block 1: expected the magic 0x0a324655, got 0x00000000'],
    ['no magic at its end', withWord(508, 1), 'block 0: expected the magic 0x0ab16f30'],
    ['too much data', withWord(16, 477), 'block 0: expected at most 476 bytes of data, got 477'],
    ['a number beyond', withWord(20, 3), 'block 0: expected a number below 3 as it says, got 3'],
    ['an address twice', withWord(512 + 12, 0x1000_0001), 'block 1: the byte at 0x10000001'],
  ])('%s is refused', (_, file, message) => {
    expect(() => readUf2(file)).toThrow(message);
    expect(() => readUf2(file)).toThrow(DfuError);
  });
});

test('a HEX file reads the same from its text', () => {
  expect(readHexSegments(ascii(toolchainFile('firmware.hex')))).toEqual(program);
});

test('UF2: a block that is for no flash has its number like the others', () => {
  const bytes = Uint8Array.from({ length: 512 }, (_, at) => at & 0xff);
  const file = writeUf2([{ address: 0x0800_0000, bytes }], { family: 0x57755a57 });
  file[8] = (file[8] ?? 0) | 1;
  expect(readSegments(file, 'uf2')).toEqual([{ address: 0x0800_0100, bytes: bytes.subarray(256) }]);
  // It stands for no other block that is missing.
  const more = writeUf2([{ address: 0x0800_0000, bytes: new Uint8Array(768) }], {});
  more[8] = (more[8] ?? 0) | 1;
  expect(() => readSegments(more.subarray(0, 1024), 'uf2')).toThrow('expected 3 blocks, got 2');
});
