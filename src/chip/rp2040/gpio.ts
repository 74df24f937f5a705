import { DfuError } from '../../bytes/index.ts';
import { createRegisters, repeated, unmodelled } from './block.ts';
import type { Block, Register, Registers } from './block.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

/** Pins of a bank: those of the board, or those that the flash hangs on. */
interface BankOrder {
  readonly io: { readonly name: string; readonly address: number; readonly irq: number };
  readonly pads: { readonly name: string; readonly address: number };
  readonly pins: readonly string[];
  /** What PADS has after a reset, by pin (RP2040 datasheet §2.19.6). */
  readonly padReset: (pin: number) => number;
  /** The place of a pin among the pads, if the pads have an order of their own. */
  readonly padOf?: (pin: number) => number;
  /** Of INTE for the first core; four bits a pin. */
  readonly interruptOffset: number;
  readonly sioFunction: number;
}

/** A bank of pins, its IO and PADS blocks, and what SIO does with it. */
export interface Bank {
  readonly io: Block;
  readonly pads: Block;
  /** What SIO reads. */
  readonly input: () => number;
  /** What SIO drives. */
  readonly drive: (output: number, enabled: number) => void;
  /** From outside; undefined: let go. */
  readonly setPin: (pin: number, level: boolean | undefined) => void;
  /** OUTOVER of a pin: 2 drives it low, 3 high. */
  readonly override: (pin: number) => number;
}

const PULL_UP = 1 << 3;
const OUTPUT_DISABLE = 1 << 7;
const INPUT_ENABLE = 1 << 6;

const LEVEL_LOW = 1;
const LEVEL_HIGH = 2;
const EDGE_LOW = 4;
const EDGE_HIGH = 8;

function createBank(wires: Wires, order: BankOrder): Bank {
  const { pins, sioFunction } = order;
  const count = pins.length;
  const words = Math.ceil(count / 8);
  const outside: (boolean | undefined)[] = Array.from({ length: count });
  const told: (boolean | undefined)[] = Array.from({ length: count });
  let output = 0;
  let enabled = 0;
  let levels = 0;
  let input = 0;
  const edges = new Uint8Array(count);
  const INTR = order.interruptOffset - 4 * words;

  const ctrl = (pin: number): number => io.get(8 * pin + 4);
  const padOffset = (pin: number): number => 4 * (order.padOf?.(pin) ?? pin) + 4;
  const pad = (pin: number): number => pads.get(padOffset(pin));

  /** What the chip drives; undefined: nothing. Only SIO's function does; others are not seen. */
  const driven = (pin: number): boolean | undefined => {
    const control = ctrl(pin);
    const outOver = (control >>> 8) & 3;
    const enableOver = (control >>> 12) & 3;
    const bySio = (control & 0x1f) === sioFunction;
    const sioEnabled = bySio && ((enabled >>> pin) & 1) === 1;
    const on = enableOver === 0 ? sioEnabled : enableOver === 1 ? !sioEnabled : enableOver === 3;
    if (!on || (pad(pin) & OUTPUT_DISABLE) !== 0) return undefined;
    const level = bySio && ((output >>> pin) & 1) === 1;
    return outOver === 0 ? level : outOver === 1 ? !level : outOver === 3;
  };
  const levelOf = (pin: number): boolean => {
    const level = outside[pin] ?? driven(pin);
    if (level !== undefined) return level;
    return (pad(pin) & PULL_UP) !== 0;
  };

  /** Four bits of a pin as INTR has them. */
  const rawOf = (pin: number): number =>
    (edges[pin] ?? 0) | (((input >>> pin) & 1) === 1 ? LEVEL_HIGH : LEVEL_LOW);
  const rawWord = (word: number): number => {
    let raw = 0;
    for (let n = 0; n < 8 && word * 8 + n < count; n += 1) raw |= rawOf(word * 8 + n) << (4 * n);
    return raw >>> 0;
  };
  const interrupt = (): void => {
    let any = 0;
    for (let word = 0; word < words; word += 1) {
      const offset = order.interruptOffset + 4 * word;
      any |= (rawWord(word) & io.get(offset)) | io.get(offset + 4 * words);
    }
    wires.irq(order.io.irq, any !== 0);
  };
  const update = (): void => {
    const before = levels;
    levels = 0;
    input = 0;
    for (let pin = 0; pin < count; pin += 1) {
      const drives = driven(pin);
      if (drives !== told[pin]) {
        told[pin] = drives;
        wires.order.outside.pin(pins[pin] ?? '', drives);
      }
      const bit = 1 << pin;
      if (levelOf(pin)) levels |= bit;
      const over = (ctrl(pin) >>> 16) & 3;
      const seen = (pad(pin) & INPUT_ENABLE) !== 0 && (levels & bit) !== 0;
      if (over === 0 ? seen : over === 1 ? !seen : over === 3) input |= bit;
      if (((before ^ levels) & bit) !== 0) {
        edges[pin] = (edges[pin] ?? 0) | ((levels & bit) === 0 ? EDGE_LOW : EDGE_HIGH);
      }
    }
    interrupt();
  };

  /** INTE, INTF and INTS of one receiver. */
  const receiver = (name: string, offset: number, used: boolean): Record<number, Register> => {
    const enable = (kept: number): void => {
      if (used) interrupt();
      else if (kept !== 0) {
        throw unmodelled(`${order.io.name} ${name}_INTE`, order.io.address + offset);
      }
    };
    return {
      ...repeated(words, offset, 4, (n) => ({ name: `${name}_INTE${n}`, write: enable })),
      ...repeated(words, offset + 4 * words, 4, (n) => ({
        name: `${name}_INTF${n}`,
        write: enable,
      })),
      ...repeated(words, offset + 8 * words, 4, (n) => ({
        name: `${name}_INTS${n}`,
        mask: 0,
        read: () => (rawWord(n) & io.get(offset + 4 * n)) | io.get(offset + 4 * words + 4 * n),
      })),
    };
  };

  const io: Registers = createRegisters({
    name: order.io.name,
    address: order.io.address,
    onReset: () => {
      edges.fill(0);
      update();
    },
    registers: {
      ...repeated(count, 0, 8, (pin) => ({
        name: `${pins[pin]}_STATUS`,
        mask: 0,
        read: () => {
          const drives = driven(pin);
          return (
            (drives === true ? 0x300 : 0) |
            (drives === undefined ? 0 : 0x3000) |
            (((levels >>> pin) & 1) * 0x20000) |
            (((input >>> pin) & 1) * 0x80000)
          );
        },
      })),
      ...repeated(count, 4, 8, (pin) => ({
        name: `${pins[pin]}_CTRL`,
        reset: 0x1f,
        write: update,
      })),
      ...repeated(words, INTR, 4, (word) => ({
        name: `INTR${word}`,
        mask: 0,
        read: () => rawWord(word),
        write: (_kept, written) => {
          for (let n = 0; n < 8 && word * 8 + n < count; n += 1) {
            const pin = word * 8 + n;
            edges[pin] = (edges[pin] ?? 0) & ~((written >>> (4 * n)) & (EDGE_LOW | EDGE_HIGH));
          }
          interrupt();
        },
      })),
      ...receiver('PROC0', order.interruptOffset, true),
      ...receiver('PROC1', order.interruptOffset + 12 * words, false),
      ...receiver('DORMANT_WAKE', order.interruptOffset + 24 * words, false),
    },
  });
  const pads: Registers = createRegisters({
    name: order.pads.name,
    address: order.pads.address,
    onReset: () => update(),
    registers: {
      0x0: { name: 'VOLTAGE_SELECT', mask: 1 },
      ...Object.fromEntries(
        pins.map((name, pin): [number, Register] => [
          padOffset(pin),
          { name, reset: order.padReset(pin), mask: 0xff, write: update },
        ]),
      ),
      ...(order.io.name === 'IO_BANK0'
        ? repeated(2, 4 * count + 4, 4, (n) => ({
            name: n === 0 ? 'SWCLK' : 'SWD',
            reset: n === 0 ? 0xda : 0x5a,
            mask: 0xff,
          }))
        : {}),
    },
  });

  update();
  edges.fill(0);
  return {
    io,
    pads,
    input: () => input >>> 0,
    drive: (nextOutput, nextEnabled) => {
      output = nextOutput;
      enabled = nextEnabled;
      update();
    },
    setPin: (pin, level) => {
      outside[pin] = level;
      update();
    },
    override: (pin) => (ctrl(pin) >>> 8) & 3,
  };
}

