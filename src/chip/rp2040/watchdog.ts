import { createRegisters, repeated } from './block.ts';
import type { Registers } from './block.ts';
import { retainedAt } from './system.ts';
import type { Wires } from './wires.ts';

const CTRL = 0x0;
const TICK = 0x2c;
const ENABLE = 0x40000000;
const TRIGGER = 0x80000000;
const TIME = 0xffffff;
/** The counter goes down by two at each tick (erratum RP2040-E1). */
const PER_TICK = 2;

/** The watchdog (RP2040 datasheet §4.7), the tick it makes for itself and TIMER, and eight words that outlive resets. */
interface Watchdog {
  readonly block: Registers;
  /** Hz of the tick; 0: it is off. */
  readonly tickHz: () => number;
  /** The clock of the tick changed. */
  readonly clockChanged: () => void;
}

interface WatchdogOrder {
  readonly referenceHz: () => number;
  /** Called when the tick changed. */
  readonly ticks: () => void;
}

export function createWatchdog(wires: Wires, { referenceHz, ticks }: WatchdogOrder): Watchdog {
  const { order, time, resetChip } = wires;
  const retained = new DataView(order.retained.buffer, order.retained.byteOffset);
  if (order.cause === 'power-on' || order.cause === 'reset-pin') {
    retained.setUint32(retainedAt.reason, 0, true);
  }
  const bark = (reason: number): void => {
    retained.setUint32(retainedAt.reason, reason, true);
    resetChip('watchdog');
  };

  const tickHz = (): number => {
    const tick = block.get(TICK);
    if ((tick & 0x200) === 0) return 0;
    const cycles = tick & 0x1ff;
    return cycles === 0 ? 1e6 : referenceHz() / cycles;
  };
  let counter = 0;
  let countedNs = 0;
  const running = (): boolean => (block.get(CTRL) & ENABLE) !== 0;
  const perNs = (): number => (running() ? (tickHz() * PER_TICK) / 1e9 : 0);
  let rate = 0;
  const now = (): number => Math.max(0, counter - (time.nowNs - countedNs) * rate);
  const alarm = time.alarm(() => bark(1));
  const place = (value: number): void => {
    counter = value;
    countedNs = time.nowNs;
    rate = perNs();
    alarm.set(rate === 0 ? Number.POSITIVE_INFINITY : countedNs + counter / rate);
  };
  const clockChanged = (): void => {
    place(now());
    ticks();
  };

  const block: Registers = createRegisters({
    name: 'WATCHDOG',
    address: 0x40058000,
    registers: {
      [CTRL]: {
        name: 'CTRL',
        reset: 0x07000000,
        mask: 0x47000000,
        read: (kept) => (kept | (Math.ceil(now()) & TIME)) >>> 0,
        write: (_kept, written) => {
          place(now());
          if ((written & TRIGGER) !== 0) bark(2);
        },
      },
      0x04: { name: 'LOAD', write: (kept) => place(kept & TIME), read: () => 0 },
      0x08: { name: 'REASON', mask: 0, read: () => retained.getUint32(retainedAt.reason, true) },
      ...repeated(8, 0x0c, 4, (n) => ({
        name: `SCRATCH${n}`,
        read: () => retained.getUint32(retainedAt.scratch + 4 * n, true),
        write: (kept) => retained.setUint32(retainedAt.scratch + 4 * n, kept, true),
      })),
      [TICK]: {
        name: 'TICK',
        reset: 0x200,
        mask: 0x3ff,
        read: (kept) => kept | ((kept & 0x200) === 0 ? 0 : 0x400),
        write: clockChanged,
      },
    },
  });
  return { block, tickHz, clockChanged };
}
