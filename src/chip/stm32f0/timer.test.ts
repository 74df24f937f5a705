import { describe, expect, test } from 'vitest';
import { RegisterProbe } from '../../../test/support/machine/register-probe.ts';
import { FLASH_BYTES, interrupts } from './addresses.ts';
import { stm32f072 } from './stm32f072.ts';

const APB2ENR = 0x40021018;
const APB1ENR = 0x4002101c;
const TIM1 = 0x40012c00;
const TIM2 = 0x40000000;
const TIM6 = 0x40001000;
const at = {
  CR1: 0,
  SMCR: 8,
  DIER: 0xc,
  SR: 0x10,
  EGR: 0x14,
  CCMR1: 0x18,
  CNT: 0x24,
  PSC: 0x28,
  ARR: 0x2c,
  RCR: 0x30,
  CCR1: 0x34,
  CCR2: 0x38,
};
const URS = 4;

function fed(): RegisterProbe {
  const probe = new RegisterProbe(stm32f072, FLASH_BYTES);
  probe.write(APB1ENR, 0x33);
  probe.write(APB2ENR, 1 << 11);
  return probe;
}

/** A timer of 8 MHz that counts at 1 kHz. */
function milliseconds(base: number, arr: number): RegisterProbe {
  const probe = fed();
  probe.write(base + at.CR1, URS);
  probe.write(base + at.PSC, 7999);
  probe.write(base + at.ARR, arr);
  probe.write(base + at.EGR, 1);
  return probe;
}