/** Number of the pin that selects the flash, and that BOOTSEL pulls low. */
export const SELECT_PIN = 1;

/** Both banks, and their pins by name. */
export interface Gpio {
  readonly board: Bank;
  readonly flash: Bank;
  /** Throws `NOT_FOUND` for a name that there is not. */
  readonly setPin: (name: string, level: boolean | undefined) => void;
}

export function createGpio(wires: Wires): Gpio {
  const board = createBank(wires, {
    io: { name: 'IO_BANK0', address: 0x40014000, irq: irqs.ioBank0 },
    pads: { name: 'PADS_BANK0', address: 0x4001c000 },
    pins: Array.from({ length: 30 }, (_, pin) => `GPIO${pin}`),
    padReset: () => 0x56,
    interruptOffset: 0x100,
    sioFunction: 5,
  });
  const flashPins = ['SCLK', 'SS', 'SD0', 'SD1', 'SD2', 'SD3'].map((name) => `QSPI_${name}`);
  const flash = createBank(wires, {
    io: { name: 'IO_QSPI', address: 0x40018000, irq: irqs.ioQspi },
    pads: { name: 'PADS_QSPI', address: 0x40020000 },
    pins: flashPins,
    padReset: (pin) => (pin === 0 ? 0x56 : pin === SELECT_PIN ? 0x5a : 0x52),
    // IO_QSPI has the select line second, PADS_QSPI last.
    padOf: (pin) => (pin === 0 ? 0 : pin === SELECT_PIN ? 5 : pin - 1),
    interruptOffset: 0x34,
    sioFunction: 5,
  });
  const setPin = (name: string, level: boolean | undefined): void => {
    const boardPin = /^GPIO([12]?[0-9])$/.exec(name)?.[1];
    if (boardPin !== undefined) return board.setPin(Number(boardPin), level);
    const flashPin = name === 'BOOTSEL' ? SELECT_PIN : flashPins.indexOf(name);
    if (flashPin >= 0) return flash.setPin(flashPin, level);
    throw new DfuError(
      'NOT_FOUND',
      `an RP2040 has the pins GPIO0 to GPIO29, BOOTSEL and ${flashPins.join(', ')}, not ${JSON.stringify(name)}`,
    );
  };
  return { board, flash, setPin };
}
