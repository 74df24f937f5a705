import { interrupts } from './addresses.ts';
import { createPeripheral, register } from './peripheral.ts';
import type { Peripheral, Register, Wiring } from './peripheral.ts';

interface ExtiOrder {
  readonly wiring: Pick<Wiring, 'interrupt'>;
  /** The core is told of an event. */
  readonly event: () => void;
  /** Levels of the pins of port 0 (A) to 5 (F). */
  readonly levels: (port: number) => number;
  /** SYSCFG_CFGR1.MEM_MODE: what is at address 0. */
  readonly remapped: (mode: number) => void;
}

/** Edges at pins, and which port's pins they are. */
export interface Exti {
  readonly exti: Peripheral;
  readonly syscfg: Peripheral;
  /** Levels of pins may have changed. */
  look(): void;
}

type ExtiName = 'IMR' | 'EMR' | 'RTSR' | 'FTSR' | 'SWIER' | 'PR';
type SyscfgName = 'CFGR1' | 'EXTICR1' | 'EXTICR2' | 'EXTICR3' | 'EXTICR4' | 'CFGR2';

/** Lines of pins: 0 to 15. */
const PINS = 0xffff;

/** The extended interrupt controller (RM0091 §11) for the pins, and SYSCFG (§9). */
export function createExti(order: ExtiOrder): Exti {
  let seen = 0;
  const levels = (): void => {
    const pending = r.PR.value & r.IMR.value;
    order.wiring.interrupt(interrupts.EXTI0_1, (pending & 0x0003) !== 0);
    order.wiring.interrupt(interrupts.EXTI2_3, (pending & 0x000c) !== 0);
    order.wiring.interrupt(interrupts.EXTI4_15, (pending & 0xfff0) !== 0);
  };
  const kept = (at: number, reset = 0): Register => {
    const one: Register = register(at, {
      reset,
      write: (written) => {
        one.value = written;
        levels();
      },
    });
    return one;
  };
  const r: Record<ExtiName, Register> = {
    IMR: kept(0x00, 0x7f840000),
    EMR: kept(0x04),
    RTSR: kept(0x08),
    FTSR: kept(0x0c),
    SWIER: register(0x10, {
      write: (written) => {
        const risen = written & ~r.SWIER.value & PINS;
        r.SWIER.value |= written & PINS;
        raise(risen);
      },
    }),
    PR: register(0x14, {
      write: (written) => {
        r.PR.value &= ~written;
        r.SWIER.value &= ~written;
        levels();
      },
    }),
  };
  const s: Record<SyscfgName, Register> = {
    CFGR1: register(0x00, {
      write: (written) => {
        s.CFGR1.value = written;
        order.remapped(written & 3);
      },
    }),
    EXTICR1: register(0x08, { writable: 0xffff }),
    EXTICR2: register(0x0c, { writable: 0xffff }),
    EXTICR3: register(0x10, { writable: 0xffff }),
    EXTICR4: register(0x14, { writable: 0xffff }),
    CFGR2: register(0x18),
  };
  const raise = (lines: number): void => {
    if (lines === 0) return;
    if (lines & r.EMR.value) order.event();
    r.PR.value |= lines & r.IMR.value;
    levels();
  };
  const choices = [s.EXTICR1, s.EXTICR2, s.EXTICR3, s.EXTICR4];
  const linesNow = (): number => {
    let result = 0;
    for (let line = 0; line < 16; line += 1) {
      const port = ((choices[line >> 2]?.value ?? 0) >> (4 * (line & 3))) & 0xf;
      result |= order.levels(port) & (1 << line);
    }
    return result;
  };
  return {
    exti: createPeripheral({ name: 'EXTI', base: 0x40010400, registers: r, whenReset: levels }),
    syscfg: createPeripheral({
      name: 'SYSCFG',
      base: 0x40010000,
      registers: s,
      lacking: { COMP_CSR: 0x1c },
      whenReset: () => order.remapped(0),
    }),
    look() {
      const now = linesNow();
      const risen = now & ~seen & r.RTSR.value;
      const fallen = ~now & seen & r.FTSR.value;
      seen = now;
      raise((risen | fallen) & PINS);
    },
  };
}
