import { describe, expect, test } from 'vitest';
import { Rp2040Probe } from '../../../test/support/machine/rp2040-probe.ts';

const view = new DataView(new ArrayBuffer(8));
const single = (value: number): number => {
  view.setFloat32(0, value, true);
  return view.getUint32(0, true);
};
const double = (value: number): readonly [number, number] => {
  view.setFloat64(0, value, true);
  return [view.getUint32(0, true), view.getUint32(4, true)];
};
const asSingle = (word: number): number => {
  view.setUint32(0, word, true);
  return view.getFloat32(0, true);
};
const asDouble = ([low, high]: readonly [number, number]): number => {
  view.setUint32(0, low, true);
  view.setUint32(4, high, true);
  return view.getFloat64(0, true);
};

/** Functions of one of the ROM's two tables, by their offset there. */
function library(letters: 'SF' | 'SD'): (offset: number, ...given: number[]) => [number, number] {
  const probe = new Rp2040Probe();
  const { read, call } = probe;
  const table = probe.romTable(0x16, letters);
  expect(read(table - 2, 1) * 4).toBe(0x80);
  return (offset, ...given) => [...call(read(table + offset), ...given)];
}

describe('single precision', () => {
  const call = library('SF');
  const of = (offset: number, ...given: number[]): number =>
    asSingle(call(offset, ...given.map(single))[0]);

  test('calculates, rounded once', () => {
    expect(of(0x00, 0.1, 0.2)).toBe(Math.fround(Math.fround(0.1) + Math.fround(0.2)));
    expect(of(0x04, 1, 3)).toBe(-2);
    expect(of(0x08, 1.5, -2)).toBe(-3);
    expect(of(0x0c, 1, 3)).toBe(Math.fround(1 / 3));
    expect(of(0x18, 2)).toBe(Math.fround(Math.SQRT2));
    expect(of(0x3c, 1)).toBe(Math.fround(Math.cos(1)));
    expect(of(0x44, 1)).toBe(Math.fround(Math.tan(1)));
    expect(of(0x4c, 1)).toBe(Math.fround(Math.E));
    expect(of(0x50, 10)).toBe(Math.fround(Math.LN10));
    expect(of(0x58, 1, -1)).toBe(Math.fround(Math.atan2(1, -1)));
    const [sine, cosine] = call(0x40, single(1));
    expect([asSingle(sine), asSingle(cosine)]).toEqual(
      [1, 2].map((n) => Math.fround(n === 1 ? Math.sin(1) : Math.cos(1))),
    );
  });

  test('knows no numbers that are too small, nor what is not a number', () => {
    expect(of(0x08, 2 ** -100, 2 ** -40)).toBe(0);
    expect(of(0x00, 2 ** -130, 0)).toBe(0);
    expect(of(0x08, Infinity, 0)).toBe(Infinity);
    expect(of(0x0c, 1, -0)).toBe(-Infinity);
    expect(of(0x00, Number.NaN, 1)).toBe(Infinity);
    expect(of(0x50, -1)).toBe(-Infinity);
    expect(of(0x18, -1)).toBe(-Infinity);
  });

  test('becomes whole downwards, within what there is room for', () => {
    const whole = (offset: number, value: number, places = 0): number =>
      call(offset, single(value), places)[0];
    expect(whole(0x1c, -1.5) | 0).toBe(-2);
    expect(whole(0x1c, 1e20)).toBe(0x7fffffff);
    expect(whole(0x24, -3)).toBe(0);
    expect(whole(0x24, 4e9)).toBe(4e9);
    expect(whole(0x24, Infinity)).toBe(0xffffffff);
    expect(whole(0x20, -1.25, 1) | 0).toBe(-3);
    expect(whole(0x28, 1.75, 2)).toBe(7);
    expect(call(0x6c, single(-1))).toEqual([0xffffffff, 0xffffffff]);
    expect(call(0x74, single(2 ** 40))).toEqual([0, 256]);
  });

  test('comes from whole numbers, rounded once', () => {
    const from = (offset: number, ...given: number[]): number =>
      asSingle(call(offset, ...given)[0]);
    expect(from(0x2c, -7)).toBe(-7);
    expect(from(0x34, 0xffffffff)).toBe(2 ** 32);
    expect(from(0x30, -3, 1)).toBe(-1.5);
    expect(from(0x38, 3, 2)).toBe(0.75);
    expect(from(0x5c, 0, 0x80000000)).toBe(-(2 ** 63));
    // 2 ** 56 + 2 ** 32 + 1: just above the middle between two, which a double does not tell.
    expect(from(0x64, 1, (1 << 24) | 1)).toBe(2 ** 56 + 2 ** 33);
    expect(asDouble(call(0x7c, single(0.5)))).toBe(0.5);
  });

  test('compares', () => {
    expect(call(0x10, single(1), single(2))[0]).toBe(0xffffffff);
    expect(call(0x10, single(0), single(-0))[0]).toBe(0);
    expect(call(0x54, single(3), single(2))[0]).toBe(1);
    const probe = new Rp2040Probe();
    const compare = probe.read(probe.romTable(0x16, 'SF') + 0x14);
    probe.call(compare, single(1), single(2));
    expect(probe.chip.core.xpsr >>> 28).toBe(8);
    probe.call(compare, single(2), single(2));
    expect(probe.chip.core.xpsr >>> 28).toBe(6);
  });
});

describe('double precision', () => {
  const call = library('SD');
  const of = (offset: number, ...given: number[]): number =>
    asDouble(call(offset, ...given.flatMap((value) => double(value))));

  test('calculates, and converts', () => {
    expect(of(0x00, 0.1, 0.2)).toBe(0.1 + 0.2);
    expect(of(0x04, 1, 1e-10)).toBe(1 - 1e-10);
    expect(of(0x08, 3, 1 / 3)).toBe(3 * (1 / 3));
    expect(of(0x0c, 1, 3)).toBe(1 / 3);
    expect(of(0x48, 2)).toBe(Math.sin(2));
    expect(asSingle(call(0x7c, ...double(0.1))[0])).toBe(Math.fround(0.1));
    expect(call(0x1c, ...double(-2.5))[0] | 0).toBe(-3);
    expect(asDouble(call(0x30, 5, 1))).toBe(2.5);
    expect(asDouble(call(0x5c, 0xffffffff, 0xffffffff))).toBe(-1);
    expect(call(0x10, ...double(1), ...double(1))[0]).toBe(0);
  });
});
