import { describe, expect, test } from 'vitest';
import { ForkedFlash } from './forked-flash.ts';
import type { FlashMoment } from './forked-flash.ts';

const SIZE = 150 * 1024;

/** Numbers that look random and are the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('a flash that is run many times', () => {
  test.each([0xff, 0x00])('goes from any moment to any other, erased being %i', (erasedValue) => {
    const below = numbers(7);
    const flash = new ForkedFlash(new Uint8Array(SIZE).fill(erasedValue), erasedValue);
    const astray: number[] = [];
    const seen: { readonly moment: FlashMoment; readonly bytes: Buffer }[] = [];
    for (let step = 0; step < 300; step += 1) {
      const other = seen[below(seen.length)];
      if (below(3) === 0 && other !== undefined) {
        flash.load(other.moment);
        if (!Buffer.from(flash.bytes).equals(other.bytes)) astray.push(step);
      }
      if (below(4) === 0) flash.erase(below(37) * 4096, 4096);
      else flash.program(below(SIZE - 600), new Uint8Array(1 + below(600)).fill(below(3) * 85));
      if (below(2) === 0) seen.push({ moment: flash.moment(), bytes: Buffer.from(flash.bytes) });
    }
    expect(astray).toEqual([]);
    for (const one of seen) {
      const alike = seen.filter(({ moment }) => moment.key === one.moment.key);
      const equal = seen.filter(({ bytes }) => bytes.equals(one.bytes));
      expect(alike).toEqual(equal);
    }
  });

  test('is back where it was when an erase has undone what was programmed', () => {
    const flash = new ForkedFlash(new Uint8Array(SIZE).fill(0xff), 0xff);
    const before = flash.moment();
    flash.program(4096, Uint8Array.of(0));
    expect(flash.moment().key).not.toBe(before.key);
    flash.erase(4096, 4096);
    expect(flash.moment().key).toBe(before.key);
  });

  test('programs as its chip does: bits only go, and half of an operation is half of its bytes', () => {
    const flash = new ForkedFlash(new Uint8Array(SIZE).fill(0xff), 0xff);
    flash.program(0, Uint8Array.of(0xf0));
    flash.program(0, Uint8Array.of(0x3c));
    expect(flash.bytes[0]).toBe(0x30);
    const bytes = Uint8Array.of(1, 2, 3, 4);
    flash.tear({ type: 'program', offsetBytes: 8, lengthBytes: 4, bytes }, 'torn');
    expect([...flash.bytes.subarray(8, 12)]).toEqual([1, 2, 0xff, 0xff]);
    flash.tear({ type: 'program', offsetBytes: 16, lengthBytes: 4, bytes }, 'torn-tail');
    expect([...flash.bytes.subarray(16, 20)]).toEqual([0xff, 0xff, 3, 4]);
    const one = Uint8Array.of(0);
    flash.tear({ type: 'program', offsetBytes: 24, lengthBytes: 1, bytes: one }, 'torn');
    flash.tear({ type: 'program', offsetBytes: 25, lengthBytes: 1, bytes: one }, 'torn-tail');
    expect([...flash.bytes.subarray(24, 26)]).toEqual([0x0f, 0xf0]);
  });
});
