import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, toHex } from '../../bytes/index.ts';
import { readHexSegments, readIntelHex, writeIntelHex } from './intel-hex.ts';

describe('Intel HEX', () => {
  test('reads what it wrote, at any address', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.nat(0xffffff00), bytes, (address, data) => {
        const text = writeIntelHex([{ address, bytes: data }]);
        expect(readIntelHex(text)).toEqual({ address, bytes: Uint8Array.from(data) });
        expect(readIntelHex(text.replaceAll('\n', '\r\n')).address).toBe(address);
      }),
    );
  });

  test('leaves gaps, fills them when read, joins what touches', () => {
    const text = writeIntelHex([
      { address: 0x1_0008, bytes: Uint8Array.of(5) },
      { address: 0xffff, bytes: Uint8Array.of(1) },
      { address: 0x1_0000, bytes: Uint8Array.of(2, 3) },
    ]);
    expect(text.split('\n')).toEqual([
      ':020000040000FA',
      ':01FFFF000100',
      ':020000040001F9',
      ':020000000203F9',
      ':0100080005F2',
      ':00000001FF',
      '',
    ]);
    expect(toHex(readIntelHex(text).bytes)).toBe('010203ffffffffffff05');
    expect(toHex(readIntelHex(text, 0).bytes)).toBe('01020300000000000005');
  });

  test('knows segment bases and start addresses', () => {
    const text = ':020000021000EC\n:0400000300003800C1\n:01000500AA50\n:00000001FF\n';
    expect(readHexSegments(text)).toEqual([{ address: 0x1_0005, bytes: Uint8Array.of(0xaa) }]);
  });

  test('the same byte may be given twice, in any order of the lines', () => {
    const lines = [':020001000102FA', ':03000000000102FA', ':0100020002FB', ':00000001FF'];
    const text = lines.join('\n');
    expect(readHexSegments(text)).toEqual([{ address: 0, bytes: Uint8Array.of(0, 1, 2) }]);
  });

  test.each(['\u001a', '\n\u001a\u001a\u001a', '\0\0\0\n'])(
    'what an old transfer fills up with, %j, is nothing',
    (filler) => {
      const { bytes } = readIntelHex(`:0100000000FF\n:00000001FF\n${filler}`);
      expect(bytes).toEqual(Uint8Array.of(0));
    },
  );

  test('a line of 40 MB is refused as any other that is too long', () => {
    const line = `:${'00'.repeat(20_000_000)}`;
    expect(() => readIntelHex(`${line}\n`)).toThrow('line 1: expected ":" and pairs of hex digits');
  });

  test('200,000 segments are written and read', () => {
    const segments = Array.from({ length: 200_000 }, (_, at) => ({
      address: 3 * at,
      bytes: Uint8Array.of(at, at >> 8),
    }));
    const read = readHexSegments(writeIntelHex(segments));
    expect(read.length).toBe(200_000);
    expect(read.at(-1)).toEqual(segments.at(-1));
  });

  test('a million pieces are not', () => {
    const line = (at: number): string => {
      const address = 2 * (at % 0x8000);
      const sum = -(1 + (address >> 8) + address) & 0xff;
      return `:01${address.toString(16).padStart(4, '0')}0000${sum.toString(16).padStart(2, '0')}\n`;
    };
    const page = Array.from({ length: 0x8000 }, (_, at) => line(at)).join('');
    expect(() => readHexSegments(page.repeat(17))).toThrow('expected at most 524288 pieces');
  });

  test.each([
    ['', 'no end record'],
    [':00000001FF\n', 'expected data, got none'],
    [':0100000000FE\n:00000001FF\n', 'line 1: expected checksum 0xff, got 0xfe'],
    [':0200000000FE\n:00000001FF\n', 'line 1: expected 2 data bytes as it says, got 1'],
    ['0100000000FF\n', 'line 1: expected ":" and pairs of hex digits'],
    [':01000006AA4F\n', 'expected record type 0 to 5, got 6'],
    [':00000001FF\n:0100000000FF\n', 'line 2: expected nothing behind the end record'],
    [
      ':02000000AAAAAA\n:01000100AB53\n:00000001FF\n',
      'line 2: the byte at 0x00000001 is given twice, as 0xaa and 0xab',
    ],
    [
      ':02000004FFFFFC\n:02FFFF00000000\n:00000001FF\n',
      'line 2: expected addresses of 32 bits, got 0xffffffff to 0x100000001',
    ],
    [':01000004AA51\n:00000001FF\n', 'expected 2 address bytes, got 1'],
    [
      ':0100000000FF\n:02000004FFFFFC\n:0100000000FF\n:00000001FF\n',
      'expected addresses within 67108864 bytes, got 4294901761',
    ],
  ])('%j is refused', (text, message) => {
    expect(() => readIntelHex(text)).toThrow(message);
    expect(() => readIntelHex(text)).toThrow(DfuError);
  });

  test('has 32 bits of address', () => {
    const beyond = (): string =>
      writeIntelHex([{ address: 0xffff_ffff, bytes: new Uint8Array(2) }]);
    expect(beyond).toThrow('expected addresses of 32 bits');
  });
});
