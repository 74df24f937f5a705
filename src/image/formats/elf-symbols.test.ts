import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError } from '../../bytes/index.ts';
import { readElfSymbols } from './elf-symbols.ts';

const path = new URL('../../../test/fixtures/machine/rp2040/built/dfu.elf', import.meta.url);
const file = new Uint8Array(readFileSync(path));

/** Where the section headers begin, and the one of the symbol table. */
const view = new DataView(file.buffer);
const sections = view.getUint32(32, true);
const symtab = [...Array(view.getUint16(48, true)).keys()]
  .map((n) => sections + n * 40)
  .find((at) => view.getUint32(at + 4, true) === 2) as number;

/** The file with a word of it changed. */
function withWord(at: number, value: number): Uint8Array {
  const copy = file.slice();
  new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

function outcomeOf(copy: Uint8Array): unknown {
  try {
    readElfSymbols(copy).nameOf(0x1000_0200);
  } catch (error) {
    if (!DfuError.is(error)) return error;
  }
  return 'an answer or a DfuError';
}

describe('the functions of an ELF program', () => {
  const symbols = readElfSymbols(file);
  /** The address of a function, by looking through all of the code. */
  const addressOf = (name: string): number => {
    const code = Array.from({ length: 0x1000 }, (_, n) => 0x1000_0000 + 2 * n);
    return code.find((address) => symbols.nameOf(address) === name) as number;
  };

  test('are found by any address in them', () => {
    const main = addressOf('main');
    expect(symbols.nameOf(main + 0x10)).toBe('main+0x10');
    expect(symbols.nameOf(main + 0x11)).toBe('main+0x10');
    expect(symbols.nameOf(addressOf('reset_handler'))).toBe('reset_handler');
    expect(symbols.count).toBeGreaterThan(10);
  });

  test('are nowhere else', () => {
    for (const address of [0, 0x0fff_fffe, 0x1010_0000, 0xffff_ffff]) {
      expect(symbols.nameOf(address)).toBeUndefined();
    }
  });

  test('a file without a symbol table has none', () => {
    expect(readElfSymbols(withWord(symtab + 4, 1)).count).toBe(0);
  });

  test('more symbols than there can be, and a table outside of the file', () => {
    expect(() => readElfSymbols(withWord(symtab + 20, 0xffff_fff0))).toThrow('at most 524288');
    expect(readElfSymbols(withWord(symtab + 16, 0xffff_0000)).count).toBe(0);
    expect(() => readElfSymbols(file.subarray(0, 40))).toThrow('header of 52 bytes');
  });

  test('a name cannot speak to the terminal', () => {
    const copy = file.slice();
    const text = Buffer.from(copy.buffer).indexOf('main\0');
    copy.set([0x1b, 0x5b], text);
    const main = addressOf('main');
    expect(readElfSymbols(copy).nameOf(main)).toBe('?[in');
  });

  test('whatever is changed in it, there is an answer or a DfuError', () => {
    const change = fc.tuple(fc.nat(file.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const copy = file.slice();
        for (const [at, value] of changes) copy[at] = value;
        expect(outcomeOf(copy)).toBe('an answer or a DfuError');
      }),
    );
  });
});