describe('a timer', () => {
  test('counts, starts again and says so', () => {
    const probe = milliseconds(TIM6, 9);
    probe.write(TIM6 + at.CR1, 1);
    probe.wait(3.5);
    expect([probe.read(TIM6 + at.CNT), probe.read(TIM6 + at.SR)]).toEqual([3, 0]);
    probe.wait(7);
    expect([probe.read(TIM6 + at.CNT), probe.read(TIM6 + at.SR)]).toEqual([0, 1]);
    probe.write(TIM6 + at.SR, 0);
    probe.wait(1005);
    expect([probe.read(TIM6 + at.CNT), probe.read(TIM6 + at.SR)]).toEqual([5, 1]);
    // Stopped, it stands.
    probe.write(TIM6 + at.CR1, 0);
    probe.wait(50);
    expect(probe.read(TIM6 + at.CNT)).toBe(5);
    probe.write(TIM6 + at.CNT, 7);
    expect(probe.read(TIM6 + at.CNT)).toBe(7);
  });

  test('raises its line at that very cycle, and wakes the core', () => {
    const probe = milliseconds(TIM6, 9);
    probe.write(0xe000e100, 1 << interrupts.TIM6);
    probe.write(TIM6 + at.DIER, 1);
    probe.write(TIM6 + at.CR1, 1);
    const beginNs = probe.chip.nowNs;
    expect(probe.wait(9.9, 'wfi')).toBe('idle');
    // Its handler is a BKPT.
    expect(probe.run(1).why).toBe('breakpoint');
    expect(probe.chip.core.xpsr & 0x3f).toBe(16 + interrupts.TIM6);
    expect((probe.chip.nowNs - beginNs) / 1e6).toBeCloseTo(10, 1);
  });

  test('sleep tells when it ends', () => {
    const probe = milliseconds(TIM6, 99);
    probe.write(TIM6 + at.DIER, 1);
    probe.write(TIM6 + at.CR1, 1);
    const { nowNs } = probe.chip;
    probe.wait(0.001, 'wfi');
    const stop = probe.chip.run(nowNs + 1e6);
    if (stop.why !== 'idle') throw new Error(stop.why);
    expect(Math.round((stop.nextNs - nowNs) / 1e6)).toBe(100);
  });

  test('one pulse: counts to its end once', () => {
    const probe = milliseconds(TIM6, 9);
    probe.write(TIM6 + at.CR1, 9);
    probe.wait(25);
    expect([
      probe.read(TIM6 + at.CNT),
      probe.read(TIM6 + at.CR1),
      probe.read(TIM6 + at.SR),
    ]).toEqual([0, 8, 1]);
  });

  test('a new prescaler counts from the next round on; a reload value that is kept back, too', () => {
    const probe = milliseconds(TIM6, 9);
    probe.write(TIM6 + at.CR1, 0x81);
    probe.write(TIM6 + at.PSC, 15999);
    probe.write(TIM6 + at.ARR, 4);
    probe.wait(9.5);
    expect(probe.read(TIM6 + at.CNT)).toBe(9);
    probe.wait(5);
    expect(probe.read(TIM6 + at.CNT)).toBe(2);
    probe.wait(6);
    expect(probe.read(TIM6 + at.CNT)).toBe(0);
    // Without ARPE at once; beyond it, the counter runs round.
    probe.write(TIM6 + at.CR1, 1);
    probe.write(TIM6 + at.CNT, 9);
    probe.wait(20);
    expect(probe.read(TIM6 + at.CNT)).toBe(19);
    probe.write(TIM6 + at.CR1, 3);
    probe.write(TIM6 + at.SR, 0);
    probe.write(TIM6 + at.CNT, 4);
    probe.wait(3);
    expect([probe.read(TIM6 + at.SR), probe.read(TIM6 + at.CNT)]).toEqual([0, 0]);
    probe.write(TIM6 + at.CR1, 1);
    probe.write(TIM6 + at.EGR, 1);
    expect(probe.read(TIM6 + at.SR)).toBe(1);
  });

  test('compare channels of a 32-bit timer', () => {
    const probe = milliseconds(TIM2, 0xffffffff);
    probe.write(TIM2 + at.CCR1, 3);
    probe.write(TIM2 + at.CCR2, 6);
    probe.write(TIM2 + at.DIER, 0x6);
    probe.write(TIM2 + at.CR1, 1);
    probe.wait(2.9);
    expect(probe.pending()).toBe(0);
    probe.wait(0.2);
    expect(probe.pending()).toBe(1 << interrupts.TIM2);
    expect(probe.read(TIM2 + at.SR)).toBe(2);
    probe.write(TIM2 + at.SR, 0);
    probe.write(0xe000e280, 0xffffffff);
    probe.wait(3);
    expect([probe.read(TIM2 + at.SR), probe.pending()]).toEqual([4, 1 << interrupts.TIM2]);
  });

  test('an advanced timer has two lines', () => {
    const probe = milliseconds(TIM1, 4);
    probe.write(TIM1 + at.CCR1, 2);
    probe.write(TIM1 + at.DIER, 3);
    probe.write(TIM1 + at.CR1, 1);
    probe.wait(2.5);
    expect(probe.pending()).toBe(1 << interrupts.TIM1_CC);
    probe.wait(3);
    expect(probe.pending()).toBe((1 << interrupts.TIM1_CC) | (1 << interrupts.TIM1_BRK_UP));
    probe.write(TIM1 + at.EGR, 4);
    expect(probe.read(TIM1 + at.SR) & 4).toBe(4);
  });

  test('is fed with twice the bus clock where that is divided', () => {
    const probe = milliseconds(TIM6, 0xffff);
    probe.write(0x40021004, 5 << 8);
    probe.write(TIM6 + at.CR1, 1);
    probe.wait(10.5);
    expect(probe.read(TIM6 + at.CNT)).toBe(5);
  });

  test.each([
    ['CR1', 0x10, 'TIM2 CR1: counting down (0x40000000)'],
    ['SMCR', 1, 'TIM2 SMCR: a slave mode'],
    ['DIER', 0x100, 'TIM2 DIER: DMA requests'],
    ['CCMR1', 1, 'TIM2 CCMR1: a channel that captures'],
    ['RCR', 1, 'TIM2 RCR: repetition'],
  ] as const)('%s with %i is a fault with a name', (name, value, words) => {
    const probe = fed();
    expect(probe.fault(() => probe.write(TIM2 + at[name], value))).toContain(words);
  });
});

