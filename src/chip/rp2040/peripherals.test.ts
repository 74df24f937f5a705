import { describe, expect, test } from 'vitest';
import { rp2040Bench, Rp2040Probe } from '../../../test/support/machine/rp2040-probe.ts';

/* Registers, as the RP2040 datasheet has them: loads and stores of the core, and nothing else. */

const SET = 0x2000;
const CLEAR = 0x3000;
const TOGGLE = 0x1000;

/** 12 MHz of the crystal for clk_ref and clk_sys, a tick each microsecond. */
function clocked(): Rp2040Probe {
  const made = new Rp2040Probe();
  made.write(0x40024000, 0xfabaa0);
  made.write(0x40008030, 2);
  made.write(0x4005802c, 0x20c);
  return made;
}

describe('the bus', () => {
  test('has aliases that toggle, set and clear bits', () => {
    const { read, write } = new Rp2040Probe();
    write(0x4001c004, 0x12);
    write(0x4001c004 + SET, 0x40);
    expect(read(0x4001c004)).toBe(0x52);
    write(0x4001c004 + TOGGLE, 0x03);
    expect(read(0x4001c004 + TOGGLE)).toBe(0x51);
    write(0x4001c004 + CLEAR, 0x50);
    expect(read(0x4001c004)).toBe(0x01);
    // The USB controller's memory has them, too.
    write(0x50100080, 0x401);
    write(0x50100080 + SET, 0x800);
    expect(read(0x50100080)).toBe(0xc01);
  });

  test('gives a narrow store to all lanes of a register, and to its own in memory', () => {
    const { read, write } = new Rp2040Probe();
    write(0x40058010, 0xa5, 1);
    expect(read(0x40058010)).toBe(0xa5a5a5a5);
    write(0x40058010, 0x1234, 2);
    expect(read(0x40058010)).toBe(0x12341234);
    expect(read(0x40058012, 1)).toBe(0x34);
    write(0x50100200, 0);
    write(0x50100201, 0xa5, 1);
    write(0x50100202, 0x1234, 2);
    expect(read(0x50100200)).toBe(0x1234a500);
    write(0x21000004, 0xcafe, 2);
    expect(read(0x20000010)).toBe(0xcafe);
  });

  test('shows the flash four times, and takes no store there', () => {
    const board = new Rp2040Probe();
    const { read, write, fault } = board;
    board.flash.set([1, 2, 3, 4], 0x100);
    for (const view of [0x10000100, 0x11000100, 0x12000100, 0x13000100, 0x10200100]) {
      expect(read(view)).toBe(0x04030201);
    }
    write(0x10000100, 7);
    expect(board.flash[0x100]).toBe(1);
    write(0x14, 7);
    expect(board.warnings).toEqual([
      expect.stringMatching(/a store to flash address 0x10000100 does nothing/),
      expect.stringMatching(/a null pointer\?/),
    ]);
    expect(fault(() => write(0x13000100, 7))).toMatch(/XIP_CTRL says that it faults/);
  });

  test('the cache is memory while it is no cache', () => {
    const { read, write, fault } = new Rp2040Probe();
    write(0x14000000 + CLEAR, 1);
    write(0x15000010, 0x12345678);
    expect(read(0x15000011, 1)).toBe(0x56);
    write(0x14000000 + SET, 1);
    expect(fault(() => read(0x15000010))).toMatch(/memory only while it is no cache/);
  });

  test('blocks that are held in reset take nothing, and forget', () => {
    const board = new Rp2040Probe();
    const { read, write } = board;
    write(0x40034024, 26);
    write(0x4000c000 + SET, 1 << 22);
    expect(read(0x4000c008) & (1 << 22)).toBe(0);
    write(0x40034024, 13);
    expect(read(0x40034024)).toBe(0);
    expect(board.warnings).toEqual([
      expect.stringMatching(/a store to UART0 does nothing: RESETS/),
    ]);
    write(0x4000c000 + CLEAR, 1 << 22);
    expect(read(0x40034024)).toBe(0);
    // What start-up code of the SDK does is not worth a word.
    write(0x4000c000 + SET, 1 << 24);
    write(0x5011004c + SET, 1 << 18);
    expect(board.warnings).toHaveLength(1);
    write(0x5011004c + SET, 1 << 16);
    expect(board.warnings).toHaveLength(2);
    write(0x4000c000 + CLEAR, 1 << 24);
    expect(read(0x5011004c)).toBe(0);
  });

  test('the pads of the flash have an order of their own, with the select line last', () => {
    const { read, write } = new Rp2040Probe();
    write(0x4000c000 + SET, 1 << 9);
    write(0x4000c000 + CLEAR, 1 << 9);
    const pads = [4, 8, 12, 16, 20, 24].map((offset) => read(0x40020000 + offset));
    expect(pads).toEqual([0x56, 0x52, 0x52, 0x52, 0x52, 0x5a]);
    // The select line is the second pin of SIO: its pad is no input, and it reads as low.
    expect(read(0xd0000008) & 2).toBe(2);
    write(0x40020018 + CLEAR, 0x40);
    expect(read(0xd0000008) & 2).toBe(0);
  });

  test('what is not modelled is named', () => {
    const words = (address: number, value?: number): string =>
      new Rp2040Probe().fault(({ read, write }) =>
        value === undefined ? read(address) : write(address, value),
      );
    expect(words(0x40050000 + 0xa8, 1)).toBe('RP2040: PWM INTE (0x400500a8) is not modelled');
    expect(words(0x50300020)).toBe('RP2040: PIO1 RXF0 (0x50300020) is not modelled');
    expect(words(0x50300000, 1)).toBe('RP2040: PIO1 CTRL (0x50300000) is not modelled');
    expect(words(0xd0000054, 1)).toMatch(/core 1.*\(0xd0000054\) is not modelled/);
    expect(words(0x40004000, 1)).toMatch(/SYSCFG PROC0_NMI_MASK \(0x40004000\)/);
    expect(words(0x400500a8, 1)).toMatch(/PWM INTE/);
    expect(words(0x40024008, 0x636f6d61)).toMatch(/XOSC DORMANT \(0x40024008\)/);
    expect(words(0x4006000c, 0x636f6d61)).toMatch(/ROSC DORMANT \(0x4006000c\)/);
    expect(words(0x50110040, 3)).toMatch(/USB MAIN_CTRL as a host/);
    expect(words(0x40070000)).toBe('nobody answers at 0x40070000');
    expect(words(0x20042000)).toBe('nobody answers at 0x20042000');
  });
});

