import { createPeripheral, notModelled, register } from './peripheral.ts';
import type { Peripheral, Register, Wiring } from './peripheral.ts';

interface TimerOrder {
  readonly name: string;
  readonly base: number;
  /** Of the counter: 16 or 32. */
  readonly bits: 16 | 32;
  /** How many compare channels it has: 0, 1, 2 or 4. */
  readonly channels: number;
  readonly wiring: Wiring;
  /** Cycles of the core for one of the timer's clock. */
  readonly clockCycles: () => number;
  /** Lines of an update, and of the compare channels. */
  readonly updateLine: number;
  readonly compareLine: number;
}

type Name =
  | 'CR1'
  | 'CR2'
  | 'SMCR'
  | 'DIER'
  | 'SR'
  | 'EGR'
  | 'CCMR1'
  | 'CCMR2'
  | 'CCER'
  | 'CNT'
  | 'PSC'
  | 'ARR'
  | 'RCR'
  | 'CCR1'
  | 'CCR2'
  | 'CCR3'
  | 'CCR4'
  | 'BDTR';

const CR1 = { CEN: 1, UDIS: 2, URS: 4, OPM: 8, DIR: 1 << 4, CMS: 3 << 5, ARPE: 1 << 7 } as const;
const UIF = 1;

/**
 * A timer that counts up (RM0091 §17 to §20): prescaler, reload, one pulse, update and compare interrupts. Outputs at pins are
 * not seen; captures, other directions, slave modes, repetition and DMA are named faults.
 */
