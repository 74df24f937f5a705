import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { boardModel } from '../../board/index.ts';
import { writeUf2 } from '../../image/index.ts';
import { checkElfMachine, checkNotInRam, partForChip } from './chip-fit.ts';

const pico = boardModel('rpi_pico');
const disco = boardModel('stm32f072b_disco');
const built = new URL('../../../test/fixtures/machine/rp2040/built/', import.meta.url);
const elf = new Uint8Array(readFileSync(new URL('dfu.elf', built)));
const bytes = new Uint8Array(256).fill(1);
const uf2 = (family?: number, address = 0x1000_0000): Uint8Array =>
  writeUf2([{ address, bytes }], { family });

describe('a file and the chip of a board', () => {
  test('UF2 for the chip, for any, and for several', () => {
    expect(partForChip(uf2(0xe48bff56), pico)).toBeUndefined();
    expect(partForChip(uf2(), pico)).toBeUndefined();
    expect(partForChip(elf, pico)).toBeUndefined();
    const both = Uint8Array.from([...uf2(0xe48bff59), ...uf2(0xe48bff56)]);
    expect(partForChip(both, pico)).toBe('0xe48bff56');
  });

  test('UF2 for others is refused, with both families', () => {
    expect(() => partForChip(uf2(0xe48bff59), pico)).toThrow(
      'the file is for another chip: rpi_pico has an RP2040, family 0xe48bff56, got RP2350 Arm secure, 0xe48bff59',
    );
    expect(() => partForChip(uf2(0xe48bff56), disco)).toThrow(
      'stm32f072b_disco has an STM32F072, family 0x647824b6, got RP2040, 0xe48bff56',
    );
    expect(partForChip(uf2(0x1234), { ...pico, chip: 'nobody knows' })).toBeUndefined();
  });

  test('an ELF file for another processor', () => {
    expect(() => checkElfMachine(elf, pico)).not.toThrow();
    const riscv = elf.slice();
    riscv[18] = 243;
    expect(() => checkElfMachine(riscv, pico)).toThrow('whose machine is 40 (ARM), got 243');
  });

  test('a program that is linked into RAM', () => {
    expect(() => checkNotInRam([{ address: 0x2000_0000, bytes }], pico)).toThrow(
      'it is linked into RAM (0x20000000 to 0x200000ff (256 bytes)), and only flash can be programmed; link it for flash, which begins at 0x10000000',
    );
    const segments = [
      { address: 0x1000_0000, bytes },
      { address: 0x2000_0000, bytes },
    ];
    expect(() => checkNotInRam(segments, pico)).not.toThrow();
    expect(() => checkNotInRam([], pico)).not.toThrow();
  });
});