describe('what the chip is', () => {
  test('an RP2040 B2, after the reset that it was', () => {
    const board = new Rp2040Probe();
    const { read } = board;
    board.start('reset-pin');
    expect(read(0x40000000)).toBe(0x20002927);
    expect(read(0x40000004)).toBe(2);
    expect(read(0x4006c000)).toBe(1);
    expect(read(0xd0000000)).toBe(0);
    expect(read(0x40064008)).toBe(1 << 16);
    expect(read(0x10, 2)).toBe(0x754d);
    expect(read(0x13, 1)).toBe(3);
    expect(read(0x4000c008)).toBe(0x1ffffff);
    expect(board.retained[38]).toBe(1);
    // Power was there first, or came back; a watchdog leaves that as it was.
    const why = (): number => new DataView(board.retained.buffer).getUint32(36, true);
    board.start('power-on');
    expect(why()).toBe(1 << 8);
    board.start('watchdog');
    expect(why()).toBe(1 << 8);
  });

  test('clocks are what they are made of, and as fast as they are', () => {
    const made = new Rp2040Probe();
    const { read, write } = made;
    const mhz = (): number => {
      const before = made.chip;
      const [cycles, ns] = [before.core.cycles, before.nowNs];
      made.wait(0.1);
      return ((before.core.cycles - cycles) / (before.nowNs - ns)) * 1000;
    };
    expect(mhz()).toBeCloseTo(6.5, 1);
    write(0x40024000, 0xfabaa0);
    expect(read(0x40024004) >>> 31).toBe(1);
    write(0x40008030, 2);
    expect(read(0x40008038)).toBe(4);
    expect(mhz()).toBeCloseTo(12, 1);
    // 125 MHz: 12 * 125 / 6 / 2.
    write(0x40028000, 1);
    write(0x40028008, 125);
    expect(read(0x40028000) >>> 31).toBe(0);
    write(0x40028004 + CLEAR, 0x21);
    expect(read(0x40028000) >>> 31).toBe(1);
    write(0x4002800c, 0x62000);
    write(0x40028004 + CLEAR, 0x8);
    write(0x4000803c, 0);
    write(0x4000803c, 1);
    expect(read(0x40008044)).toBe(2);
    expect(mhz()).toBeCloseTo(125, 0);
    write(0x40008094, 9);
    expect(read(0x4000809c) >>> 5).toBe(125000);
    expect(read(0x40008098) & 0x10).toBe(0x10);
    expect([0, 1]).toContain(read(0x4006001c));
    write(0x40060000, 0xd1eaa0);
    expect(read(0x40060018)).toBe(0);
    expect(made.warnings).toEqual([]);
    // Nothing is left that makes a clock.
    write(0x40008030, 0);
    write(0x4000803c, 0);
    expect(made.warnings).toEqual([expect.stringMatching(/clk_sys has no source/)]);
  });
});

