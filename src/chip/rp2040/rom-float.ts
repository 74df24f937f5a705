import type { Core } from '../armv6m/core.ts';

/**
 * The functions of the ROM's floating-point library (RP2040 datasheet §2.8.3.2), by their place in its table, done with
 * numbers of the machine that this runs on. As there, numbers too small for their exponent are 0, and what is not a number
 * is infinite.
 */

/** One of the two tables: how many bits a number has, and how it stands in registers. */
interface Format {
  /** Registers of a number. */
  readonly words: 1 | 2;
  /** Below that it is 0. */
  readonly smallest: number;
  /** To the nearest number of this format. */
  readonly round: (value: number) => number;
}

const single: Format = { words: 1, smallest: 2 ** -126, round: Math.fround };
const double: Format = { words: 2, smallest: 2 ** -1022, round: (value) => value };

const view = new DataView(new ArrayBuffer(8));

function wordsOf(value: number, words: 1 | 2): readonly number[] {
  if (words === 1) {
    view.setFloat32(0, value, true);
    return [view.getUint32(0, true)];
  }
  view.setFloat64(0, value, true);
  return [view.getUint32(0, true), view.getUint32(4, true)];
}

/** Numbers too small are a 0 of their sign. */
function flushed(value: number, smallest: number): number {
  if (Math.abs(value) >= smallest) return value;
  return value < 0 || Object.is(value, -0) ? -0 : 0;
}

/** Registers as a number, by the rules of the library. */
function numberIn(core: Core, register: number, { words, smallest }: Format): number {
  view.setUint32(0, core.readRegister(register), true);
  if (words === 2) view.setUint32(4, core.readRegister(register + 1), true);
  const value = words === 1 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  if (Number.isNaN(value)) {
    const top = core.readRegister(register + words - 1);
    return top >>> 31 === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return flushed(value, smallest);
}

function put(core: Core, words: readonly number[], first = 0): void {
  words.forEach((word, n) => core.writeRegister(first + n, word));
}

/** The result of an operation; `sign` is that of an infinite one that is none by arithmetic. */
function putNumber(core: Core, value: number, format: Format, { first = 0, sign = 1 } = {}): void {
  const nearest = format.round(Number.isNaN(value) ? sign * Number.POSITIVE_INFINITY : value);
  put(core, wordsOf(flushed(nearest, format.smallest), format.words), first);
}

/** A whole number of that many bits, as near as there is one, downwards. */
function putWhole(core: Core, value: number, bits: 32 | 64, signed: boolean): void {
  const least = signed ? -(1n << BigInt(bits - 1)) : 0n;
  const most = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
  const whole = Number.isFinite(value) ? BigInt(Math.floor(value)) : value > 0 ? most : least;
  const kept = BigInt.asUintN(bits, whole < least ? least : whole > most ? most : whole);
  const low = Number(kept & 0xffffffffn);
  put(core, bits === 32 ? [low] : [low, Number(kept >> 32n)]);
}

/** A whole number in registers, from the first on. */
function wholeIn(core: Core, bits: 32 | 64, signed: boolean): bigint {
  const low = BigInt(core.readRegister(0));
  const all = bits === 32 ? low : low | (BigInt(core.readRegister(1)) << 32n);
  return signed ? BigInt.asIntN(bits, all) : all;
}

/** That whole number, rounded once: one of 64 bits may not fit into a double, on its way to a float. */
function rounded(whole: bigint, format: Format): number {
  const size = whole < 0n ? -whole : whole;
  const extra = size.toString(2).length - 53;
  if (format.words === 2 || extra <= 0) return Number(whole);
  // The bits that fall away are kept as one that says whether there were any.
  const shift = BigInt(extra + 2);
  const sticky = (size >> shift) << shift === size ? 0n : 1n;
  const near = Number((size >> shift) | sticky) * 2 ** (extra + 2);
  return whole < 0n ? -near : near;
}

type Function = (core: Core, format: Format) => void;

const two =
  (
    work: (left: number, right: number) => number,
    sign?: (l: number, r: number) => number,
  ): Function =>
  (core, format) => {
    const left = numberIn(core, 0, format);
    const right = numberIn(core, format.words, format);
    putNumber(core, work(left, right), format, { sign: sign?.(left, right) ?? 1 });
  };
const one =
  (work: (value: number) => number, sign = 1): Function =>
  (core, format) =>
    putNumber(core, work(numberIn(core, 0, format)), format, { sign });
const signs = (left: number, right: number): number =>
  Object.is(Math.sign(left), -0) !== Object.is(Math.sign(right), -0) || left * right < 0 ? -1 : 1;

const compared = (core: Core, format: Format): number => {
  const left = numberIn(core, 0, format);
  const right = numberIn(core, format.words, format);
  return left < right ? -1 : left > right ? 1 : 0;
};
const compare: Function = (core, format) => put(core, [compared(core, format) >>> 0]);
/** As CMP would leave the flags: N, Z, C. */
const compareFlags: Function = (core, format) => {
  const order = compared(core, format);
  const flags = order < 0 ? 0x80000000 : order === 0 ? 0x60000000 : 0x20000000;
  core.xpsr = ((core.xpsr & 0x0fffffff) | flags) >>> 0;
};

/** To a whole number; `fixed`: of so many binary places as the next register says. */
const toWhole =
  (bits: 32 | 64, signed: boolean, fixed: boolean): Function =>
  (core, format) => {
    const places = fixed ? core.readRegister(format.words) | 0 : 0;
    putWhole(core, numberIn(core, 0, format) * 2 ** places, bits, signed);
  };
const fromWhole =
  (bits: 32 | 64, signed: boolean, fixed: boolean): Function =>
  (core, format) => {
    const places = fixed ? core.readRegister(bits / 32) | 0 : 0;
    putNumber(core, rounded(wholeIn(core, bits, signed), format) / 2 ** places, format);
  };
const sineAndCosine: Function = (core, format) => {
  const angle = numberIn(core, 0, format);
  putNumber(core, Math.sin(angle), format);
  putNumber(core, Math.cos(angle), format, { first: format.words });
};
const toOther: Function = (core, format) =>
  putNumber(core, numberIn(core, 0, format), format.words === 1 ? double : single);

/** In the order of the table. */
const functions: readonly Function[] = [
  two((left, right) => left + right),
  two((left, right) => left - right),
  two((left, right) => left * right, signs),
  two((left, right) => left / right, signs),
  compare,
  compareFlags,
  one(Math.sqrt, -1),
  toWhole(32, true, false),
  toWhole(32, true, true),
  toWhole(32, false, false),
  toWhole(32, false, true),
  fromWhole(32, true, false),
  fromWhole(32, true, true),
  fromWhole(32, false, false),
  fromWhole(32, false, true),
  one(Math.cos),
  // Its cosine is left behind it, which callers make use of.
  sineAndCosine,
  one(Math.tan),
  sineAndCosine,
  one(Math.exp),
  one(Math.log, -1),
  compare,
  two(Math.atan2),
  fromWhole(64, true, false),
  fromWhole(64, true, true),
  fromWhole(64, false, false),
  fromWhole(64, false, true),
  toWhole(64, true, false),
  toWhole(64, true, true),
  toWhole(64, false, false),
  toWhole(64, false, true),
  toOther,
];

/** How many there are. */
export const FLOAT_FUNCTIONS: number = functions.length;

/** Carries out one of them: `SF` or `SD`, and its number. */
export function floatFunction(core: Core, trap: string): void {
  functions[Number(trap.slice(2))]?.(core, trap.startsWith('SF') ? single : double);
}
