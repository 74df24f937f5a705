import { hexNumber } from '../../bytes/index.ts';
import { BusFault } from '../armv6m/bus.ts';

/** The registers of one peripheral, behind the bus. Offsets are multiples of 4; values are unsigned words. */
export interface Block {
  readonly name: string;
  readonly read: (offset: number) => number;
  /**
   * `value` is what the register is to become, after the aliases that set, clear and toggle bits (RP2040 datasheet
   * §2.1.2); `written` the word as it was on the bus, for bits that a 1 clears.
   */
  readonly write: (offset: number, value: number, written: number) => void;
  /** Everything as after a reset of the block. */
  readonly reset: () => void;
}

/** One register. */
export interface Register {
  readonly name: string;
  /** 0 if not given. */
  readonly reset?: number;
  /** Bits that can be written; all if not given. */
  readonly mask?: number;
  /** Bits that writing a 1 clears. */
  readonly clears?: number;
  /** What reading gives, if it is not what was kept. */
  readonly read?: (kept: number) => number;
  /** The model has it not: a fault names it, when it is read, or written. */
  readonly lacks?: 'all' | 'writes';
  /** Called after a write, with what is kept now. */
  readonly write?: (kept: number, written: number) => void;
}

/** A block whose registers are described; others may look at and change what it keeps. */
export interface Registers extends Block {
  readonly get: (offset: number) => number;
  readonly set: (offset: number, value: number) => void;
  /** Throws the fault that names this register as one that is not modelled. */
  readonly fault: (offset: number) => never;
}

/** The chip has it, the model does not: a named fault. */
export function unmodelled(what: string, address: number): BusFault {
  return new BusFault(address, `RP2040: ${what} (${hexNumber(address)}) is not modelled`, {
    unmodelled: true,
  });
}

interface RegistersOrder {
  readonly name: string;
  readonly address: number;
  /** By offset. */
  readonly registers: Readonly<Record<number, Register>>;
  /** Called after a reset, when all registers have their values. */
  readonly onReset?: () => void;
}

/** A block of all the registers that the chip has there: between them it reads as 0, and stores do nothing. */
export function createRegisters({ name, address, registers, onReset }: RegistersOrder): Registers {
  const offsets = Object.keys(registers).map(Number);
  const words = Math.max(...offsets) / 4 + 1;
  const known = Array.from({ length: words }, (_, word) => registers[word * 4]);
  const kept = new Uint32Array(words);
  const restore = (): void => {
    known.forEach((register, word) => {
      kept[word] = register?.reset ?? 0;
    });
  };
  const lacking = (register: Register, offset: number): BusFault =>
    unmodelled(`${name} ${register.name}`, address + offset);
  restore();
  return {
    name,
    get: (offset) => kept[offset >>> 2] ?? 0,
    set: (offset, value) => {
      kept[offset >>> 2] = value;
    },
    fault: (offset) => {
      throw unmodelled(
        `${name} ${known[offset >>> 2]?.name ?? hexNumber(offset)}`,
        address + offset,
      );
    },
    read: (offset) => {
      const register = known[offset >>> 2];
      if (register === undefined) return 0;
      if (register.lacks === 'all') throw lacking(register, offset);
      const value = kept[offset >>> 2] ?? 0;
      return register.read === undefined ? value : register.read(value) >>> 0;
    },
    write: (offset, value, written) => {
      const word = offset >>> 2;
      const register = known[word];
      if (register === undefined) return;
      if (register.lacks !== undefined) throw lacking(register, offset);
      const before = kept[word] ?? 0;
      const mask = register.mask ?? 0xffffffff;
      kept[word] = ((before & ~mask) | (value & mask)) & ~(written & (register.clears ?? 0));
      register.write?.(kept[word] ?? 0, written);
    },
    reset: () => {
      restore();
      onReset?.();
    },
  };
}

/** The same register several times, `strideBytes` apart. */
export function repeated(
  count: number,
  firstOffset: number,
  strideBytes: number,
  register: (index: number) => Register,
): Record<number, Register> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      firstOffset + index * strideBytes,
      register(index),
    ]),
  );
}

/** What a block's INTE, INTF and INTS need. */
interface InterruptsOrder {
  /** Of INTE; the other two follow. */
  readonly offset: number;
  readonly suffix?: string;
  readonly block: () => Registers;
  /** What INTR reads as. */
  readonly raw: () => number;
  /** Called when what is asked for changed. */
  readonly update: () => void;
}

/** Those that are raised and asked for. */
export function raisedInterrupts(block: Registers, offset: number, raw: number): number {
  return ((raw & block.get(offset)) | block.get(offset + 4)) >>> 0;
}

/** INTE, INTF and INTS, as most blocks have them. */
export function interruptRegisters(order: InterruptsOrder): Record<number, Register> {
  const { offset, suffix = '', block, raw, update } = order;
  return {
    [offset]: { name: `INTE${suffix}`, write: update },
    [offset + 4]: { name: `INTF${suffix}`, write: update },
    [offset + 8]: {
      name: `INTS${suffix}`,
      mask: 0,
      read: () => raisedInterrupts(block(), offset, raw()),
    },
  };
}