describe('SIO', () => {
  test('divides, by nothing too', () => {
    const { read, write } = new Rp2040Probe();
    const divided = (at: number, dividend: number, divisor: number): number[] => {
      write(0xd0000000 + at, dividend);
      write(0xd0000004 + at, divisor);
      expect(read(0xd0000078)).toBe(3);
      return [read(0xd0000074), read(0xd0000070)];
    };
    expect(divided(0x60, 100, 7)).toEqual([2, 14]);
    expect(divided(0x68, -100, 7)).toEqual([-2 >>> 0, -14 >>> 0]);
    expect(divided(0x60, 5, 0)).toEqual([5, 0xffffffff]);
    expect(divided(0x68, -5, 0)).toEqual([-5 >>> 0, 1]);
    expect(divided(0x68, 0x80000000, -1)).toEqual([0, 0x80000000]);
    expect(read(0xd0000078)).toBe(1);
  });

  test('locks once', () => {
    const { read, write } = new Rp2040Probe();
    expect(read(0xd000017c)).toBe(0x80000000);
    expect(read(0xd000017c)).toBe(0);
    expect(read(0xd000005c)).toBe(0x80000000);
    write(0xd000017c, 1);
    expect(read(0xd000017c)).toBe(0x80000000);
  });

  test('core 1 says 0 when it starts, and answers 0 with 0', () => {
    const { read, write } = new Rp2040Probe();
    expect(read(0xd0000050)).toBe(3);
    expect(read(0xd0000058)).toBe(0);
    expect(read(0xd0000050)).toBe(2);
    write(0xd0000054, 0);
    expect(read(0xd0000050)).toBe(3);
    read(0xd0000058);
    read(0xd0000058);
    expect(read(0xd0000050)).toBe(10);
    write(0xd0000050, 8);
    write(0x40010004, 1 << 16);
    write(0x40010004, 0);
    expect(read(0xd0000050)).toBe(3);
  });

  test('interpolates', () => {
    const { read, write } = new Rp2040Probe();
    // Lane 0: shifted right by 4, bits 0 to 7, added to its base.
    write(0xd00000ac, 4 | (7 << 10));
    write(0xd0000080, 0x1234);
    write(0xd0000088, 0x1000);
    expect(read(0xd00000a0)).toBe(0x1023);
    expect(read(0xd0000094)).toBe(0x1023);
    expect(read(0xd0000080)).toBe(0x1023);
    // Blending half-way between 100 and 200.
    write(0xd00000ac, (1 << 21) | (31 << 10));
    write(0xd00000b0, 31 << 10);
    write(0xd0000088, 100);
    write(0xd000008c, 200);
    write(0xd0000084, 128);
    expect(read(0xd00000a4)).toBe(150);
    // Clamping, on the other one.
    write(0xd00000ec, (1 << 22) | (1 << 15) | (31 << 10));
    write(0xd00000c8, -5 >>> 0);
    write(0xd00000cc, 5);
    write(0xd00000c0, -9 >>> 0);
    expect(read(0xd00000e0)).toBe(-5 >>> 0);
    write(0xd00000fc, 0x8000_0001);
    expect([read(0xd00000c8), read(0xd00000cc)]).toEqual([1, 0x8000]);
  });
});

describe('pins', () => {
  test('are driven, and driven from outside', () => {
    const board = new Rp2040Probe();
    const { read, write } = board;
    write(0x400140cc, 5);
    write(0xd0000024, 1 << 25);
    write(0xd0000014, 1 << 25);
    expect(board.pins.get('GPIO25')).toBe(true);
    expect(read(0xd0000004) >>> 25).toBe(1);
    write(0xd000001c, 1 << 25);
    expect(board.pins.get('GPIO25')).toBe(false);
    // OUTOVER: inverted.
    write(0x400140cc, 5 | (1 << 8));
    expect(board.pins.get('GPIO25')).toBe(true);
    write(0xd0000028, 1 << 25);
    expect(board.pins.get('GPIO25')).toBeUndefined();

    board.chip.setPin('GPIO2', true);
    expect(read(0xd0000004)).toBe(4);
    board.chip.setPin('GPIO2', undefined);
    expect(read(0xd0000004)).toBe(0);
    write(0x4001c00c, 0x4a);
    expect(read(0xd0000004)).toBe(4);
    expect(read(0xd0000008) & 2).toBe(2);
    board.chip.setPin('BOOTSEL', false);
    expect(read(0xd0000008) & 2).toBe(0);
    expect(() => board.chip.setPin('GPIO30', true)).toThrow(/GPIO0 to GPIO29/);
  });

  test('interrupt by level and by edge', () => {
    const board = new Rp2040Probe();
    const { read, write, pending } = board;
    write(0x40014100, 8 << 8);
    expect(pending()).toBe(0);
    board.chip.setPin('GPIO2', true);
    expect(pending()).toBe(1 << 13);
    expect(read(0x40014120)).toBe(8 << 8);
    board.chip.setPin('GPIO2', false);
    expect(read(0x400140f0) & 0xf00).toBe(0xd00);
    write(0x400140f0, 8 << 8);
    write(0xe000e280, 1 << 13);
    expect(pending()).toBe(0);
    write(0x40014100, 1 << 8);
    expect(pending()).toBe(1 << 13);
    write(0x40014100, 0);
    write(0xe000e280, 1 << 13);
    write(0x40014110, 1);
    expect(pending()).toBe(1 << 13);
  });
});

