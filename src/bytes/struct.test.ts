import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DfuError,
  constant,
  crc32,
  crc32Mpeg2,
  crc32Register,
  flags,
  fromHex,
  i32be,
  magic,
  raw,
  struct,
  text,
  toHex,
  u16be,
  u16le,
  u24le,
  u32be,
  u32le,
  u8,
} from './index.ts';
import type { Field } from './index.ts';

const integers: readonly [string, Field<number>, number, number][] = [
  ['u8', u8, 0, 0xff],
  ['u16le', u16le, 0, 0xffff],
  ['u24le', u24le, 0, 0xffffff],
  ['u32le', u32le, 0, 0xffffffff],
  ['u16be', u16be, 0, 0xffff],
  ['u32be', u32be, 0, 0xffffffff],
  ['i32be', i32be, -0x80000000, 0x7fffffff],
];

describe('a layout', () => {
  test('writes its fields in order, each in its own byte order', () => {
    const layout = struct('mixed', { a: u8, b: u16le, c: u16be, d: u24le, e: i32be });
    const bytes = layout.encode({ a: 1, b: 0x0203, c: 0x0405, d: 0x060708, e: -2 });
    expect(toHex(bytes)).toBe('01' + '0302' + '0405' + '080706' + 'fffffffe');
    expect(layout.size).toBe(12);
  });

  test.each(integers)('%s keeps every value of its range', (_, field, least, most) => {
    const layout = struct('number', { value: field });
    fc.assert(
      fc.property(fc.integer({ min: least, max: most }), (value) => {
        expect(layout.decode(layout.encode({ value }))).toEqual({ value });
      }),
    );
  });

  test.each(integers)('%s refuses what does not fit, by name', (_, field, least, most) => {
    const layout = struct('number', { value: field });
    for (const value of [least - 1, most + 1, 0.5, Number.NaN]) {
      const message = `number.value: expected ${least} to ${most}, got ${value}`;
      expect(() => layout.encode({ value })).toThrow(new DfuError('OUT_OF_RANGE', message));
    }
  });

  test('says how many bytes are missing', () => {
    const layout = struct('pair', { a: u32le, b: u32le });
    expect(() => layout.decode(new Uint8Array(9), 4)).toThrow(
      new DfuError('TRUNCATED', 'pair: 5 bytes of 8'),
    );
    expect(() => layout.decode(new Uint8Array(2), 4)).toThrow('pair: 0 bytes of 8');
  });

  test('reads and writes in the middle of other bytes, views included', () => {
    const layout = struct('inner', { a: u16le, rest: raw(2) });
    const outer = fromHex('ff ff 01 02 03 04 ff').subarray(1);
    expect(layout.decode(outer, 1)).toEqual({ a: 0x0201, rest: fromHex('0304') });
    layout.encodeInto({ a: 0x0a0b, rest: fromHex('0c0d') }, outer, 1);
    expect(toHex(outer)).toBe('ff0b0a0c0dff');
  });

  test('nests, and names the whole path in an error', () => {
    const inner = struct('inner', { count: u8 });
    const outer = struct('outer', { first: inner, second: inner });
    expect(outer.decode(fromHex('0102'))).toEqual({ first: { count: 1 }, second: { count: 2 } });
    expect(() => outer.encode({ first: { count: 1 }, second: { count: 256 } })).toThrow(
      'outer.second.count: expected 0 to 255, got 256',
    );
  });

  test('holds flags by name and leaves unknown bits alone', () => {
    const layout = struct('flags', { bits: flags(u8, { low: 0, high: 7 }) });
    expect(layout.decode(fromHex('ff')).bits).toEqual({ low: true, high: true });
    expect(toHex(layout.encode({ bits: { low: false, high: true } }))).toBe('80');
  });

  test('insists on constants and magics', () => {
    const layout = struct('file', { magic: magic(fromHex('cafe')), type: constant(u8, 0x21) });
    expect(() => layout.decode(fromHex('cafd21'))).toThrow('file.magic: expected cafe, got cafd');
    expect(() => layout.decode(fromHex('cafe20'))).toThrow('file.type: expected 0x21, got 0x20');
    expect(toHex(layout.encode({ magic: new Uint8Array(0), type: 0 }))).toBe('cafe21');
  });

  test('pads text with NUL and refuses what does not fit', () => {
    const layout = struct('name', { name: text(4) });
    expect(toHex(layout.encode({ name: 'ab' }))).toBe('61620000');
    expect(layout.decode(fromHex('61620063')).name).toBe('ab');
    expect(() => layout.encode({ name: 'abcde' })).toThrow('expected at most 4 characters, got 5');
    expect(() => layout.encode({ name: '→' })).toThrow('expected Latin-1 text');
  });
});

describe('CRC-32', () => {
  test('is the one of zip: check value of "123456789"', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(crc32Mpeg2(new TextEncoder().encode('123456789'))).toBe(0x0376e6e7);
  });

  test('can be fed in pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), (bytes, cut) => {
        const at = bytes.length === 0 ? 0 : cut % bytes.length;
        const first = crc32Register(bytes.subarray(0, at));
        expect(crc32Register(bytes.subarray(at), first)).toBe(crc32Register(bytes));
      }),
    );
  });
});

describe('hex', () => {
  test('reads what it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });

  test.each([
    ['abc', 'expected an even number of digits, got 3'],
    ['0g', 'expected 0-9 or a-f, got "g"'],
  ])('refuses %j', (input, message) => {
    expect(() => fromHex(input)).toThrow(message);
  });
});

describe('DfuError', () => {
  test('is known by name and code, also from another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { name: 'DfuError', code: 'STALLED' });
    expect(DfuError.is(foreign, 'STALLED')).toBe(true);
    expect(DfuError.is(foreign, 'TIMEOUT')).toBe(false);
    expect(DfuError.is(new Error('x'))).toBe(false);
  });

  test('keeps its cause', () => {
    const cause = new Error('underneath');
    expect(new DfuError('IO', 'on top', { cause }).cause).toBe(cause);
  });
});
