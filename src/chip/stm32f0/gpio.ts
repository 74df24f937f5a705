import { createPeripheral, register } from './peripheral.ts';
import type { Peripheral, Register } from './peripheral.ts';

interface PortOrder {
  /** A to F. */
  readonly letter: string;
  readonly base: number;
  /** A pin is driven to that level by the chip; undefined: not any more. */
  readonly driven: (pin: number, level: boolean | undefined) => void;
  /** The level that a pin is read at may have changed. */
  readonly inputs: () => void;
}

/** Sixteen pins. */
export interface GpioPort {
  readonly peripheral: Peripheral;
  /** Levels as IDR shows them. */
  levels(): number;
  /** From outside; undefined: let go. */
  setPin(pin: number, level: boolean | undefined): void;
}

type Name =
  | 'MODER'
  | 'OTYPER'
  | 'OSPEEDR'
  | 'PUPDR'
  | 'IDR'
  | 'ODR'
  | 'BSRR'
  | 'LCKR'
  | 'AFRL'
  | 'AFRH'
  | 'BRR';

const OUTPUT = 1;
const PULL_UP = 1;

/** General-purpose I/O (RM0091 §8). What alternate functions do with a pin is not seen. */
export function createGpioPort({ letter, base, driven, inputs }: PortOrder): GpioPort {
  const outside: (boolean | undefined)[] = Array.from({ length: 16 });
  const told: (boolean | undefined)[] = Array.from({ length: 16 });
  const isOutput = (pin: number): boolean => ((r.MODER.value >>> (2 * pin)) & 3) === OUTPUT;
  const isHigh = (pin: number): boolean => ((r.ODR.value >>> pin) & 1) === 1;
  const isOpenDrain = (pin: number): boolean => ((r.OTYPER.value >>> pin) & 1) === 1;
  /** What the chip drives it to. */
  const drives = (pin: number): boolean | undefined => {
    if (!isOutput(pin)) return undefined;
    if (isHigh(pin) && isOpenDrain(pin)) return undefined;
    return isHigh(pin);
  };
  const level = (pin: number): boolean =>
    drives(pin) ?? outside[pin] ?? ((r.PUPDR.value >>> (2 * pin)) & 3) === PULL_UP;
  const levels = (): number => {
    let result = 0;
    for (let pin = 0; pin < 16; pin += 1) if (level(pin)) result |= 1 << pin;
    return result;
  };
  const changed = (): void => {
    for (let pin = 0; pin < 16; pin += 1) {
      const now = drives(pin);
      if (now === told[pin]) continue;
      told[pin] = now;
      driven(pin, now);
    }
    inputs();
  };
  const kept = (at: number, reset = 0, mask = 0xffffffff): Register => {
    const one: Register = register(at, {
      reset,
      write: (written) => {
        one.value = (written & mask) >>> 0;
        changed();
      },
    });
    return one;
  };
  const setOutputs = (value: number): void => {
    if (r.ODR.value === value) return;
    r.ODR.value = value;
    changed();
  };
  // SWDIO and SWCLK are what PA13 and PA14 are after a reset.
  const isA = letter === 'A';
  const r: Record<Name, Register> = {
    MODER: kept(0x00, isA ? 0x28000000 : 0),
    OTYPER: kept(0x04, 0, 0xffff),
    OSPEEDR: register(0x08, { reset: isA ? 0x0c000000 : 0 }),
    PUPDR: kept(0x0c, isA ? 0x24000000 : 0),
    IDR: register(0x10, { read: levels, writable: 0 }),
    ODR: register(0x14, { write: (written) => setOutputs(written & 0xffff) }),
    BSRR: register(0x18, {
      read: () => 0,
      write: (written) => setOutputs((r.ODR.value & ~(written >>> 16)) | (written & 0xffff)),
    }),
    // Locking is kept, and locks nothing.
    LCKR: register(0x1c, { writable: 0x1ffff }),
    AFRL: register(0x20),
    AFRH: register(0x24),
    BRR: register(0x28, {
      read: () => 0,
      write: (written) => setOutputs(r.ODR.value & ~(written & 0xffff)),
    }),
  };
  return {
    peripheral: createPeripheral({
      name: `GPIO${letter}`,
      base,
      lanes: 'separate',
      registers: r,
      whenReset: changed,
    }),
    levels,
    setPin(pin, value) {
      outside[pin] = value;
      inputs();
    },
  };
}
