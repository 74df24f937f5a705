import { createRegisters, interruptRegisters, raisedInterrupts, repeated } from './block.ts';
import type { Registers } from './block.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

const ALARMS = 4;
const WORD = 0x1_0000_0000;
const INTE = 0x38;
/** Far below a microsecond, far above what a fraction of a cycle is rounded to. */
const EPSILON_US = 1e-3;

/** The TIMER block (RP2040 datasheet §4.6): 64 bits of microseconds, as the watchdog's tick makes them, and four alarms. */
interface Timer {
  readonly block: Registers;
  /** The tick runs at that many Hz from now on; 0: not at all. */
  readonly setTick: (hertz: number) => void;
}

export function createTimer({ time, irq }: Wires): Timer {
  /** Microseconds at `baseNs`. */
  let baseUs = 0;
  let baseNs = 0;
  let tickHz = 1e6;
  let paused = false;
  let latched = 0;
  let raw = 0;

  const running = (): number => (paused ? 0 : tickHz / 1e9);
  const exactUs = (): number => baseUs + (time.nowNs - baseNs) * running();
  const nowUs = (): number => Math.floor(exactUs() + EPSILON_US);
  const high = (us: number): number => Math.floor(us / WORD) >>> 0;
  const low = (us: number): number => (us % WORD) >>> 0;

  const update = (): void => {
    const raised = raisedInterrupts(block, INTE, raw);
    for (let n = 0; n < ALARMS; n += 1) irq(irqs.timer + n, ((raised >>> n) & 1) === 1);
  };
  /** When each alarm's 32 bits come by, in us; undefined: it is not armed. */
  const due: (number | undefined)[] = Array.from({ length: ALARMS });
  const alarms = Array.from({ length: ALARMS }, (_, n) =>
    time.alarm(() => {
      due[n] = undefined;
      raw |= 1 << n;
      update();
    }),
  );
  const place = (n: number): void => {
    const us = due[n];
    const perNs = running();
    alarms[n]?.set(
      us === undefined || perNs === 0 ? Number.POSITIVE_INFINITY : baseNs + (us - baseUs) / perNs,
    );
  };
  const rebase = (): void => {
    baseUs = exactUs();
    baseNs = time.nowNs;
  };
  const placeAll = (): void => alarms.forEach((_, n) => place(n));
  const arm = (n: number, value: number): void => {
    const now = nowUs();
    const ahead = (value - low(now) + WORD) % WORD;
    due[n] = now + (ahead === 0 ? WORD : ahead);
    place(n);
  };
  const setNow = (us: number): void => {
    baseUs = us;
    baseNs = time.nowNs;
    due.forEach((each, n) => {
      if (each !== undefined) arm(n, block.get(0x10 + 4 * n));
    });
  };

  let writtenLow = 0;
  const block: Registers = createRegisters({
    name: 'TIMER',
    address: 0x40054000,
    onReset: () => {
      paused = false;
      raw = 0;
      due.fill(undefined);
      placeAll();
      setNow(0);
      update();
    },
    registers: {
      0x00: { name: 'TIMEHW', write: (kept) => setNow(kept * WORD + writtenLow) },
      0x04: {
        name: 'TIMELW',
        write: (kept) => {
          writtenLow = kept;
        },
      },
      0x08: { name: 'TIMEHR', mask: 0, read: () => latched },
      0x0c: {
        name: 'TIMELR',
        mask: 0,
        read: () => {
          const us = nowUs();
          latched = high(us);
          return low(us);
        },
      },
      ...repeated(ALARMS, 0x10, 4, (n) => ({
        name: `ALARM${n}`,
        write: (kept) => arm(n, kept),
      })),
      0x20: {
        name: 'ARMED',
        mask: 0,
        read: () => due.reduce<number>((all, us, n) => all | (us === undefined ? 0 : 1 << n), 0),
        write: (_kept, written) => {
          for (let n = 0; n < ALARMS; n += 1) {
            if (((written >>> n) & 1) === 0) continue;
            due[n] = undefined;
            place(n);
          }
        },
      },
      0x24: { name: 'TIMERAWH', mask: 0, read: () => high(nowUs()) },
      0x28: { name: 'TIMERAWL', mask: 0, read: () => low(nowUs()) },
      0x2c: { name: 'DBGPAUSE', reset: 7, mask: 6 },
      0x30: {
        name: 'PAUSE',
        mask: 1,
        write: (kept) => {
          rebase();
          paused = kept === 1;
          placeAll();
        },
      },
      0x34: {
        name: 'INTR',
        mask: 0,
        read: () => raw,
        write: (_kept, written) => {
          raw &= ~written;
          update();
        },
      },
      ...interruptRegisters({ offset: INTE, block: () => block, raw: () => raw, update }),
    },
  });

  return {
    block,
    setTick: (hertz) => {
      if (hertz === tickHz) return;
      rebase();
      tickHz = hertz;
      placeAll();
    },
  };
}
