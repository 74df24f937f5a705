import { describe, expect, test } from 'vitest';
import { RegisterProbe } from '../../../test/support/machine/register-probe.ts';
import { FLASH, FLASH_BYTES, SRAM, interrupts } from './addresses.ts';
import { stm32f072 } from './stm32f072.ts';

const probe = (): RegisterProbe => new RegisterProbe(stm32f072, FLASH_BYTES);

const RCC = 0x40021000;
const AHBENR = RCC + 0x14;
const APB2ENR = RCC + 0x18;
const APB1ENR = RCC + 0x1c;
const CSR = RCC + 0x24;
const RMVF = 0x01000000;

/** Whether that interrupt pends. */
const pends = (chip: RegisterProbe, line: number): boolean => ((chip.pending() >>> line) & 1) === 1;

describe('clocks and resets', () => {
  test('the core runs at what it is switched to, through dividers', () => {
    const chip = probe();
    const cyclesIn = (ms: number): number => {
      const { cycles } = chip.chip.core;
      chip.wait(ms);
      return Math.round((chip.chip.core.cycles - cycles) / 100) * 100;
    };
    expect(cyclesIn(1)).toBe(8000);
    chip.write(RCC + 0x34, 0x10000);
    expect(chip.read(RCC + 0x34)).toBe(0x30080);
    chip.write(RCC + 4, 3);
    expect(chip.read(RCC + 4)).toBe(0xf);
    expect(cyclesIn(1)).toBe(48000);
    chip.write(RCC + 4, 0x83);
    expect(cyclesIn(1)).toBe(24000);
    // HSI / 2 * 12 is 48 MHz, HSE / 2 * 4 is 16 MHz.
    chip.write(RCC + 4, 0x00280000);
    chip.write(RCC, 0x01000083);
    chip.write(RCC + 4, 0x00280002);
    expect(cyclesIn(1)).toBe(48000);
    chip.write(RCC + 4, 0);
    chip.write(RCC + 0x2c, 1);
    chip.write(RCC + 4, 0x00090000);
    chip.write(RCC, 0x01010083);
    chip.write(RCC + 4, 0x00090002);
    expect(cyclesIn(1)).toBe(16000);
    chip.write(RCC + 4, 0x00090001);
    expect(cyclesIn(1)).toBe(8000);
    // What the core runs on cannot be switched off.
    chip.write(RCC, 0x80);
    expect(chip.read(RCC) & 0x30000).toBe(0x30000);
  });

  test('a source that is off is not switched to', () => {
    const chip = probe();
    chip.write(RCC + 4, 3);
    expect(chip.read(RCC + 4)).toBe(3);
    expect(chip.read(RCC)).toBe(0x83);
  });

  test.each([
    ['power-on', 0x0c800000],
    ['reset-pin', 0x04000000],
    ['watchdog', 0x24000000],
    ['software', 0x14000000],
  ] as const)('%s is told by flags, which add up until they are taken off', (cause, flags) => {
    const chip = probe();
    chip.write(CSR, RMVF);
    chip.start(cause);
    expect(chip.read(CSR)).toBe(flags);
    chip.start('software');
    expect(chip.read(CSR)).toBe((flags | 0x14000000) >>> 0);
    chip.write(CSR, RMVF | 1);
    expect(chip.read(CSR)).toBe(3);
  });

  test('without its clock a peripheral reads as 0 and takes nothing; its reset clears it', () => {
    const chip = probe();
    const TIM3_ARR = 0x4000042c;
    chip.write(TIM3_ARR, 5);
    expect(chip.read(TIM3_ARR)).toBe(0);
    chip.write(APB1ENR, 2);
    expect(chip.read(TIM3_ARR)).toBe(0xffff);
    chip.write(TIM3_ARR, 5);
    expect(chip.read(TIM3_ARR)).toBe(5);
    chip.write(RCC + 0x10, 2);
    expect(chip.read(TIM3_ARR)).toBe(0);
    chip.write(RCC + 0x10, 0);
    expect(chip.read(TIM3_ARR)).toBe(0xffff);
    chip.write(TIM3_ARR, 7);
    chip.write(APB1ENR, 0);
    chip.write(APB1ENR, 2);
    expect(chip.read(TIM3_ARR)).toBe(7);
  });
});

