import { createRegisters } from './block.ts';
import type { Register, Registers } from './block.ts';

/** Of the crystal beside it, on every board that is known. */
const CRYSTAL_HZ = 12_000_000;
/** Of the ring oscillator, as it starts (RP2040 datasheet §2.17). */
const RING_HZ = 6_500_000;

const ENABLE = 1 << 11;

/** What the chip's clocks are, and the blocks that make them. */
interface Clocks {
  readonly blocks: {
    readonly clocks: Registers;
    readonly xosc: Registers;
    readonly rosc: Registers;
    readonly pllSys: Registers;
    readonly pllUsb: Registers;
  };
  /** In Hz; 0: stands still. */
  readonly systemHz: () => number;
  readonly referenceHz: () => number;
  readonly usbHz: () => number;
  readonly peripheralHz: () => number;
}

interface ClocksOrder {
  readonly changed: () => void;
  readonly warn: (words: string) => void;
}

/** A PLL (§2.18), which locks at once. */
function createPll(name: string, address: number, changed: () => void): Registers {
  const pll: Registers = createRegisters({
    name,
    address,
    onReset: changed,
    registers: {
      0x0: {
        name: 'CS',
        reset: 1,
        mask: 0x13f,
        read: (kept) => kept | ((pll.get(0x4) & 0x21) === 0 ? 0x80000000 : 0),
        write: changed,
      },
      0x4: { name: 'PWR', reset: 0x2d, mask: 0x2d, write: changed },
      0x8: { name: 'FBDIV_INT', mask: 0xfff, write: changed },
      0xc: { name: 'PRIM', reset: 0x77000, mask: 0x77000, write: changed },
    },
  });
  return pll;
}

function pllHz(pll: Registers, crystalHz: number): number {
  const cs = pll.get(0x0);
  const referenceHz = crystalHz / Math.max(1, cs & 0x3f);
  if ((cs & 0x100) !== 0) return referenceHz;
  if ((pll.get(0x4) & 0x29) !== 0) return 0;
  const dividers = pll.get(0xc);
  const divisor = Math.max(1, (dividers >>> 16) & 7) * Math.max(1, (dividers >>> 12) & 7);
  return (referenceHz * pll.get(0x8)) / divisor;
}

/** Stops an oscillator until a pin wakes it: with it the whole chip. */
function dormant(block: () => Registers, offset = 0x08): Register {
  const STOP = 0x636f6d61;
  return {
    name: 'DORMANT',
    reset: 0x77616b65,
    write: (kept) => {
      if (kept === STOP) block().fault(offset);
    },
  };
}

function createCrystal(changed: () => void): Registers {
  const xosc: Registers = createRegisters({
    name: 'XOSC',
    address: 0x40024000,
    onReset: changed,
    registers: {
      0x00: { name: 'CTRL', mask: 0xffffff, write: changed },
      0x04: {
        name: 'STATUS',
        mask: 0,
        read: () => (crystalOn(xosc) ? 0x80001000 : 0),
      },
      0x08: dormant(() => xosc),
      0x0c: { name: 'STARTUP', reset: 0xc4, mask: 0x103fff },
      0x1c: { name: 'COUNT', mask: 0 },
    },
  });
  return xosc;
}

function crystalOn(xosc: Registers): boolean {
  return ((xosc.get(0) >>> 12) & 0xfff) === 0xfab;
}

/** The ring oscillator, whose bit is as random as a seed makes it: the same in every run. */
function createRing(changed: () => void): Registers {
  let random = 0x1d872b41;
  const rosc: Registers = createRegisters({
    name: 'ROSC',
    address: 0x40060000,
    onReset: changed,
    registers: {
      0x00: { name: 'CTRL', reset: 0xfabaa0, mask: 0xffffff, write: changed },
      0x04: { name: 'FREQA' },
      0x08: { name: 'FREQB' },
      0x0c: dormant(() => rosc, 0x0c),
      0x10: { name: 'DIV', reset: 0xab0, write: changed },
      0x14: { name: 'PHASE', reset: 0x8 },
      0x18: { name: 'STATUS', mask: 0, read: () => (ringOn(rosc) ? 0x80001000 : 0) },
      0x1c: {
        name: 'RANDOMBIT',
        mask: 0,
        read: () => {
          random ^= random << 13;
          random ^= random >>> 17;
          random ^= random << 5;
          return (random >>> 11) & 1;
        },
      },
      0x20: { name: 'COUNT', mask: 0 },
    },
  });
  return rosc;
}

function ringOn(rosc: Registers): boolean {
  return ((rosc.get(0) >>> 12) & 0xfff) !== 0xd1e;
}

