import { createPeripheral, register } from './peripheral.ts';
import type { Peripheral, Register } from './peripheral.ts';
import type { ChipCause } from '../chip.ts';
import { RETAINED } from './retained.ts';
import type { RetainedWords } from './retained.ts';

/** A bit of AHBENR, APB1ENR or APB2ENR, and of the reset register beside it. */
export interface Gate {
  readonly bus: 'AHB' | 'APB1' | 'APB2';
  readonly bit: number;
}

/** What the clock tree says to the rest of the chip. */
export interface ClockTree {
  readonly peripheral: Peripheral;
  /** Frequency of the core, in Hz. */
  hertz(): number;
  /** Cycles of the core for one of what timers are fed with (RM0091 §6.2). */
  readonly timerCycles: () => number;
  /** Cycles of the core for one of the bus that slow peripherals are at. */
  readonly busCycles: () => number;
  /** What the USB peripheral is fed with, in Hz; 0: nothing. */
  usbHertz(): number;
  /** It has its clock, and is not held in its reset. */
  isOn(gate: Gate): boolean;
}

const HSI_HZ = 8_000_000;
/** The crystal, or what ST-LINK feeds to the board. */
const HSE_HZ = 8_000_000;
const HSI48_HZ = 48_000_000;

/** Flags of RCC_CSR, by what started the chip; an internal reset pulls the pin, too (RM0091 §6.1.1, §6.4.10). */
const PIN_RESET = 1 << 26;
const startFlags: Readonly<Record<ChipCause, number>> = {
  'power-on': PIN_RESET | (1 << 27) | (1 << 23),
  'reset-pin': PIN_RESET,
  watchdog: PIN_RESET | (1 << 29),
  software: PIN_RESET | (1 << 28),
};
const WINDOW_WATCHDOG = 1 << 30;
const ALL_FLAGS = 0xff800000;

/** An oscillator is ready as soon as it is on: its bit beside the one that switches it. */
const ready = (value: number, on: number): number => {
  const shifted = (value & on) << 1;
  return (value & ~(on << 1)) | shifted;
};

interface ClockTreeOrder {
  readonly cause: ChipCause;
  readonly retained: RetainedWords;
  /** PWR_CR.DBP is set: BDCR can be written (RM0091 §6.4.9). */
  readonly backupUnlocked: () => boolean;
  /** The frequency of the core, or which peripherals are fed, has changed. */
  readonly changed: () => void;
  /** A bit of a reset register was set: that peripheral is in its reset state. */
  readonly resetting: (bus: Gate['bus'], bits: number) => void;
}

type Name =
  | 'CR'
  | 'CFGR'
  | 'CIR'
  | 'APB2RSTR'
  | 'APB1RSTR'
  | 'AHBENR'
  | 'APB2ENR'
  | 'APB1ENR'
  | 'BDCR'
  | 'CSR'
  | 'AHBRSTR'
  | 'CFGR2'
  | 'CFGR3'
  | 'CR2';