describe('memory', () => {
  test('address 0 is flash, system memory or RAM', () => {
    const chip = probe();
    chip.write(APB2ENR, 1);
    expect(chip.read(0)).toBe(0x20004000);
    chip.write(0x40010000, 1);
    expect(chip.read(4)).toBe(0x1fffc8c1);
    expect(chip.read(4)).toBe(chip.read(0x1fffc804));
    chip.write(SRAM, 0x11223344);
    chip.write(0x40010000, 3);
    expect(chip.read(0)).toBe(0x11223344);
    chip.write(4, 0x55667788);
    expect(chip.read(SRAM + 4)).toBe(0x55667788);
    expect(chip.read(5, 1)).toBe(0x77);
    chip.write(0x40010000, 2);
    expect(chip.read(0)).toBe(0x20004000);
    // A reset of SYSCFG brings the flash back.
    chip.write(0x40010000, 3);
    chip.write(RCC + 0xc, 1);
    expect(chip.read(0)).toBe(0x20004000);
  });

  test('the size of flash, the number of the chip, option bytes, what it is', () => {
    const chip = probe();
    chip.write(APB2ENR, 1 << 22);
    expect(chip.read(0x1ffff7cc, 2)).toBe(128);
    expect(chip.read(0x1ffff7ac)).toBe(0x04030201);
    expect(chip.read(0x1ffff7b7, 1)).toBe(12);
    expect(chip.read(0x1ffff800)).toBe(0x00ff55aa);
    expect(chip.read(0x40015800)).toBe(0x20006448);
    expect(chip.chip.peek(0x1ffff800, 2)).toEqual(Uint8Array.of(0xaa, 0x55));
    expect(chip.chip.peek(0, 4)).toEqual(chip.chip.peek(FLASH, 4));
    expect(chip.chip.peek(0x50000000, 4)).toBeUndefined();
    expect(chip.chip.peek(0x20003ffe, 4)).toBeUndefined();
    expect(chip.chip.poke(FLASH, Uint8Array.of(1))).toBe(false);
  });

  test('a debugger looks at registers, and nothing comes of it', () => {
    const chip = probe();
    const word = (address: number): number | undefined => {
      const bytes = chip.chip.peek(address, 4);
      return bytes && new DataView(bytes.buffer).getUint32(0, true);
    };
    expect([word(CSR), word(AHBENR)]).toEqual([0x0c800000, 0x14]);
    expect(chip.chip.peek(CSR + 2, 2)).toEqual(Uint8Array.of(0x80, 0x0c));
    expect([word(0x40013824), word(0x40006000)]).toEqual([0, 0]);
    chip.write(APB2ENR, 1 << 14);
    chip.write(APB1ENR, 1 << 23);
    chip.write(0x40013800, 0xd);
    chip.type('x');
    expect([word(0x40013824), chip.read(0x40013824)]).toEqual([0, 0x78]);
    chip.write(0x40006002, 0xcafe, 2);
    expect(word(0x40006000)).toBe(0xcafe0000);
    expect([word(RCC + 0x38), chip.chip.peek(RCC, 0x800)]).toEqual([undefined, undefined]);
    chip.write(APB2ENR, 1);
    chip.write(0x40010000, 1);
    expect([word(4), chip.chip.core.fault]).toEqual([0x1fffc8c1, undefined]);
  });

  test.each([
    [0x40005404, 'STM32F072: I2C1 register 0x04 (0x40005404) is not modelled'],
    [0x40013000, 'STM32F072: SPI1 register 0x00 (0x40013000) is not modelled'],
    [0x40002800, 'STM32F072: RTC TR (0x40002800) is not modelled'],
    [0x40021038, 'STM32F072: RCC register 0x38 (0x40021038) is not modelled'],
    [0x1fffd000, 'system memory behind its first two vectors (0x1fffd000) is not modelled'],
    [0x60000000, 'a read at 0x60000000, where nothing is'],
  ])('a read at %s is a fault with a name', (address, words) => {
    const chip = probe();
    chip.write(APB1ENR, 0xffffffff);
    chip.write(APB2ENR, 0xffffffff);
    expect(chip.fault(() => chip.read(address))).toContain(words);
    expect(chip.chip.core.fault?.unmodelled).toBe(words.includes('not modelled'));
  });
});