/** CLOCKS, the oscillators and the PLLs (RP2040 datasheet §2.15 to §2.18). Everything is stable at once. */
export function createClocks({ changed, warn }: ClocksOrder): Clocks {
  const pllSys = createPll('PLL_SYS', 0x40028000, changed);
  const pllUsb = createPll('PLL_USB', 0x4002c000, changed);
  const xosc = createCrystal(changed);
  const rosc = createRing(changed);

  const crystalHz = (): number => (crystalOn(xosc) ? CRYSTAL_HZ : 0);
  const systemPllHz = (): number => pllHz(pllSys, crystalHz());
  const usbPllHz = (): number => pllHz(pllUsb, crystalHz());
  const ringHz = (): number => (ringOn(rosc) ? RING_HZ : 0);

  const at = (offset: number): number => clocks.get(offset);
  const source = (offset: number, from: readonly (() => number)[]): number =>
    (from[(at(offset) >>> 5) & 7] ?? (() => 0))();
  const whole = (offset: number): number => Math.max(1, (at(offset) >>> 8) & 3);
  const fraction = (offset: number): number => Math.max(256, at(offset)) / 256;

  const referenceHz = (): number => {
    const which = at(0x30) & 3;
    const hz = which === 2 ? crystalHz() : which === 1 ? usbPllHz() : ringHz();
    return hz / whole(0x34);
  };
  const systemHz = (): number => {
    const hz =
      (at(0x3c) & 1) === 0
        ? referenceHz()
        : source(0x3c, [systemPllHz, usbPllHz, ringHz, crystalHz]);
    return hz / fraction(0x40);
  };
  const gated = (
    control: number,
    from: readonly (() => number)[],
    divider: (offset: number) => number,
  ): number => ((at(control) & ENABLE) === 0 ? 0 : source(control, from) / divider(control + 4));
  const peripheralHz = (): number =>
    gated(0x48, [systemHz, systemPllHz, usbPllHz, ringHz, crystalHz], () => 1);
  const behindUsbPll = [usbPllHz, systemPllHz, ringHz, crystalHz];
  const usbHz = (): number => gated(0x54, behindUsbPll, whole);
  const adcHz = (): number => gated(0x60, behindUsbPll, whole);
  const rtcHz = (): number => gated(0x6c, behindUsbPll, fraction);

  /** What the frequency counter can be asked for, by FC0_SRC. */
  const counted = [
    () => 0,
    systemPllHz,
    usbPllHz,
    ringHz,
    ringHz,
    crystalHz,
    () => 0,
    () => 0,
    referenceHz,
    systemHz,
    peripheralHz,
    usbHz,
    adcHz,
    rtcHz,
  ];

  const output = (index: number): Record<number, Register> => ({
    [index * 0xc]: { name: `CLK_GPOUT${index}_CTRL` },
    [index * 0xc + 4]: { name: `CLK_GPOUT${index}_DIV`, reset: 0x100 },
    [index * 0xc + 8]: { name: `CLK_GPOUT${index}_SELECTED`, reset: 1, mask: 0 },
  });
  const slice = (
    name: string,
    offset: number,
    selected?: () => number,
  ): Record<number, Register> => ({
    [offset]: { name: `${name}_CTRL`, write: changed },
    [offset + 4]: { name: `${name}_DIV`, reset: 0x100, write: changed },
    [offset + 8]: { name: `${name}_SELECTED`, mask: 0, read: selected ?? (() => 1) },
  });

  const clocks: Registers = createRegisters({
    name: 'CLOCKS',
    address: 0x40008000,
    onReset: changed,
    registers: {
      ...output(0),
      ...output(1),
      ...output(2),
      ...output(3),
      ...slice('CLK_REF', 0x30, () => 1 << (at(0x30) & 3)),
      ...slice('CLK_SYS', 0x3c, () => 1 << (at(0x3c) & 1)),
      ...slice('CLK_PERI', 0x48),
      ...slice('CLK_USB', 0x54),
      ...slice('CLK_ADC', 0x60),
      ...slice('CLK_RTC', 0x6c),
      0x78: { name: 'CLK_SYS_RESUS_CTRL', reset: 0xff },
      0x7c: { name: 'CLK_SYS_RESUS_STATUS', mask: 0 },
      0x80: { name: 'FC0_REF_KHZ' },
      0x84: { name: 'FC0_MIN_KHZ' },
      0x88: { name: 'FC0_MAX_KHZ', reset: 0x1ffffff },
      0x8c: { name: 'FC0_DELAY', reset: 1 },
      0x90: { name: 'FC0_INTERVAL', reset: 8 },
      0x94: { name: 'FC0_SRC' },
      0x98: { name: 'FC0_STATUS', mask: 0, read: () => 0x11 },
      0x9c: {
        name: 'FC0_RESULT',
        mask: 0,
        read: () => Math.round(((counted[at(0x94) & 0xf] ?? (() => 0))() / 1000) * 32),
      },
      0xa0: { name: 'WAKE_EN0', reset: 0xffffffff },
      0xa4: { name: 'WAKE_EN1', reset: 0x7fff },
      0xa8: { name: 'SLEEP_EN0', reset: 0xffffffff },
      0xac: { name: 'SLEEP_EN1', reset: 0x7fff },
      0xb0: { name: 'ENABLED0', reset: 0xffffffff, mask: 0 },
      0xb4: { name: 'ENABLED1', reset: 0x7fff, mask: 0 },
      0xb8: { name: 'INTR', mask: 0 },
      0xbc: { name: 'INTE' },
      0xc0: { name: 'INTF' },
      0xc4: { name: 'INTS', mask: 0 },
    },
  });

  return {
    blocks: { clocks, xosc, rosc, pllSys, pllUsb },
    systemHz: () => {
      const hz = systemHz();
      if (hz > 0) return hz;
      warn('clk_sys has no source: a chip stands still here; the model goes on at 6.5 MHz');
      return RING_HZ;
    },
    referenceHz,
    usbHz,
    peripheralHz,
  };
}