/** Reset and clock control (RM0091 §6.4). */
export function createClockTree(order: ClockTreeOrder): ClockTree {
  const { retained, changed } = order;
  const enable = (at: number, reset = 0): Register =>
    register(at, {
      reset,
      write: (written) => {
        const bus = at === 0x14 ? 'AHBENR' : at === 0x18 ? 'APB2ENR' : 'APB1ENR';
        r[bus].value = written;
        changed();
      },
    });
  const resets = (at: number, bus: Gate['bus']): Register =>
    register(at, {
      write: (written) => {
        r[`${bus}RSTR`].value = written;
        order.resetting(bus, written);
      },
    });
  const r: Record<Name, Register> = {
    CR: register(0x00, {
      reset: 0x83,
      write: (written) => {
        // What the core is fed with cannot be switched off; ready bits follow.
        const kept =
          source() === 'HSE' ? 1 << 16 : source() === 'PLL' ? 1 << 24 : source() === 'HSI' ? 1 : 0;
        const value = ((written & 0x010d00f9) | kept) >>> 0;
        r.CR.value = ready(ready(ready(value, 1), 1 << 16), 1 << 24) >>> 0;
        changed();
      },
    }),
    CFGR: register(0x04, {
      write: (written) => {
        // The switch to a source that is not ready waits for it (RM0091 §6.2.6).
        const running = isReady(written & 3) ? written & 3 : (r.CFGR.value >> 2) & 3;
        r.CFGR.value = ((written & ~0xc) | (running << 2)) >>> 0;
        changed();
      },
    }),
    // Ready interrupts are not raised: what would raise them is ready at once.
    CIR: register(0x08, { writable: 0x7f00 }),
    APB2RSTR: resets(0x0c, 'APB2'),
    APB1RSTR: resets(0x10, 'APB1'),
    AHBENR: enable(0x14, 0x14),
    APB2ENR: enable(0x18),
    APB1ENR: enable(0x1c),
    BDCR: register(0x20, {
      read: () => retained.read(RETAINED.backupDomain),
      write: (written) => {
        if (!order.backupUnlocked()) return;
        const value = written & (1 << 16) ? 1 << 16 : ready(written & 0x1831d, 1);
        retained.write(RETAINED.backupDomain, value);
      },
    }),
    CSR: register(0x24, {
      read: () => (ready(r.CSR.value, 1) | retained.read(RETAINED.flags)) >>> 0,
      write: (written) => {
        if (written & (1 << 24)) retained.write(RETAINED.flags, 0);
        r.CSR.value = written & 1;
      },
    }),
    AHBRSTR: resets(0x28, 'AHB'),
    CFGR2: register(0x2c, {
      writable: 0xf,
      write: (written) => ((r.CFGR2.value = written & 0xf), changed()),
    }),
    CFGR3: register(0x30, {
      write: (written) => ((r.CFGR3.value = written & 0x000f01d3), changed()),
    }),
    CR2: register(0x34, {
      reset: 0x80,
      write: (written) => {
        r.CR2.value = ready(ready((written & 0x1007d) | 0x80, 1), 1 << 16) >>> 0;
        changed();
      },
    }),
  };
  const sources = ['HSI', 'HSE', 'PLL', 'HSI48'] as const;
  const source = (): (typeof sources)[number] => sources[(r.CFGR.value >> 2) & 3] ?? 'HSI';
  const isReady = (sw: number): boolean => {
    if (sw === 3) return (r.CR2.value & (1 << 16)) !== 0;
    return (r.CR.value & ([1, 1 << 16, 1 << 24][sw] ?? 0)) !== 0;
  };
  const pllHertz = (): number => {
    const predivided = (r.CFGR2.value & 0xf) + 1;
    const input = [HSI_HZ / 2, HSI_HZ / predivided, HSE_HZ / predivided, HSI48_HZ / predivided];
    const multiplier = Math.min(((r.CFGR.value >> 18) & 0xf) + 2, 16);
    return (input[(r.CFGR.value >> 15) & 3] ?? 0) * multiplier;
  };
  const systemHertz = (): number =>
    ({ HSI: HSI_HZ, HSE: HSE_HZ, PLL: pllHertz(), HSI48: HSI48_HZ })[source()];
  const usbHertz = (): number => {
    if ((r.CFGR3.value & (1 << 7)) === 0) return isReady(3) ? HSI48_HZ : 0;
    return isReady(2) ? pllHertz() : 0;
  };
  /** HPRE: 1, or 2 to 512 without 32. */
  const ahbDivider = (): number => {
    const hpre = (r.CFGR.value >> 4) & 0xf;
    return hpre < 8 ? 1 : ([2, 4, 8, 16, 64, 128, 256, 512][hpre - 8] ?? 1);
  };

  /** PPRE: 1, or 2 to 16. */
  const busCycles = (): number => {
    const ppre = (r.CFGR.value >> 8) & 7;
    return ppre < 4 ? 1 : 2 << (ppre - 4);
  };
  const gates = {
    AHB: [r.AHBENR, r.AHBRSTR],
    APB1: [r.APB1ENR, r.APB1RSTR],
    APB2: [r.APB2ENR, r.APB2RSTR],
  } as const;

  const past = retained.read(RETAINED.flags);
  const byWindow = order.cause === 'watchdog' && retained.read(RETAINED.windowWatchdog) !== 0;
  const own = byWindow ? PIN_RESET | WINDOW_WATCHDOG : startFlags[order.cause];
  retained.write(RETAINED.flags, ((past | own) & ALL_FLAGS) >>> 0);
  retained.write(RETAINED.windowWatchdog, 0);

  return {
    peripheral: createPeripheral({
      name: 'RCC',
      base: 0x40021000,
      lanes: 'separate',
      registers: r,
    }),
    hertz: () => systemHertz() / ahbDivider(),
    timerCycles: () => Math.max(1, busCycles() / 2),
    busCycles,
    usbHertz,
    isOn: ({ bus, bit }) => {
      const [enabled, held] = gates[bus];
      return ((enabled.value & ~held.value) >>> bit) % 2 === 1;
    },
  };
}
