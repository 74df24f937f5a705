import { createRegisters, repeated, unmodelled } from './block.ts';
import type { Block, Register } from './block.ts';
import type { Gpio } from './gpio.ts';
import { interpolatorRegisters } from './interpolator.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

const ADDRESS = 0xd0000000;
const VALID = 1;
const READY = 2;
const OVERFLOW = 4;
const UNDERFLOW = 8;
/** Words that the mailbox of a core holds (RP2040 datasheet §2.3.1.4). */
const FIFO_WORDS = 8;

/** The single-cycle IO block, as core 0 sees it. */
interface Sio {
  readonly block: Block;
  /** Core 1 came out of reset: its ROM empties its mailbox and says 0. */
  readonly core1: () => void;
}

/** Output, set, clear and toggle registers of a bank; output and output enable. */
function gpioRegisters(
  suffix: string,
  offsets: { readonly output: number; readonly enable: number },
  mask: number,
  drive: (output: number, enabled: number) => void,
): Record<number, Register> {
  let output = 0;
  let enabled = 0;
  const four = (
    name: string,
    offset: number,
    get: () => number,
    put: (value: number) => void,
  ): Record<number, Register> => {
    const change = (next: (written: number) => number) => (_kept: number, written: number) => {
      put(next(written) & mask);
      drive(output, enabled);
    };
    return {
      [offset]: { name, read: get, write: change((written) => written) },
      [offset + 4]: { name: `${name}_SET`, read: get, write: change((written) => get() | written) },
      [offset + 8]: {
        name: `${name}_CLR`,
        read: get,
        write: change((written) => get() & ~written),
      },
      [offset + 12]: {
        name: `${name}_XOR`,
        read: get,
        write: change((written) => get() ^ written),
      },
    };
  };
  return {
    ...four(
      `GPIO${suffix}_OUT`,
      offsets.output,
      () => output,
      (value) => {
        output = value;
      },
    ),
    ...four(
      `GPIO${suffix}_OE`,
      offsets.enable,
      () => enabled,
      (value) => {
        enabled = value;
      },
    ),
  };
}

/** The divider (§2.3.1.5). Its eight cycles are over at once. */
function dividerRegisters(): Record<number, Register> {
  let dividend = 0;
  let divisor = 0;
  let quotient = 0;
  let remainder = 0;
  let dirty = 0;
  const divide = (signed: boolean): void => {
    dirty = 2;
    const over = signed ? dividend | 0 : dividend >>> 0;
    const under = signed ? divisor | 0 : divisor >>> 0;
    if (under === 0) {
      quotient = signed && over < 0 ? 1 : 0xffffffff;
      remainder = over >>> 0;
    } else {
      quotient = Math.trunc(over / under) >>> 0;
      remainder = (over % under) >>> 0;
    }
  };
  const operand = (name: string, get: () => number, put: (value: number) => void): Register => ({
    name,
    read: get,
    write: (kept) => {
      put(kept);
      divide(name.includes('_S'));
    },
  });
  const setDividend = (value: number): void => {
    dividend = value;
  };
  const setDivisor = (value: number): void => {
    divisor = value;
  };
  return {
    0x60: operand('DIV_UDIVIDEND', () => dividend, setDividend),
    0x64: operand('DIV_UDIVISOR', () => divisor, setDivisor),
    0x68: operand('DIV_SDIVIDEND', () => dividend, setDividend),
    0x6c: operand('DIV_SDIVISOR', () => divisor, setDivisor),
    0x70: {
      name: 'DIV_QUOTIENT',
      read: () => {
        dirty = 0;
        return quotient;
      },
      write: (kept) => {
        quotient = kept;
        dirty = 2;
      },
    },
    0x74: {
      name: 'DIV_REMAINDER',
      read: () => remainder,
      write: (kept) => {
        remainder = kept;
        dirty = 2;
      },
    },
    0x78: { name: 'DIV_CSR', mask: 0, read: () => 1 | dirty },
  };
}

export function createSio({ irq }: Wires, gpio: Gpio): Sio {
  let spinlocks = 0;
  let underflow = false;
  /** What core 1 has said; its ROM says 0 when it starts. */
  const mailbox: number[] = [0];
  const update = (): void => irq(irqs.sio, mailbox.length > 0 || underflow);

  const block = createRegisters({
    name: 'SIO',
    address: ADDRESS,
    registers: {
      0x00: { name: 'CPUID', mask: 0 },
      0x04: { name: 'GPIO_IN', mask: 0, read: () => gpio.board.input() },
      0x08: { name: 'GPIO_HI_IN', mask: 0, read: () => gpio.flash.input() },
      ...gpioRegisters('', { output: 0x10, enable: 0x20 }, 0x3fffffff, gpio.board.drive),
      ...gpioRegisters('_HI', { output: 0x30, enable: 0x40 }, 0x3f, gpio.flash.drive),
      0x50: {
        name: 'FIFO_ST',
        mask: 0,
        read: () => READY | (mailbox.length > 0 ? VALID : 0) | (underflow ? UNDERFLOW : 0),
        write: (_kept, written) => {
          if ((written & (OVERFLOW | UNDERFLOW)) !== 0) underflow = false;
          update();
        },
      },
      0x54: {
        name: 'FIFO_WR',
        mask: 0,
        read: () => 0,
        write: (_kept, written) => {
          // Core 1's ROM answers 0 with 0, as often as it is said; anything else means to start it.
          if (written !== 0)
            throw unmodelled('core 1, to be started by SIO FIFO_WR,', ADDRESS + 0x54);
          if (mailbox.length < FIFO_WORDS) mailbox.push(0);
          update();
        },
      },
      0x58: {
        name: 'FIFO_RD',
        mask: 0,
        read: () => {
          const word = mailbox.shift();
          if (word === undefined) underflow = true;
          update();
          return word ?? 0;
        },
      },
      0x5c: { name: 'SPINLOCK_ST', mask: 0, read: () => spinlocks },
      ...dividerRegisters(),
      ...interpolatorRegisters('INTERP0', 0x80, { blend: true }),
      ...interpolatorRegisters('INTERP1', 0xc0, { blend: false }),
      ...repeated(32, 0x100, 4, (n) => ({
        name: `SPINLOCK${n}`,
        mask: 0,
        read: () => {
          const bit = (1 << n) >>> 0;
          if ((spinlocks & bit) !== 0) return 0;
          spinlocks |= bit;
          return bit;
        },
        write: () => {
          spinlocks &= ~(1 << n);
        },
      })),
    },
  });
  update();
  return {
    block,
    core1: () => {
      mailbox.push(0);
      update();
    },
  };
}