describe('watchdogs', () => {
  const IWDG = 0x40003000;
  const WWDG = 0x40002c00;

  test('the independent one takes 400 ms unless it is told otherwise, and is held off by reloading', () => {
    const probe = fed();
    probe.write(IWDG, 0xcccc);
    expect(probe.wait(400)).toBe('time');
    probe.write(IWDG, 0xaaaa);
    expect(probe.wait(409)).toBe('time');
    expect(probe.wait(2)).toBe('reset');
  });

  test('its registers are behind a key; a shorter time', () => {
    const probe = fed();
    probe.write(IWDG + 4, 1);
    expect(probe.read(IWDG + 4)).toBe(0);
    probe.write(IWDG, 0x5555);
    probe.write(IWDG + 4, 1);
    probe.write(IWDG + 8, 99);
    expect([probe.read(IWDG + 4), probe.read(IWDG + 8), probe.read(IWDG + 0xc)]).toEqual([
      1, 99, 0,
    ]);
    probe.write(IWDG, 0xcccc);
    expect(probe.wait(19.9, 'wfi')).toBe('idle');
    expect(probe.wait(0.2, 'wfi')).toBe('reset');
  });

  test.each([
    [0, 4],
    [5, 128],
    [6, 256],
    [7, 256],
  ])('prescaler %i divides by %i', (prescaler, divider) => {
    const probe = fed();
    probe.write(IWDG, 0x5555);
    probe.write(IWDG + 4, prescaler);
    probe.write(IWDG + 8, 999);
    probe.write(IWDG, 0xcccc);
    // 40 kHz: 1000 steps
    expect(probe.wait(25 * divider - 1, 'wfi')).toBe('idle');
    expect(probe.wait(2, 'wfi')).toBe('reset');
  });

  test('a window: reloaded too early, it bites', () => {
    const probe = fed();
    probe.write(IWDG, 0x5555);
    probe.write(IWDG + 0x10, 0x7ff);
    probe.write(IWDG, 0xcccc);
    probe.wait(300);
    probe.write(IWDG, 0xaaaa);
    expect(probe.wait(1)).toBe('time');
    expect(() => probe.write(IWDG, 0xaaaa)).toThrow('it ended with: reset');
  });

  test('the window watchdog: its warning, its time, its flag', () => {
    const probe = fed();
    probe.write(APB1ENR, 1 << 11);
    probe.write(WWDG + 4, 0x27f);
    probe.write(WWDG, 0xff);
    // 4096 cycles of 8 MHz a step: 63 steps to the warning, 64 to the end.
    probe.wait(32);
    expect([probe.read(WWDG) & 0x7f, probe.read(WWDG + 8)]).toEqual([0x41, 0]);
    probe.wait(0.5);
    expect([probe.read(WWDG + 8), probe.pending()]).toEqual([1, 1 << interrupts.WWDG]);
    probe.write(WWDG + 8, 0);
    expect(probe.read(WWDG + 8)).toBe(0);
    expect(probe.wait(1)).toBe('reset');
    probe.start('watchdog');
    expect(probe.read(0x40021024)).toBe(0x4c800000);
  });

  test('the window watchdog counts the cycles of its bus', () => {
    const probe = fed();
    probe.write(APB1ENR, 1 << 11);
    probe.write(0x40021004, 4 << 8);
    probe.write(WWDG, 0xff);
    expect(probe.wait(65)).toBe('time');
    expect(probe.wait(1)).toBe('reset');
  });

  test.each([
    ['too early', 0x7f - 0x40, 0xff],
    ['to less than 0x40', 0x7f, 0xb0],
  ])('the window watchdog bites when it is fed %s', (_, window, value) => {
    const probe = fed();
    probe.write(APB1ENR, 1 << 11);
    probe.write(WWDG + 4, window);
    probe.write(WWDG, 0xff);
    expect(probe.wait(1)).toBe('time');
    expect(() => probe.write(WWDG, value)).toThrow('it ended with: reset');
  });
});