describe('the flash interface', () => {
  const KEYR = 0x40022004;
  const SR = 0x4002200c;
  const CR = 0x40022010;
  const AR = 0x40022014;
  const unlocked = (): RegisterProbe => {
    const chip = probe();
    chip.write(KEYR, 0x45670123);
    chip.write(KEYR, 0xcdef89ab);
    return chip;
  };

  test('waits as it is told, and the status of the prefetch buffer follows its switch', () => {
    const chip = probe();
    const ACR = 0x40022000;
    expect(chip.read(ACR)).toBe(0x30);
    chip.write(ACR, 1);
    expect(chip.read(ACR)).toBe(1);
    chip.write(ACR, 0x11);
    expect(chip.read(ACR)).toBe(0x31);
  });

  test('is locked, and opened by two keys', () => {
    const chip = probe();
    chip.write(CR, 1);
    expect(chip.read(CR)).toBe(0x80);
    chip.write(KEYR, 0x45670123);
    chip.write(KEYR, 0xcdef89ab);
    expect(chip.read(CR)).toBe(0);
    chip.write(CR, 0x80);
    expect(chip.read(CR)).toBe(0x80);
  });

  test('a wrong key is a fault, and after it no key is right', () => {
    const chip = probe();
    chip.write(KEYR, 0x45670123);
    expect(chip.fault(() => chip.write(KEYR, 0x45670123))).toContain(
      '0x45670123 is not the key that FLASH_KEYR wants',
    );
    chip.write(KEYR, 0x45670123);
    chip.write(KEYR, 0xcdef89ab);
    expect(chip.read(CR)).toBe(0x80);
  });

  test('half-words are programmed, once, in their time', () => {
    const chip = unlocked();
    chip.write(CR, 1);
    const before = chip.chip.nowNs;
    chip.write(FLASH + 0x8000, 0x1234, 2);
    expect(chip.read(SR)).toBe(0x20);
    expect(chip.chip.nowNs - before).toBeGreaterThan(53_500);
    chip.write(SR, 0x20);
    expect(chip.read(FLASH + 0x8000)).toBe(0xffff1234);
    // Not erased: only 0 may follow (RM0091 §3.2.2).
    chip.write(FLASH + 0x8000, 0x1200, 2);
    expect(chip.read(SR)).toBe(0x04);
    chip.write(SR, 0x04);
    chip.write(FLASH + 0x8000, 0, 2);
    expect(chip.read(SR)).toBe(0x20);
    expect(chip.operations).toEqual(['program 8000+2', 'program 8000+2']);
    // The alias at 0 is the same flash.
    chip.write(0x8002, 0xabcd, 2);
    expect(chip.read(FLASH + 0x8000)).toBe(0xabcd0000);
  });

  test.each([
    [0, 2, 'a write into flash at 0x08008000: FLASH_CR.PG is not set'],
    [1, 4, 'a write into flash at 0x08008000: 4 bytes at once, where half-words are programmed'],
  ] as const)('with CR %i, %i bytes at once are a fault', (cr, size, words) => {
    const chip = unlocked();
    chip.write(CR, cr);
    expect(chip.fault(() => chip.write(FLASH + 0x8000, 0, size))).toBe(words);
    expect(chip.operations).toEqual([]);
  });

  test('a page is erased, all is erased, and what is no page is not', () => {
    const chip = unlocked();
    chip.write(CR, 2);
    chip.write(AR, FLASH + 0x8123);
    const before = chip.chip.nowNs;
    chip.write(CR, 0x42);
    expect(chip.read(SR)).toBe(0x20);
    expect(chip.chip.nowNs - before).toBeGreaterThan(40e6);
    chip.write(AR, FLASH - 4);
    chip.write(CR, 0x42);
    chip.write(CR, 0x44);
    expect(chip.operations).toEqual(['erase 8000+800', 'erase 0+20000']);
  });

  test('an interrupt tells of the end, and of a failure', () => {
    const chip = unlocked();
    chip.write(CR, 0x1401);
    chip.write(FLASH + 0x8000, 0x1234, 2);
    expect(pends(chip, interrupts.FLASH)).toBe(true);
    chip.write(SR, 0x20);
    chip.write(0xe000e280, 1 << interrupts.FLASH);
    expect(pends(chip, interrupts.FLASH)).toBe(false);
    chip.write(FLASH + 0x8000, 0x1234, 2);
    expect(pends(chip, interrupts.FLASH)).toBe(true);
  });

  test.each([
    [0x10, 'no fault'],
    [0x60, 'FLASH CR: to erase option bytes'],
    [0x2000, 'FLASH CR: OBL_LAUNCH'],
  ])('of option bytes: CR %s is %s', (cr, words) => {
    const chip = unlocked();
    chip.write(0x40022008, 0x45670123);
    chip.write(0x40022008, 0xcdef89ab);
    expect(chip.read(CR)).toBe(0x200);
    expect(chip.fault(() => chip.write(CR, 0x200 | cr))).toContain(words);
  });
});

