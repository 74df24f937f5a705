import { describe, expect, test } from 'vitest';
import { tinyBoard } from '../../../test/support/tiny-board.ts';
import { STM32F072 } from '../../boot/stm32/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { Stm32FlashMemory, Stm32OptionMemory, Stm32Options } from './stm32-memory.ts';

const BASE = 0x08000000;
const RDP_LEVEL_1 = Uint8Array.of(0x00, 0xff);
const RDP_LEVEL_2 = Uint8Array.of(0xcc, 0x33);
const model = { ...tinyBoard, systemMemory: STM32F072 };

function bench(): {
  readonly flash: MemoryFlash;
  readonly options: Stm32Options;
  readonly memory: Stm32FlashMemory;
  readonly optionMemory: Stm32OptionMemory;
  /** Writes the first option byte, as a host would, and resets. */
  readonly protect: (rdp: Uint8Array) => void;
} {
  const flash = new MemoryFlash(model.flash);
  const options = new Stm32Options();
  const optionMemory = new Stm32OptionMemory(model, options);
  return {
    flash,
    options,
    memory: new Stm32FlashMemory(flash, model, options),
    optionMemory,
    protect(rdp) {
      optionMemory.program(STM32F072.optionAddress, rdp);
      options.load();
    },
  };
}

describe('the flash by address', () => {
  test('says how the chip is laid out, in the words of its maker', () => {
    expect(bench().memory.layout).toBe('@Internal Flash  /0x08000000/064*0002Kg');
  });

  test('programs, with the erased value behind an odd end, and counts what it was given', () => {
    const { memory, flash } = bench();
    expect(memory.program(BASE + 8, Uint8Array.of(1, 2, 3, 4, 5))).toMatchObject({ status: 'OK' });
    expect(flash.read(8, 8)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 0xff, 0xff, 0xff));
    expect(memory.read(BASE + 8, 2)).toEqual(Uint8Array.of(1, 2));
    expect(memory.programmedBytes).toBe(5);
  });

  test('what the flash refuses is a status, and counts for nothing', () => {
    const { memory } = bench();
    memory.program(BASE, new Uint8Array(4));
    const again = memory.program(BASE, Uint8Array.of(1, 2, 3, 4));
    expect(again).toMatchObject({ status: 'errPROG' });
    expect(memory.program(BASE + 0x10000, new Uint8Array(4))).toMatchObject({
      status: 'errADDRESS',
    });
    expect(memory.programmedBytes).toBe(4);
  });

  test('erases the sector of an address, in its time', () => {
    const { memory, flash } = bench();
    memory.program(BASE + 0x400, new Uint8Array(8));
    memory.program(BASE + 0x800, new Uint8Array(4));
    expect(memory.erase(BASE + 0x404)).toEqual({ status: 'OK', busyMs: 10 });
    expect(flash.read(0x400, 8)).toEqual(new Uint8Array(8).fill(0xff));
    expect(flash.read(0x800, 4)).toEqual(new Uint8Array(4));
  });

  test('a mass erase takes everything', () => {
    const { memory, flash } = bench();
    memory.program(BASE + 0xfffc, new Uint8Array(4));
    expect(memory.massErase().status).toBe('OK');
    expect(flash.read(0xfffc, 4)).toEqual(new Uint8Array(4).fill(0xff));
  });
});

describe('read protection', () => {
  test('level 1 forbids all but the option bytes and read unprotect', () => {
    const { memory, protect } = bench();
    memory.program(BASE, new Uint8Array(4));
    protect(RDP_LEVEL_1);
    const refused = { status: 'errVENDOR' };
    expect(memory.read(BASE, 4)).toMatchObject(refused);
    expect(memory.program(BASE + 4, new Uint8Array(4))).toMatchObject(refused);
    expect(memory.erase(BASE)).toMatchObject(refused);
    expect(memory.massErase()).toMatchObject(refused);
  });

  test('takes effect with the next reset', () => {
    const { memory, optionMemory, options } = bench();
    optionMemory.program(STM32F072.optionAddress, RDP_LEVEL_1);
    expect(memory.erase(BASE).status).toBe('OK');
    options.load();
    expect(memory.erase(BASE).status).toBe('errVENDOR');
  });

  test('read unprotect erases the flash and takes it off', () => {
    const { memory, flash, options, protect } = bench();
    memory.program(BASE, new Uint8Array(4));
    protect(RDP_LEVEL_1);
    expect(memory.readUnprotect().status).toBe('OK');
    options.load();
    expect(flash.read(0, 4)).toEqual(new Uint8Array(4).fill(0xff));
    expect(memory.read(BASE, 4)).toEqual(new Uint8Array(4).fill(0xff));
  });

  test('level 2 is for ever', () => {
    const { memory, optionMemory, protect } = bench();
    protect(RDP_LEVEL_2);
    expect(memory.readUnprotect()).toMatchObject({
      status: 'errVENDOR',
      reason: expect.stringContaining('level 2'),
    });
    expect(optionMemory.program(STM32F072.optionAddress, RDP_LEVEL_1).status).toBe('errVENDOR');
  });
});

describe('the option bytes', () => {
  test('are read by address and not erased one by one', () => {
    const { optionMemory, options } = bench();
    const read = optionMemory.read(STM32F072.optionAddress, 2);
    expect(read).toEqual(options.stored.subarray(0, 2));
    expect(optionMemory.erase()).toMatchObject({ status: 'errERASE' });
    expect(optionMemory.layout).toBe(STM32F072.optionLayout);
  });
});