describe('time', () => {
  test('TIMER counts microseconds, latches its high word, and alarms', () => {
    const board = clocked();
    const { read, write, wait, pending } = board;
    wait(0.05);
    const before = read(0x40054028);
    wait(1);
    expect(read(0x40054028) - before).toBeGreaterThanOrEqual(1000);
    expect(read(0x40054028) - before).toBeLessThan(1010);
    write(0x40054004, 0xffffff00);
    write(0x40054000, 1);
    expect(read(0x40054024)).toBe(1);
    read(0x4005400c);
    wait(1);
    expect(read(0x40054008)).toBe(1);
    expect(read(0x40054024)).toBe(2);

    write(0x40054038, 0xf);
    write(0x40054018, read(0x40054028) + 100);
    write(0x4005401c, read(0x40054028) + 100);
    expect(read(0x40054020)).toBe(0xc);
    write(0x40054020, 8);
    expect(pending()).toBe(0);
    const start = board.chip.nowNs;
    wait(0.2);
    expect(pending()).toBe(4);
    expect(read(0x40054034)).toBe(4);
    expect(board.chip.nowNs - start).toBeGreaterThan(100e3);
    write(0x40054034, 4);
    expect(read(0x40054040)).toBe(0);

    write(0x40054030, 1);
    const stopped = read(0x40054028);
    wait(1);
    expect(read(0x40054028)).toBe(stopped);
  });

  test('TIMER goes as fast as the watchdog’s tick', () => {
    const { read, write, wait } = clocked();
    write(0x4005802c, 0x218);
    const before = read(0x40054028);
    wait(10);
    expect(read(0x40054028) - before).toBeLessThan(5010);
    write(0x4005802c, 12);
    const stopped = read(0x40054028);
    wait(10);
    expect(read(0x40054028)).toBe(stopped);
    expect(read(0x4005802c)).toBe(12);
  });

  test('the watchdog goes down by two, is fed, and keeps its words', () => {
    const board = clocked();
    const { read, write, wait } = board;
    write(0x40058014, 0x600dcafe);
    write(0x40058004, 20000);
    write(0x40058000 + SET, 1 << 30);
    wait(5);
    expect(read(0x40058000) & 0xffffff).toBeLessThanOrEqual(10000);
    expect(read(0x40058000) & 0xffffff).toBeGreaterThan(9900);
    write(0x40058004, 20000);
    wait(9);
    expect(board.chip.run(board.chip.nowNs + 5e6)).toEqual({ why: 'reset', cause: 'watchdog' });
    board.start('watchdog');
    expect(board.retained.slice(8, 12)).toEqual(Uint8Array.of(0xfe, 0xca, 0x0d, 0x60));
    expect(board.retained[32]).toBe(1);
  });

  test('RTC counts seconds of the chip', () => {
    const { read, write, wait } = clocked();
    write(0x4005c004, (2026 << 12) | (12 << 8) | 31);
    write(0x4005c008, (23 << 16) | (59 << 8) | 58);
    write(0x4005c00c, 0x10);
    write(0x4005c00c, 1);
    expect(read(0x4005c00c)).toBe(3);
    wait(3000);
    expect(read(0x4005c018)).toBe((2027 << 12) | (1 << 8) | 1);
    expect(read(0x4005c01c)).toBe((5 << 24) | 1);
  });
});

describe('UART', () => {
  test('hears through its FIFO, and interrupts', () => {
    const board = new Rp2040Probe();
    const { read, write, pending } = board;
    write(0x4003402c, 0x70);
    write(0x40034030, 0x301);
    write(0x40034038, 0x50);
    expect(read(0x40034018)).toBe(0x90);
    board.chip.uartInput(
      0,
      Uint8Array.from({ length: 40 }, (_, n) => n),
    );
    expect(pending()).toBe(1 << 20);
    expect(read(0x40034018)).toBe(0xc0);
    expect(read(0x40034040)).toBe(0x50);
    for (let n = 0; n < 40; n += 1) expect(read(0x40034000)).toBe(n);
    expect(read(0x40034018)).toBe(0x90);
    expect(read(0x40034040)).toBe(0);
    expect(read(0x40034fe0)).toBe(0x11);
  });

  test('says what it is told once it is on, and hears itself in a loop', () => {
    const board = new Rp2040Probe();
    const { read, write } = board;
    write(0x40034000, 0x41);
    expect(board.console).toBe('');
    write(0x40034030, 0x301);
    expect(board.console).toBe('A');
    write(0x40034000, 0x42, 1);
    expect(board.console).toBe('AB');
    expect(read(0x4003403c) & 0x20).toBe(0x20);
    write(0x40034044, 0x7ff);
    expect(read(0x4003403c)).toBe(0);
    write(0x40034030, 0x381);
    write(0x40034000, 0x43);
    expect(board.console).toBe('AB');
    expect(read(0x40034000)).toBe(0x43);
  });
});