describe('pins', () => {
  const GPIOC = 0x48000800;
  const GPIOA = 0x48000000;

  test('lamps: outputs are told, set and cleared in every way, and let go', () => {
    const chip = probe();
    chip.write(AHBENR, 0x3e0014);
    chip.write(GPIOC, 1 << 12);
    expect(chip.pins.get('PC6')).toBe(false);
    chip.write(GPIOC + 0x18, 1 << 6);
    expect([chip.pins.get('PC6'), chip.read(GPIOC + 0x10)]).toEqual([true, 1 << 6]);
    chip.write(GPIOC + 0x18, 1 << 22);
    expect(chip.pins.get('PC6')).toBe(false);
    chip.write(GPIOC + 0x14, 1 << 6);
    expect(chip.pins.get('PC6')).toBe(true);
    chip.write(GPIOC + 0x28, 1 << 6);
    expect(chip.pins.get('PC6')).toBe(false);
    // Half of BSRR: set, or clear.
    chip.write(GPIOC + 0x18, 1 << 6, 2);
    expect(chip.pins.get('PC6')).toBe(true);
    chip.write(GPIOC + 0x1a, 1 << 6, 2);
    expect(chip.pins.get('PC6')).toBe(false);
    chip.write(GPIOC + 4, 1 << 6);
    chip.write(GPIOC + 0x18, 1 << 6);
    expect(chip.pins.get('PC6')).toBeUndefined();
    chip.write(GPIOC + 4, 0);
    expect(chip.pins.get('PC6')).toBe(true);
    chip.write(GPIOC, 0);
    expect(chip.pins.get('PC6')).toBeUndefined();
  });

  test('the button: levels, pulls, edges by interrupt', () => {
    const chip = probe();
    chip.write(AHBENR, 0x3e0014);
    chip.write(APB2ENR, 1);
    expect(chip.read(GPIOA)).toBe(0x28000000);
    chip.write(GPIOA + 0xc, 1);
    expect(chip.read(GPIOA + 0x10) & 1).toBe(1);
    chip.write(GPIOA + 0xc, 2);
    expect(chip.read(GPIOA + 0x10) & 1).toBe(0);
    const EXTI = 0x40010400;
    chip.write(EXTI, 1);
    chip.write(EXTI + 8, 1);
    chip.chip.setPin('PA0', true);
    expect(chip.read(GPIOA + 0x10) & 1).toBe(1);
    expect(chip.read(EXTI + 0x14)).toBe(1);
    expect(pends(chip, interrupts.EXTI0_1)).toBe(true);
    chip.write(EXTI + 0x14, 1);
    chip.chip.setPin('PA0', undefined);
    expect(chip.read(EXTI + 0x14)).toBe(0);
    chip.write(EXTI + 0xc, 1);
    chip.chip.setPin('PA0', true);
    chip.write(EXTI + 0x14, 1);
    chip.chip.setPin('PA0', false);
    expect(chip.read(EXTI + 0x14)).toBe(1);
    chip.write(EXTI, 0x11);
    chip.write(EXTI + 0x10, 0x10);
    expect(chip.read(EXTI + 0x14)).toBe(0x11);
    expect(pends(chip, interrupts.EXTI4_15)).toBe(true);
    chip.write(0x40010008, 2);
    expect(chip.read(0x40010008)).toBe(2);
  });

  test('BOOT0 is there, PG0 is not', () => {
    const { chip } = probe();
    expect(() => chip.setPin('BOOT0', true)).not.toThrow();
    expect(() => chip.setPin('PG0', true)).toThrow('an STM32F072 has no pin PG0');
    expect(() => chip.setPin('PA16', true)).toThrow('PA0 to PF15');
  });
});

describe('the CRC unit', () => {
  const CRC = 0x40023000;
  const feed = (cr: number, bytes: string): number => {
    const chip = probe();
    chip.write(AHBENR, 0x54);
    chip.write(CRC + 8, cr | 1);
    for (const char of bytes) chip.write(CRC, char.charCodeAt(0), 1);
    return chip.read(CRC);
  };

  test('the CRC-32 that everybody knows, without its last inversion', () => {
    expect((~feed(0xa0, '123456789') >>> 0).toString(16)).toBe('cbf43926');
  });

  test('as it is after a reset: CRC-32/MPEG-2', () => {
    expect(feed(0, '123456789').toString(16)).toBe('376e6e7');
  });

  test('sixteen bits, another polynomial, whole words', () => {
    const chip = probe();
    chip.write(AHBENR, 0x54);
    chip.write(CRC + 0x14, 0x1021);
    chip.write(CRC + 8, 0x09);
    for (const char of '123456789') chip.write(CRC, char.charCodeAt(0), 1);
    expect(chip.read(CRC).toString(16)).toBe('29b1');
    chip.write(CRC + 8, 0x09);
    chip.write(CRC, 0x31323334);
    chip.write(CRC, 0x35363738);
    chip.write(CRC, 0x39, 1);
    expect(chip.read(CRC).toString(16)).toBe('29b1');
    chip.write(CRC + 4, 0x1ff);
    expect(chip.read(CRC + 4)).toBe(0xff);
    chip.write(CRC + 0x10, 0);
    expect(chip.read(CRC)).toBe(0);
  });
});

