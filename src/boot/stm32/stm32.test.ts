import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/index.ts';
import {
  STM32F072,
  STM32_MAGIC_NUMBER,
  decideStm32Start,
  factoryOptionBytes,
  readProtection,
  stm32MagicAddress,
  vectorTableFault,
  withOptionBytes,
} from './index.ts';

const flash = { baseAddress: 0x08000000, sizeBytes: 0x20000 };
const ram = { baseAddress: 0x20000000, sizeBytes: 0x4000 };
const memories = { flash, ram };
const good = fromHex('00400020 41000008');
const none = { magicWord: 0, boot0: false, vectors: good, memories };

describe('start-up', () => {
  test('the application, if it can be one', () => {
    const entryAddress = 0x08000000;
    expect(decideStm32Start(none)).toEqual({ go: 'application', entryAddress });
  });

  test('the loader for BOOT0, before anything else, and for the magic number', () => {
    const magicWord = STM32_MAGIC_NUMBER;
    const both = { ...none, magicWord, boot0: true };
    expect(decideStm32Start(both)).toEqual({ go: 'loader', why: 'boot0' });
    expect(decideStm32Start({ ...none, magicWord })).toEqual({ go: 'loader', why: 'magic' });
    expect(magicWord).toBe(0xdeadbeef);
    expect(stm32MagicAddress(ram)).toBe(0x20003ffc);
    expect(STM32F072.address).toBe(0x1fffc800);
  });

  test.each([
    ['ffffffff ffffffff', 'the flash is erased'],
    ['00000020 41000008', 'the stack pointer 0x20000000 is not in RAM'],
    ['04400020 41000008', 'the stack pointer 0x20004004 is not in RAM'],
    ['02100020 41000008', 'the stack pointer 0x20001002 is not in RAM'],
    ['00400020 40000008', 'the reset vector 0x08000040 is no code in flash'],
    ['00400020 01000208', 'the reset vector 0x08020001 is no code in flash'],
    ['00400020 00000000', 'the reset vector 0x00000000 is no code in flash'],
  ])('vectors %s: the loader', (text, fault) => {
    const vectors = fromHex(text);
    const decision = decideStm32Start({ ...none, vectors });
    expect(decision).toEqual({ go: 'loader', why: 'no application', fault });
  });

  test('the last vectors that can be right are', () => {
    expect(vectorTableFault(fromHex('00400020 ffff0108'), memories)).toBeUndefined();
    expect(vectorTableFault(fromHex('04000020 01000008'), memories)).toBeUndefined();
    expect(() => vectorTableFault(fromHex('00400020'), memories)).toThrow('4 bytes of 8');
  });
});

describe('option bytes', () => {
  test('come with no protection', () => {
    const factory = factoryOptionBytes();
    expect(toHex(factory)).toBe('aa55ff00ff00ff00ff00ff00ff00ff00');
    expect(readProtection(factory)).toBe(0);
  });

  test.each([
    ['bb', 1],
    ['00', 1],
    ['cc', 2],
    ['aa', 0],
  ])('RDP %s is level %i', (rdp, level) => {
    const options = withOptionBytes(factoryOptionBytes(), 0, fromHex(rdp));
    expect(readProtection(options)).toBe(level);
  });

  test('a complement that is none protects', () => {
    expect(readProtection(fromHex('aaaa'))).toBe(1);
  });

  test('complements are made, whatever is sent for them', () => {
    const options = withOptionBytes(factoryOptionBytes(), 4, fromHex('1234 56'));
    expect(toHex(options)).toBe('aa55ff0012ed56a9ff00ff00ff00ff00');
    expect(() => withOptionBytes(options, 15, fromHex('0000'))).toThrow('2 bytes at 15 of 16');
  });
});