export function createTimer(order: TimerOrder): Peripheral {
  const { name, base, wiring, channels } = order;
  const most = 2 ** order.bits - 1;
  /** The cycle at which the count became what `r.CNT` says, and what counts now. */
  let since = 0;
  let prescaler = 0;
  let reload = most;
  const tick = (): number => order.clockCycles() * (prescaler + 1);
  const isCounting = (): boolean => (r.CR1.value & CR1.CEN) !== 0 && reload > 0;
  const lacks = (registerName: Name, what: string): void => {
    throw notModelled(base + r[registerName].at, `${name} ${registerName}: ${what}`);
  };

  const levels = (): void => {
    const raised = r.SR.value & r.DIER.value;
    const update = (raised & UIF) !== 0;
    const compare = (raised & 0x1e) !== 0;
    if (order.updateLine === order.compareLine) {
      wiring.interrupt(order.updateLine, update || compare);
      return;
    }
    wiring.interrupt(order.updateLine, update);
    wiring.interrupt(order.compareLine, compare);
  };
  const takeShadows = (): void => {
    prescaler = r.PSC.value;
    reload = r.ARR.value;
  };
  /** The counter went from `from` (not itself) to `to`: which channels were met. */
  const meet = (from: number, to: number): void => {
    for (let channel = 0; channel < channels; channel += 1) {
      const at = compares[channel]?.value ?? 0;
      if (at > from && at <= to) r.SR.value |= 2 << channel;
    }
  };
  const overflow = (): void => {
    r.CNT.value = 0;
    meet(-1, 0);
    if (r.CR1.value & CR1.UDIS) return;
    takeShadows();
    r.SR.value |= UIF;
    if (r.CR1.value & CR1.OPM) r.CR1.value &= ~CR1.CEN;
  };
  /** Brings the counter to where it is now. */
  const catchUp = (): void => {
    while (isCounting()) {
      const ticks = Math.floor((wiring.cycles() - since) / tick());
      if (ticks <= 0) return;
      // A counter beyond its reload value runs round (16 or 32 bits).
      const end = r.CNT.value > reload ? most : reload;
      const toOverflow = end + 1 - r.CNT.value;
      if (ticks < toOverflow) {
        meet(r.CNT.value, r.CNT.value + ticks);
        r.CNT.value += ticks;
        since += ticks * tick();
        return;
      }
      meet(r.CNT.value, end);
      since += toOverflow * tick();
      overflow();
      // Whole rounds in which nothing changes are one.
      const rounds = Math.floor((wiring.cycles() - since) / (tick() * (reload + 1)));
      if (rounds > 1 && isCounting()) {
        meet(-1, reload);
        since += (rounds - 1) * tick() * (reload + 1);
      }
    }
    since = wiring.cycles();
  };
  const settled = (): void => {
    levels();
    wiring.rescheduled();
  };
  const kept = (
    at: number,
    reset: number,
    mask: number,
    changed?: (written: number) => void,
  ): Register => {
    const one: Register = register(at, {
      reset,
      write: (written) => {
        catchUp();
        one.value = (written & mask) >>> 0;
        changed?.(written);
        settled();
      },
    });
    return one;
  };
  const inputOnly =
    (which: 'CCMR1' | 'CCMR2') =>
    (written: number): void => {
      if (written & 0x0303) lacks(which, 'a channel that captures');
    };
  const r: Record<Name, Register> = {
    CR1: kept(0x00, 0, 0xbff, (written) => {
      if (written & (CR1.DIR | CR1.CMS)) lacks('CR1', 'counting down');
    }),
    CR2: register(0x04),
    SMCR: kept(0x08, 0, 0xffff, (written) => {
      if (written & 0x4007) lacks('SMCR', 'a slave mode');
    }),
    DIER: kept(0x0c, 0, 0x7fff, (written) => {
      if (written & 0x7f00) lacks('DIER', 'DMA requests');
    }),
    SR: register(0x10, {
      read: () => {
        catchUp();
        return r.SR.value;
      },
      write: (written) => {
        catchUp();
        r.SR.value &= written;
        settled();
      },
    }),
    EGR: register(0x14, {
      read: () => 0,
      write: (written) => {
        catchUp();
        if (written & 1) {
          r.CNT.value = 0;
          since = wiring.cycles();
          takeShadows();
          if ((r.CR1.value & (CR1.URS | CR1.UDIS)) === 0) r.SR.value |= UIF;
        }
        r.SR.value |= written & (2 ** (channels + 1) - 2);
        settled();
      },
    }),
    CCMR1: kept(0x18, 0, 0xffff, inputOnly('CCMR1')),
    CCMR2: kept(0x1c, 0, 0xffff, inputOnly('CCMR2')),
    CCER: register(0x20),
    CNT: register(0x24, {
      read: () => {
        catchUp();
        return r.CNT.value;
      },
      write: (written) => {
        catchUp();
        r.CNT.value = (written & most) >>> 0;
        since = wiring.cycles();
        settled();
      },
    }),
    PSC: kept(0x28, 0, 0xffff),
    ARR: kept(0x2c, most, most, () => {
      if ((r.CR1.value & CR1.ARPE) === 0) reload = r.ARR.value;
    }),
    RCR: kept(0x30, 0, 0xff, (written) => {
      if (written !== 0) lacks('RCR', 'repetition');
    }),
    CCR1: kept(0x34, 0, most),
    CCR2: kept(0x38, 0, most),
    CCR3: kept(0x3c, 0, most),
    CCR4: kept(0x40, 0, most),
    BDTR: register(0x44),
  };
  const compares = [r.CCR1, r.CCR2, r.CCR3, r.CCR4];
  /** Ticks from now until something that is asked for. */
  const ticksToNext = (): number => {
    const end = r.CNT.value > reload ? most : reload;
    const toOverflow = end + 1 - r.CNT.value;
    let next = r.DIER.value & UIF || r.CR1.value & CR1.OPM ? toOverflow : Infinity;
    for (let channel = 0; channel < channels; channel += 1) {
      if ((r.DIER.value & (2 << channel)) === 0) continue;
      const at = compares[channel]?.value ?? 0;
      if (at > end && at > r.CNT.value) continue;
      next = Math.min(next, at > r.CNT.value ? at - r.CNT.value : toOverflow + at);
    }
    return next;
  };
  return createPeripheral({
    name,
    base,
    registers: r,
    lacking: { DCR: 0x48, DMAR: 0x4c },
    whenReset: () => {
      prescaler = 0;
      reload = most;
      levels();
    },
    nextCycle: () => (isCounting() ? since + ticksToNext() * tick() : Infinity),
    advance: () => {
      catchUp();
      levels();
    },
  });
}