describe('USB registers', () => {
  const BASE = 0x50110000;

  test('power on the bus is a level, and a change', () => {
    const board = new Rp2040Probe();
    const { read, write, pending } = board;
    write(BASE + 0x90, 1 << 11);
    expect(read(BASE + 0x50) & 1).toBe(1);
    expect(pending()).toBe(0);
    board.chip.usb.setVbus(false);
    expect(read(BASE + 0x50) & 1).toBe(0);
    expect(pending()).toBe(1 << 5);
    write(BASE + 0x50, 1);
    expect(read(BASE + 0x98)).toBe(0);
    // Said by the program itself.
    write(BASE + 0x78, 0xc);
    expect(read(BASE + 0x50) & 1).toBe(1);
    expect(read(BASE + 0x8c)).toBe((1 << 11) | (1 << 13));
    write(BASE + 0x50, 0x10001);
    expect(read(BASE + 0x8c)).toBe(0);
  });

  test('a device that is on counts frames for who asks, and is suspended without power', () => {
    const board = new Rp2040Probe();
    const { read, write, wait, pending } = board;
    write(BASE + 0x74, 9);
    write(BASE + 0x4c + SET, 1 << 16);
    expect(board.chip.usb.pulledUp).toBe(false);
    write(BASE + 0x40, 1);
    expect(board.chip.usb.pulledUp).toBe(true);
    expect(board.warnings).toEqual([expect.stringMatching(/clk_usb runs at 0 Hz/)]);
    write(BASE + 0x90, 1 << 17);
    wait(1.1);
    expect(pending()).toBe(1 << 5);
    const frame = read(BASE + 0x48);
    expect(read(BASE + 0x98)).toBe(0);
    wait(3);
    expect(read(BASE + 0x48) - frame).toBe(3);
    write(BASE + 0x90, 1 << 14);
    board.chip.usb.setVbus(false);
    expect(read(BASE + 0x98)).toBe(1 << 14);
    write(BASE + 0x50 + CLEAR, 1 << 4);
    expect(read(BASE + 0x98)).toBe(0);
    board.chip.usb.setVbus(true);
    expect(read(BASE + 0x50) & (1 << 11)).toBe(1 << 11);
    write(0x4000c000 + SET, 1 << 24);
    expect(board.chip.usb.pulledUp).toBe(false);
  });

  test('an abort is done at once; stalls and NAKs are not told of', () => {
    const { read, write, fault } = new Rp2040Probe();
    write(BASE + 0x60 + SET, 1);
    expect(read(BASE + 0x64)).toBe(1);
    expect(read(BASE + 0x8c)).toBe(1 << 18);
    write(BASE + 0x64 + CLEAR, 1);
    expect(read(BASE + 0x64)).toBe(0);
    write(BASE + 0x68, 3);
    expect(read(BASE + 0x68)).toBe(3);
    expect(read(BASE + 0x5c)).toBe(0);
    expect(fault(() => write(BASE + 0x90, 1 << 19))).toMatch(/USB INTE_EP_STALL_NAK/);
  });
});

describe('what is only set up', () => {
  test('PWM counts', () => {
    const { read, write, wait } = new Rp2040Probe();
    write(0x40050010, 999);
    expect(read(0x40050008)).toBe(0);
    write(0x400500a0, 1);
    expect(read(0x40050000)).toBe(1);
    expect(read(0x400500a0)).toBe(1);
    wait(1);
    expect(read(0x40050008)).toBeLessThan(1000);
  });

  test('nobody answers on I2C', () => {
    const { read, write, pending } = new Rp2040Probe();
    write(0x40048010, 0x100);
    expect(read(0x40048034)).toBe(0);
    write(0x4004806c, 1);
    write(0x40048010, 0x300);
    expect(read(0x40048034)).toBe((1 << 4) | (1 << 6) | (1 << 9));
    expect(pending()).toBe(1 << 24);
    expect(read(0x4004802c)).toBe((1 << 4) | (1 << 6));
    expect(read(0x40048080)).toBe(1);
    expect(read(0x40048054)).toBe(1);
    expect(read(0x40048054)).toBe(0);
    expect(read(0x40048080)).toBe(0);
    expect(read(0x40048060)).toBe(1);
    expect(read(0x40048034)).toBe(1 << 4);
  });

  test('I2C and PIO keep what is written', () => {
    const { read, write } = new Rp2040Probe();
    write(0x4004406c, 1);
    expect(read(0x4004409c)).toBe(1);
    write(0x50200048, 0xe000);
    expect(read(0x50200048)).toBe(0xe000);
    expect(read(0x50200004)).toBe(0x0f000f00);
    expect(read(0x50200000)).toBe(0);
  });

  test('the ADC goes round, and has no FIFO that fills by itself', () => {
    const { read, write, fault } = new Rp2040Probe();
    write(0x4004c000, 7 | (3 << 12) | (0x18 << 16));
    expect((read(0x4004c000) >>> 12) & 7).toBe(4);
    write(0x4004c000, 0xb | (4 << 12));
    expect(read(0x4004c004)).toBe(876);
    write(0x4004c008, 1);
    expect(fault(() => write(0x4004c000, 9))).toMatch(/ADC CS \(0x4004c000\)/);
  });

  test('an alarm of the calendar, frames of SSI that are no bytes, and a core that is switched off are named', () => {
    const words = (access: (made: Rp2040Probe) => void): string => new Rp2040Probe().fault(access);
    expect(words(({ write }) => write(0x4005c010, 0x10000000))).toMatch(/RTC IRQ_SETUP_0/);
    expect(
      words(({ write }) => {
        write(0x18000008, 0);
        write(0x18000000, 31 << 16);
        write(0x18000008, 1);
        write(0x18000060, 0);
      }),
    ).toMatch(/SSI DR0 with frames other than of 8 bits/);
    expect(words(({ write }) => write(0x40010004, 1))).toMatch(/PSM FRCE_OFF/);
    expect(words(({ write }) => write(0x40014130, 1))).toMatch(/IO_BANK0 PROC1_INTE/);
  });
});