describe('peripherals that nothing is connected to', () => {
  test('without a clock they do nothing, whatever is written', () => {
    const chip = probe();
    chip.write(0x40005400, 1);
    chip.write(0x40020008, 1);
    expect(chip.read(0x40005400)).toBe(0);
  });

  test('DMA is set up, and not used', () => {
    const chip = probe();
    chip.write(AHBENR, 0x15);
    chip.write(0x40020004, 0xffffffff);
    chip.write(0x40020080, 0x1c);
    chip.write(0x40020084, 0x10003);
    expect([chip.read(0x40020000), chip.read(0x40020080), chip.read(0x40020084)]).toEqual([
      0, 0x1c, 3,
    ]);
    expect(chip.fault(() => chip.write(0x40020080, 1))).toBe(
      'STM32F072: DMA1 CCR7: a transfer (0x40020080) is not modelled',
    );
  });

  test('CAN: initialised, asleep, at a bus on which nobody is', () => {
    const chip = probe();
    const CAN = 0x40006400;
    chip.write(APB1ENR, 1 << 25);
    expect([chip.read(CAN), chip.read(CAN + 4)]).toEqual([0x10002, 0xc02]);
    chip.write(CAN, 0x10001);
    expect(chip.read(CAN + 4)).toBe(0xc01);
    chip.write(CAN + 4, 0xffff);
    chip.write(CAN + 0x1c, 0x123);
    chip.write(CAN + 0x240, 7);
    chip.write(CAN, 0x10000);
    expect(chip.read(CAN + 4)).toBe(0xc00);
    expect([chip.read(CAN + 0xc), chip.read(CAN + 8), chip.read(CAN + 0x240)]).toEqual([
      0, 0x1c000000, 7,
    ]);
    chip.write(CAN + 0x180, 0x200);
    chip.write(CAN, 0x8000);
    expect([chip.read(CAN), chip.read(CAN + 0x180)]).toEqual([0x10002, 0x200]);
    expect(chip.fault(() => chip.write(CAN + 0x180, 1))).toContain(
      'CAN TI0R: to send a frame (0x40006580)',
    );
  });
});

describe('what outlives a reset', () => {
  test('backup registers, once they are unlocked', () => {
    const chip = probe();
    const BKP0R = 0x40002850;
    chip.write(APB1ENR, 1 << 28);
    chip.write(BKP0R, 1);
    chip.write(RCC + 0x20, 1);
    expect([chip.read(BKP0R), chip.read(RCC + 0x20)]).toEqual([0, 0]);
    chip.write(0x40007000, 0x100);
    chip.write(BKP0R + 16, 0xcafe);
    chip.write(RCC + 0x20, 0x8201);
    chip.start('software');
    expect(chip.read(BKP0R + 16)).toBe(0xcafe);
    expect(chip.read(RCC + 0x20)).toBe(0x8203);
    chip.start('power-on');
    expect(chip.read(BKP0R + 16)).toBe(0);
    expect(chip.read(RCC + 0x20)).toBe(0);
  });

  test('the lock and the set-up of the RTC, clock recovery', () => {
    const chip = probe();
    chip.write(APB1ENR, 3 << 27);
    chip.write(0x40007000, 0x100);
    chip.write(0x4000280c, 0x80);
    expect(chip.read(0x4000280c)).toBe(0x27);
    chip.write(0x40002824, 0xca);
    chip.write(0x40002824, 0x53);
    chip.write(0x4000280c, 0x80);
    expect(chip.read(0x4000280c)).toBe(0xe7);
    chip.write(0x40002810, 0x7f0001);
    expect(chip.read(0x40002810)).toBe(0x7f0001);
    expect(chip.read(0x40006c08)).toBe(0);
    chip.write(0x40006c00, 0x2060);
    chip.write(0x40006c0c, 1);
    expect(chip.read(0x40006c08)).toBe(1);
  });
});
