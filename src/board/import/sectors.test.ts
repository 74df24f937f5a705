import { describe, expect, test } from 'vitest';
import { fillSectors, parseSectors, sectorsText, sizeText } from './sectors.ts';
import { stm32Sectors } from './stm32-sectors.ts';

describe('sectors on the command line', () => {
  test.each([
    ['4x16K,1x64K,7x128K', 1024 * 1024, '4x16K,1x64K,7x128K'],
    ['4K', 1024 * 1024, '256x4K'],
    ['0x1000', 8192, '2x4K'],
    ['1024x256', 256 * 1024, '1024x256'],
    ['16Kx4,64K, 128Kx7', 1024 * 1024, '4x16K,1x64K,7x128K'],
    ['0x100x4', 1024, '4x256'],
  ])('%s of %i bytes', (text, bytes, shown) => {
    expect(sectorsText(fillSectors(parseSectors(text), bytes))).toBe(shown);
  });

  test.each([
    '',
    'x',
    '4x',
    '4Kx0',
    '4Kx4K',
    '2000000x4K',
    '0x0',
    '0x4K,',
    '-1x4K',
    '4x16k,',
    '00x1',
  ])('"%s" is none', (text) => {
    expect(() => parseSectors(text)).toThrow('--sectors: expected sectors as 4x16K,1x64K,7x128K');
  });

  test('they must fill the flash', () => {
    expect(() => fillSectors(parseSectors('3K'), 8192)).toThrow(
      'expected sectors that fill the flash of 8192 bytes, got 6144 bytes',
    );
    expect(sizeText(100)).toBe('100');
  });
});

describe('an STM32 with sectors of several sizes', () => {
  test.each([
    ['stm32f429xx', 2048, '4x16K,1x64K,7x128K,4x16K,1x64K,7x128K', 'RM0090 table 6'],
    ['stm32f407xx', 1024, '4x16K,1x64K,7x128K', 'RM0090 table 5'],
    ['STM32F401xE', 512, '4x16K,1x64K,3x128K', 'RM0368 table 5'],
    ['stm32f401xc', 256, '4x16K,1x64K,1x128K', 'RM0368 table 5'],
    ['stm32f410rx', 128, '4x16K,1x64K', 'RM0401 table 5'],
    ['stm32f413xx', 1536, '4x16K,1x64K,11x128K', 'RM0430 table 5'],
    ['stm32f446xx', 512, '4x16K,1x64K,3x128K', 'RM0390 table 4'],
    ['stm32f730xx', 64, '4x16K', 'RM0431 table 4'],
    ['stm32f746xx', 1024, '4x32K,1x128K,3x256K', 'RM0385 table 3'],
    ['stm32f750xx', 64, '2x32K', 'RM0385 table 3'],
  ])('%s with %i KiB', (soc, kib, shown, from) => {
    const table = stm32Sectors(soc, kib * 1024);
    expect([sectorsText(table?.sectors ?? []), table?.from]).toEqual([shown, from]);
  });

  test.each([
    ['stm32f429xx', 1024],
    ['stm32f767xx', 2048],
    ['stm32l476xx', 1024],
    ['nrf52840', 1024],
  ])('%s with %i KiB: somebody must say it', (soc, kib) => {
    expect(stm32Sectors(soc, kib * 1024)).toBeUndefined();
  });
});