describe('SSI', () => {
  const SSI = 0x18000000;

  test('reads over two and four wires, as second stages do to begin it', () => {
    const board = new Rp2040Probe();
    const { read, write } = board;
    board.flash.set([1, 2, 3, 4, 5, 6, 7, 8], 0x1230);
    // 32 bits a frame; two frames; a command of 8 bits, then 24 bits of address and 4 of mode.
    write(SSI + 0x08, 0);
    write(SSI, (1 << 21) | (31 << 16) | (3 << 8));
    write(SSI + 0x04, 1);
    write(SSI + 0xf4, (7 << 2) | (2 << 8) | (2 << 11));
    write(SSI + 0x08, 1);
    write(SSI + 0x60, 0xbb);
    expect(read(SSI + 0x28) & 8).toBe(0);
    write(SSI + 0x60, 0x12302);
    expect(read(SSI + 0x28) & 8).toBe(8);
    expect([read(SSI + 0x60), read(SSI + 0x60)]).toEqual([0x01020304, 0x05060708]);
    // No command, and 8 bits of mode.
    write(SSI + 0x08, 0);
    write(SSI, (2 << 21) | (31 << 16) | (3 << 8));
    write(SSI + 0x04, 0);
    write(SSI + 0xf4, (8 << 2) | (4 << 11) | 2);
    write(SSI + 0x08, 1);
    write(SSI + 0x60, 0x1234a0);
    expect([read(SSI + 0x24), read(SSI + 0x60)]).toEqual([1, 0x05060708]);
    // What was read is gone when it is switched off.
    write(SSI + 0x60, 0x1234a0);
    write(SSI + 0x08, 0);
    expect(read(SSI + 0x24)).toBe(0);
  });
});

describe('SPI', () => {
  const SPI = 0x4003c000;

  test('with nothing at its pins sends, and gets zeros', () => {
    const { read, write, pending } = new Rp2040Probe();
    expect(read(SPI + 0xfe0)).toBe(0x22);
    write(SPI, 0x307);
    expect(read(SPI)).toBe(0x307);
    write(SPI + 0x08, 0x11);
    expect([read(SPI + 0x0c), read(SPI + 0x18)]).toEqual([2, 8]);
    write(SPI + 0x04, 2);
    expect([read(SPI + 0x0c), read(SPI + 0x18)]).toEqual([7, 10]);
    expect(read(SPI + 0x08)).toBe(0);
    expect(read(SPI + 0x0c)).toBe(3);
    for (let n = 0; n < 9; n += 1) write(SPI + 0x08, n);
    expect([read(SPI + 0x0c), read(SPI + 0x18)]).toEqual([15, 15]);
    write(SPI + 0x14, 1);
    expect([read(SPI + 0x1c), pending()]).toEqual([1, 1 << 18]);
    write(SPI + 0x20, 3);
    expect(read(SPI + 0x18)).toBe(12);
    write(0x4000c000 + SET, 1 << 16);
    write(0x4000c000 + CLEAR, 1 << 16);
    expect([read(SPI + 0x0c), read(SPI + 0x04)]).toEqual([3, 0]);
  });

  test('in loopback gets what it sends, as wide as its frames; by DMA, both ways', () => {
    const board = new Rp2040Probe();
    const { read, write } = board;
    write(SPI, 7);
    write(SPI + 0x04, 3);
    write(SPI + 0x08, 0x1a5);
    expect(read(SPI + 0x08)).toBe(0xa5);
    const sent = Uint8Array.from({ length: 100 }, (_, n) => n * 3);
    board.ram.set(sent, 0x1000);
    write(SPI + 0x24, 3);
    // Channel 0 receives, and waits; channel 1 sends.
    write(0x50000000, SPI + 0x08);
    write(0x50000004, 0x20002000);
    write(0x50000008, 100);
    write(0x5000000c, 1 | (1 << 5) | (17 << 15));
    expect(read(0x50000008)).toBe(100);
    write(0x50000040, 0x20001000);
    write(0x50000044, SPI + 0x08);
    write(0x50000048, 100);
    write(0x5000004c, 1 | (1 << 4) | (1 << 11) | (16 << 15));
    expect([read(0x50000008), read(0x50000048), read(0x50000400)]).toEqual([0, 0, 3]);
    expect(board.ram.subarray(0x2000, 0x2064)).toEqual(sent);
  });

  test('DMA waits for a reader of what it sends for', () => {
    const { read, write } = new Rp2040Probe();
    write(SPI, 7);
    write(SPI + 0x04, 3);
    write(SPI + 0x24, 2);
    write(0x50000040, 0x20001000);
    write(0x50000044, SPI + 0x08);
    write(0x50000048, 10);
    write(0x5000004c, 1 | (1 << 11) | (16 << 15));
    expect(read(0x50000048)).toBe(2);
    read(SPI + 0x08);
    expect(read(0x50000048)).toBe(1);
    read(SPI + 0x08);
    expect(read(0x50000048)).toBe(0);
  });
});

