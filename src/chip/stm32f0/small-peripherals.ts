import { createPeripheral, register } from './peripheral.ts';
import type { Peripheral, Register } from './peripheral.ts';
import { RETAINED } from './retained.ts';
import type { RetainedWords } from './retained.ts';

/** Power control, and whether the backup domain can be written. */
export interface Power {
  readonly peripheral: Peripheral;
  readonly backupUnlocked: () => boolean;
}

/** Power control (RM0091 §5): the lock of the backup domain; supply and regulator are always fine. */
export function createPower(): Power {
  const cr = register(0x00, { writable: 0x1f3 });
  return {
    peripheral: createPeripheral({
      name: 'PWR',
      base: 0x40007000,
      // VREFINTRDYF.
      registers: { CR: cr, CSR: register(0x04, { reset: 0x8, writable: 0xff00 }) },
    }),
    backupUnlocked: () => (cr.value & (1 << 8)) !== 0,
  };
}

/** RTC_WPR wants these in turn (RM0091 §25.4.7). */
const RTC_KEYS = [0xca, 0x53] as const;
const INITIAL_RTC = { INIT: 1 << 7, INITF: 1 << 6, RSF: 1 << 5 } as const;

interface RtcOrder {
  readonly retained: RetainedWords;
  readonly backupUnlocked: () => boolean;
}

/** The five backup registers of the RTC, its lock and its set-up. The calendar is not modelled. */
export function createRtc({ retained, backupUnlocked }: RtcOrder): Peripheral {
  let keys = 0;
  const isOpen = (): boolean => backupUnlocked() && keys === RTC_KEYS.length;
  const locked = (at: number, reset: number): Register => {
    const one: Register = register(at, {
      reset,
      write: (written) => {
        if (isOpen()) one.value = written;
      },
    });
    return one;
  };
  const backup = (n: number): Register =>
    register(0x50 + 4 * n, {
      read: () => retained.read(RETAINED.backup + n),
      write: (written) => {
        if (backupUnlocked()) retained.write(RETAINED.backup + n, written);
      },
    });
  const isr: Register = register(0x0c, {
    reset: 0x7,
    read: () => {
      const initial = isr.value & INITIAL_RTC.INIT ? INITIAL_RTC.INITF : 0;
      return (isr.value & INITIAL_RTC.INIT) | initial | INITIAL_RTC.RSF | 0x7;
    },
    write: (written) => {
      if (isOpen()) isr.value = written;
    },
  });
  return createPeripheral({
    name: 'RTC',
    base: 0x40002800,
    registers: {
      CR: locked(0x08, 0),
      ISR: isr,
      PRER: locked(0x10, 0x007f00ff),
      WPR: register(0x24, {
        read: () => 0,
        write: (written) => {
          keys = written === RTC_KEYS[keys] ? keys + 1 : 0;
        },
      }),
      BKP0R: backup(0),
      BKP1R: backup(1),
      BKP2R: backup(2),
      BKP3R: backup(3),
      BKP4R: backup(4),
    },
    lacking: {
      TR: 0x00,
      DR: 0x04,
      WUTR: 0x14,
      ALRMAR: 0x1c,
      SSR: 0x28,
      SHIFTR: 0x2c,
      TSTR: 0x30,
      TSDR: 0x34,
      TSSSR: 0x38,
      CALR: 0x3c,
      TAFCR: 0x40,
      ALRMASSR: 0x44,
    },
  });
}

/** Clock recovery (RM0091 §7): HSI48 is always right, so there is nothing to trim. */
export function createClockRecovery(): Peripheral {
  const cr = register(0x00, { reset: 0x2000, writable: 0x3f6f });
  return createPeripheral({
    name: 'CRS',
    base: 0x40006c00,
    registers: {
      CR: cr,
      CFGR: register(0x04, { reset: 0x2022bb7f }),
      // SYNCOKF, while it counts.
      ISR: register(0x08, { read: () => (cr.value & 0x20 ? 1 : 0), writable: 0 }),
      ICR: register(0x0c, { read: () => 0, write: () => {} }),
    },
  });
}

/** What debuggers and start-up code ask for (RM0091 §32.4): an STM32F07x, revision Z. */
export function createDebugUnit(): Peripheral {
  return createPeripheral({
    name: 'DBGMCU',
    base: 0x40015800,
    registers: {
      IDCODE: register(0x00, { reset: 0x20006448, writable: 0 }),
      CR: register(0x04, { writable: 6 }),
      APB1_FZ: register(0x08),
      APB2_FZ: register(0x0c),
    },
  });
}
