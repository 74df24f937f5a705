import { hexNumber } from '../../bytes/index.ts';
import { BusFault } from '../armv6m/bus.ts';

/** One register of a peripheral, 32 bits wide. */
export interface Register {
  /** From the peripheral's base, in bytes. */
  readonly at: number;
  /** Its value after a reset. */
  readonly resetValue: number;
  /** Bits that software changes by writing; the others stay. */
  readonly writable: number;
  value: number;
  /** What it reads as, where that is not `value`. */
  readonly read?: (() => number) | undefined;
  /** Reading changes something: a debugger is shown `value`. */
  readonly consumes: boolean;
  /** What writing does, where that is not keeping the writable bits. */
  readonly write?: ((written: number) => void) | undefined;
}

/** What may be said of a register beside its place. */
interface RegisterTraits {
  readonly reset?: number;
  readonly writable?: number;
  readonly read?: () => number;
  readonly consumes?: boolean;
  readonly write?: (written: number) => void;
}

/** A register that keeps what is written, unless something else is said. */
export function register(at: number, traits: RegisterTraits = {}): Register {
  const { reset = 0, writable = 0xffffffff, read, consumes = false, write } = traits;
  return { at, resetValue: reset, writable, value: reset, read, consumes, write };
}

/** Writes of bytes and half-words: an APB bridge repeats them in all lanes, AHB has lanes (RM0091 §2.1). */
type Lanes = 'repeated' | 'separate';

/** A peripheral, as the bus sees it. */
export interface Peripheral {
  readonly name: string;
  readonly base: number;
  readonly lanes: Lanes;
  /** Its registers by number of the word; what is missing is not modelled. */
  readonly words: readonly (Register | undefined)[];
  /** The name of each, and of those that the chip has and the model does not. */
  readonly names: ReadonlyMap<number, string>;
  /** Its reset state, without what `whenReset` of it does beyond its registers. */
  reset(): void;
  /** The next cycle at which it does something by itself; Infinity: none. */
  nextCycle?(): number;
  /** It does what was due. */
  advance?(): void;
}

/** What a peripheral is made of. */
interface PeripheralParts {
  readonly name: string;
  readonly base: number;
  readonly lanes?: Lanes;
  readonly registers: Readonly<Record<string, Register>>;
  /** Registers that the chip has and the model lacks, by their offsets. */
  readonly lacking?: Readonly<Record<string, number>>;
  readonly whenReset?: () => void;
  readonly nextCycle?: () => number;
  readonly advance?: () => void;
}

/** A peripheral of its registers. */
export function createPeripheral(parts: PeripheralParts): Peripheral {
  const { name, base, lanes = 'repeated', registers, lacking = {}, whenReset } = parts;
  const words: (Register | undefined)[] = [];
  const names = new Map<number, string>();
  for (const [each, one] of Object.entries(registers)) {
    while (words.length <= one.at >> 2) words.push(undefined);
    words[one.at >> 2] = one;
    names.set(one.at, each);
  }
  for (const [each, at] of Object.entries(lacking)) names.set(at, each);
  const reset = (): void => {
    for (const one of Object.values(registers)) one.value = one.resetValue;
    whenReset?.();
  };
  const { nextCycle, advance } = parts;
  return { name, base, lanes, words, names, reset, ...(nextCycle && { nextCycle, advance }) };
}

/** The chip has this, and its model does not. */
export function notModelled(address: number, what: string): BusFault {
  const words = `STM32F072: ${what} (${hexNumber(address, 8)}) is not modelled`;
  return new BusFault(address, words, { unmodelled: true });
}

function registerAt(peripheral: Peripheral, offset: number): Register {
  const found = peripheral.words[offset >> 2];
  if (found !== undefined) return found;
  const word = offset & ~3;
  const name = peripheral.names.get(word) ?? `register ${hexNumber(word, 2)}`;
  throw notModelled(peripheral.base + word, `${peripheral.name} ${name}`);
}

/** All 32 bits of the register there. */
export function readRegister(peripheral: Peripheral, offset: number): number {
  const found = registerAt(peripheral, offset);
  return (found.read === undefined ? found.value : found.read()) >>> 0;
}

/** The register there as a debugger sees it, without consequences; undefined: there is none. */
export function peekRegister(peripheral: Peripheral, offset: number): number | undefined {
  const found = peripheral.words[offset >> 2];
  if (found?.consumes === true) return found.value >>> 0;
  return found && readRegister(peripheral, offset);
}

/** Writes all 32 bits of the register there. */
export function writeRegister(peripheral: Peripheral, offset: number, value: number): void {
  const found = registerAt(peripheral, offset);
  if (found.write !== undefined) found.write(value >>> 0);
  else found.value = ((found.value & ~found.writable) | (value & found.writable)) >>> 0;
}

/** What the chip does with what its peripherals ask of it. */
export interface Wiring {
  /** Cycles of the core since its reset. */
  cycles(): number;
  /** Virtual time since the chip's start, in ns. */
  nowNs(): number;
  /** The cycle at which it is that late, if nothing about the clock changes. */
  cycleAt(ns: number): number;
  interrupt(line: number, level: boolean): void;
  /** When something is due next has changed. */
  rescheduled(): void;
}
