import { createPeripheral, register } from './peripheral.ts';
import type { Peripheral, Register, Wiring } from './peripheral.ts';
import { interrupts } from './addresses.ts';

/** The low-speed oscillator, 30 to 50 kHz on a chip (DS9826 §6.3.8). */
const LSI_NS = 1e9 / 40_000;

type Independent = 'KR' | 'PR' | 'RLR' | 'SR' | 'WINR';

/** What a watchdog of the chip needs. */
interface WatchdogOrder {
  readonly wiring: Wiring;
  /** The chip is to be reset; not within this call. */
  readonly bite: () => void;
}

/** The independent watchdog (RM0091 §23): its own 40 kHz, and nothing but a reset stops it. */
export function createIndependentWatchdog({ wiring, bite }: WatchdogOrder): Peripheral {
  let started = false;
  let open = false;
  /** When the counter reaches 0, in ns. */
  let dueNs = Infinity;
  const countNs = (): number => LSI_NS * 4 * 2 ** Math.min(r.PR.value, 6);
  const reload = (): void => {
    if (!started) return;
    const left = Math.floor((dueNs - wiring.nowNs()) / countNs());
    if (dueNs !== Infinity && left > r.WINR.value) {
      bite();
      return;
    }
    dueNs = wiring.nowNs() + (r.RLR.value + 1) * countNs();
    wiring.rescheduled();
  };
  const guarded = (at: number, reset: number, mask: number): Register => {
    const one: Register = register(at, {
      reset,
      write: (written) => {
        if (!open) return;
        one.value = written & mask;
        if (at === 0x10) {
          dueNs = Infinity;
          reload();
        }
      },
    });
    return one;
  };
  const r: Record<Independent, Register> = {
    KR: register(0x00, {
      read: () => 0,
      write: (written) => {
        const key = written & 0xffff;
        open = key === 0x5555;
        if (key === 0xcccc && !started) {
          started = true;
          reload();
        } else if (key === 0xaaaa) reload();
      },
    }),
    PR: guarded(0x04, 0, 7),
    RLR: guarded(0x08, 0xfff, 0xfff),
    // What is written takes effect at once.
    SR: register(0x0c, { writable: 0 }),
    WINR: guarded(0x10, 0xfff, 0xfff),
  };
  return createPeripheral({
    name: 'IWDG',
    base: 0x40003000,
    registers: r,
    nextCycle: () => wiring.cycleAt(dueNs),
    advance: () => {
      if (wiring.nowNs() >= dueNs - 1) bite();
    },
  });
}

type Window = 'CR' | 'CFR' | 'SR';

/** The window watchdog (RM0091 §24): counts the bus clock by 4096 and a prescaler from T down to 0x3f. */
export function createWindowWatchdog({
  wiring,
  busCycles,
  bite,
}: WatchdogOrder & { readonly busCycles: () => number }): Peripheral {
  /** The cycle at which the counter was `from`. */
  let since = 0;
  let from = 0x7f;
  /** It has been at 0x40 since it was fed. */
  let warned = false;
  const isActive = (): boolean => (r.CR.value & 0x80) !== 0;
  const step = (): number => busCycles() * 4096 * 2 ** ((r.CFR.value >> 7) & 3);
  const counter = (): number =>
    isActive() ? from - Math.floor((wiring.cycles() - since) / step()) : r.CR.value & 0x7f;
  const levels = (): void =>
    wiring.interrupt(interrupts.WWDG, (r.SR.value & 1) !== 0 && (r.CFR.value & 0x200) !== 0);
  const r: Record<Window, Register> = {
    CR: register(0x00, {
      reset: 0x7f,
      read: () => (r.CR.value & 0x80) | (counter() & 0x7f),
      write: (written) => {
        const early = isActive() && counter() > (r.CFR.value & 0x7f);
        r.CR.value = (r.CR.value & 0x80) | (written & 0xff);
        if (!isActive()) return;
        from = written & 0x7f;
        warned = false;
        since = wiring.cycles();
        if (early || from < 0x40) bite();
        wiring.rescheduled();
      },
    }),
    CFR: register(0x04, {
      reset: 0x7f,
      write: (written) => {
        from = counter();
        since = wiring.cycles();
        // EWI is cleared by a reset only.
        r.CFR.value = (written & 0x3ff) | (r.CFR.value & 0x200);
        levels();
        wiring.rescheduled();
      },
    }),
    SR: register(0x08, {
      write: (written) => {
        r.SR.value &= written & 1;
        levels();
      },
    }),
  };
  const reaches = (value: number): number => since + (from - value) * step();
  return createPeripheral({
    name: 'WWDG',
    base: 0x40002c00,
    registers: r,
    whenReset: () => {
      from = 0x7f;
      levels();
    },
    nextCycle: () => {
      if (!isActive()) return Infinity;
      return reaches(warned ? 0x3f : 0x40);
    },
    advance: () => {
      if (!isActive()) return;
      if (!warned && counter() <= 0x40) {
        warned = true;
        r.SR.value = 1;
        levels();
      }
      if (counter() < 0x40) bite();
    },
  });
}