describe('DMA', () => {
  const sniffed = (control: number, text: string, size: 0 | 2, start = 0xffffffff): number => {
    const board = new Rp2040Probe();
    const { read, write } = board;
    board.ram.set(
      Uint8Array.from(text, (each) => each.charCodeAt(0)),
      0x1000,
    );
    write(0x50000434, control | 1 | (2 << 1));
    write(0x50000438, start);
    write(0x50000080, 0x20001000);
    write(0x50000084, 0x20003000);
    write(0x50000088, text.length >>> size);
    write(0x5000008c, 1 | (size << 2) | (1 << 4) | (2 << 11) | (0x3f << 15) | (1 << 23));
    return read(0x50000438);
  };

  test('makes a checksum of what it moves', () => {
    const [crc32, crc32Reversed, crc16] = [0, 1 << 5, 2 << 5];
    // The check values of CRC-32/MPEG-2, CRC-32 and CRC-16/IBM-3740.
    expect(sniffed(crc32, '123456789', 0)).toBe(0x0376e6e7);
    const zip = crc32Reversed | (1 << 10) | (1 << 11);
    expect(sniffed(zip, '123456789', 0)).toBe(0xcbf43926);
    expect(sniffed(crc16, '123456789', 0, 0xffff)).toBe(0x29b1);
    // Words are those bytes, too; turned round, they are for the other.
    expect(sniffed(zip, '12345678', 2)).toBe(sniffed(zip, '12345678', 0));
    expect(sniffed(crc32 | (1 << 9), '12345678', 2)).toBe(sniffed(crc32, '12345678', 0));
    expect(sniffed(15 << 5, 'abc', 0, 1)).toBe(1 + 97 + 98 + 99);
    expect(sniffed(14 << 5, 'abc', 0, 0)).toBe((3 + 3 + 4) & 1);
    expect(sniffed(5 << 5, 'abc', 0, 7)).toBe(7);
  });

  test('leaves what a channel that is not sniffed moves', () => {
    const { read, write } = new Rp2040Probe();
    write(0x50000434, 1 | (3 << 1) | (15 << 5));
    write(0x50000438, 4);
    write(0x50000080, 0x20001000);
    write(0x50000084, 0x20003000);
    write(0x50000088, 4);
    write(0x5000008c, 1 | (2 << 11) | (0x3f << 15) | (1 << 23));
    expect(read(0x50000438)).toBe(4);
  });

  test('copies, swaps, chains, and says when it is done', () => {
    const board = new Rp2040Probe();
    const { read, write, pending } = board;
    board.ram.set([1, 2, 3, 4, 5, 6, 7, 8], 0x1000);
    write(0x50000404, 3);
    // Channel 1: eight bytes into a ring of four.
    write(0x50000040, 0x20001000);
    write(0x50000044, 0x20003000);
    write(0x50000048, 8);
    write(0x50000050, 1 | (1 << 4) | (1 << 5) | (2 << 6) | (1 << 10) | (1 << 11) | (0x3f << 15));
    // Channel 0: two words, swapped, then channel 1.
    write(0x50000000, 0x20001000);
    write(0x50000004, 0x20002000);
    write(0x50000008, 2);
    expect(read(0x50000400)).toBe(0);
    write(0x5000000c, 1 | (2 << 2) | (3 << 4) | (1 << 11) | (0x3f << 15) | (1 << 22));
    expect([...board.ram.subarray(0x2000, 0x2008)]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
    expect([...board.ram.subarray(0x3000, 0x3008)]).toEqual([5, 6, 7, 8, 0, 0, 0, 0]);
    expect(pending()).toBe(1 << 11);
    expect(read(0x5000040c)).toBe(3);
    write(0x5000040c, 3);
    expect(read(0x50000400)).toBe(0);
    expect(read(0x50000000)).toBe(0x20001008);
    expect(read(0x50000008)).toBe(0);
    expect(read(0x5000000c) & (1 << 24)).toBe(0);
  });

  test('feeds a UART, takes flash from its stream, and names what it has to wait for', () => {
    const board = new Rp2040Probe();
    const { write, read, fault } = board;
    write(0x40034030, 0x301);
    board.ram.set([0x48, 0x69], 0x1000);
    write(0x50000000, 0x20001000);
    write(0x50000004, 0x40034000);
    write(0x50000008, 2);
    write(0x5000000c, 1 | (1 << 4) | (20 << 15));
    expect(board.console).toBe('Hi');
    board.flash.set([9, 8, 7, 6], 0x100);
    write(0x14000014, 0x10000100);
    write(0x14000018, 1);
    expect(read(0x14000008) & 2).toBe(0);
    expect(read(0x50400000)).toBe(0x06070809);
    expect(read(0x14000008) & 2).toBe(2);
    expect(fault(() => write(0x5000000c, 1 | (24 << 15)))).toBe(
      'RP2040: DMA CH0_CTRL_TRIG paced by request 24 (0x5000000c) is not modelled',
    );
  });

  test('takes its time for long ones, and can be told to stop', () => {
    const board = new Rp2040Probe();
    const { read, write, wait } = board;
    const control = 1 | (1 << 4) | (0x3f << 15);
    write(0x50000000, 0x20001000);
    write(0x50000004, 0x20003000);
    write(0x50000008, 100_000);
    write(0x5000000c, control);
    expect(read(0x5000000c) & (1 << 24)).not.toBe(0);
    expect(read(0x50000008)).toBeLessThan(100_000);
    wait(20);
    expect(read(0x5000000c) & (1 << 24)).toBe(0);
    expect(read(0x50000400)).toBe(1);
    // For minutes.
    write(0x50000000, 0x20001000);
    write(0x50000008, 0xffffffff);
    write(0x5000000c, 1 | (0x3f << 15));
    wait(100);
    expect(read(0x50000008)).toBeGreaterThan(4e9);
    write(0x50000444, 1);
    expect(read(0x5000000c) & (1 << 24)).toBe(0);
    // Two that start each other, for ever.
    write(0x50000040, 0x20001000);
    write(0x50000044, 0x20003000);
    write(0x50000048, 1);
    write(0x50000050, 1 | (0x3f << 15));
    write(0x50000008, 1);
    write(0x5000000c, 1 | (1 << 11) | (0x3f << 15));
    wait(100);
    expect(board.chip.core.fault).toBeUndefined();
  });

  test('stops at an address that nobody answers at', () => {
    const { read, write } = new Rp2040Probe();
    write(0x50000000, 0x60000000);
    write(0x50000004, 0x20001000);
    write(0x50000008, 4);
    write(0x5000000c, 1 | (0x3f << 15));
    expect(read(0x5000000c) >>> 30).toBe(1);
  });
});

describe('ADC', () => {
  test('measures 27 degrees', () => {
    const { read, write } = new Rp2040Probe();
    write(0x4004c000, 3);
    expect(read(0x4004c000) & 0x100).toBe(0x100);
    write(0x4004c000, 7 | (4 << 12));
    const celsius = 27 - ((read(0x4004c004) / 4096) * 3.3 - 0.706) / 0.001721;
    expect(celsius).toBeCloseTo(27, 0);
    write(0x4004c008, 1 | (1 << 24));
    write(0x4004c018, 1);
    write(0x4004c000, 7 | (4 << 12));
    expect((read(0x4004c008) >>> 16) & 15).toBe(1);
    expect(read(0x4004c020)).toBe(1);
    expect(read(0x4004c00c)).toBe(876);
    expect(read(0x4004c020)).toBe(0);
  });
});

describe('the ROM', () => {
  test('counts and turns bits, fills and copies', () => {
    const board = new Rp2040Probe();
    const { rom } = board;
    expect(rom('P3', 0xf0f0_0001)).toBe(9);
    expect(rom('R3', 1)).toBe(0x80000000);
    expect(rom('L3', 0x0000_8000)).toBe(16);
    expect(rom('T3', 0x0000_8000)).toBe(15);
    expect(rom('T3', 0)).toBe(32);
    expect(rom('MS', 0x20001000, 0x5a, 5)).toBe(0x20001000);
    expect([...board.ram.subarray(0x1000, 0x1006)]).toEqual([0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0]);
    rom('MC', 0x20002001, 0x20001000, 3);
    expect([...board.ram.subarray(0x2000, 0x2005)]).toEqual([0, 0x5a, 0x5a, 0x5a, 0]);
    rom('S4', 0x50100000, 0x11, 16);
    rom('C4', 0x20003000, 0x50100000, 16);
    expect([...board.ram.subarray(0x3000, 0x3010)]).toEqual(Array.from({ length: 16 }, () => 0x11));
  });

  test('erases and programs the flash', () => {
    const board = new Rp2040Probe();
    const { rom } = board;
    const start = board.chip.nowNs;
    rom('IF');
    rom('EX');
    rom('RE', 0x10000, 0x12000, 0x10000, 0xd8);
    board.ram.fill(0x33, 0x1000, 0x1200);
    rom('RP', 0x10000, 0x20001000, 512);
    rom('FC');
    rom('CX');
    expect(board.operations).toEqual([
      'erase 10000+10000',
      'erase 20000+1000',
      'erase 21000+1000',
      'program 10000+100',
      'program 10100+100',
    ]);
    expect(board.chip.nowNs - start).toBeGreaterThan(150e6 + 90e6);
  });

  test('goes to where scratch registers say', () => {
    const board = rp2040Bench();
    const scratch = new DataView(board.retained.buffer);
    const entry = 0x20000501;
    scratch.setUint32(16, 0xb007c0d3, true);
    scratch.setUint32(20, (-0xb007c0d3 ^ entry) >>> 0, true);
    scratch.setUint32(24, 0x20030000, true);
    scratch.setUint32(28, entry, true);
    // A branch to itself.
    board.ram.set([0xfe, 0xe7], 0x500);
    board.start('watchdog');
    board.chip.run(1e6);
    expect(board.chip.core.readRegister(15)).toBe(0x20000500);
    expect(board.chip.core.msp).toBe(0x20030000);
    expect(scratch.getUint32(16, true)).toBe(0);
  });

  test('goes on erasing while time passes, and no longer than it is let', () => {
    const board = new Rp2040Probe();
    const { core } = board.chip;
    const address = board.romTable(0x14, 'RE') & ~1;
    [0, 0xfffff000, 0, 0xd8].forEach((value, n) => core.writeRegister(n, value));
    core.writeRegister(15, address);
    expect(board.chip.run(board.chip.nowNs + 1e9).why).toBe('time');
    // 45 ms each.
    expect(board.operations).toHaveLength(23);
  });

  test('what its functions cannot reach is a fault of theirs', () => {
    const { rom } = new Rp2040Probe();
    expect(() => rom('MC', 0x60000000, 0x20000000, 4)).toThrow(
      /nobody answers at 0x60000000, in the ROM's function MC/,
    );
    expect(() => new Rp2040Probe().rom('WV')).toThrow(/core 1 is not modelled/);
  });
});
