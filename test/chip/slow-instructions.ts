import { encodingOf, type Fields, fieldsOf, matches } from './encoding.ts';
import { type Find, type SlowCore, SlowFault } from './slow-core.ts';

type Operation = (core: SlowCore, fields: Fields) => void;
type Table = readonly (readonly [pattern: string, operation: Operation])[];

const u32 = (value: number): number => value >>> 0;
const signed = (value: number): number => value | 0;
const bitOf = (value: number, at: number): number => Math.floor(value / 2 ** at) % 2;
const not = (value: number): number => u32(~value);

/** AddWithCarry (A2.2.1): result, carry, overflow. */
function addWithCarry(x: number, y: number, carry: number): [number, boolean, boolean] {
  const unsignedSum = x + y + carry;
  const signedSum = signed(x) + signed(y) + carry;
  const result = unsignedSum % 2 ** 32;
  return [result, result !== unsignedSum, signed(result) !== signedSum];
}

type ShiftType = 'lsl' | 'lsr' | 'asr' | 'ror';

/** Shift_C (A6.4.2): result, carry; bit by bit. */
function shiftC(value: number, type: ShiftType, by: number, carryIn: boolean): [number, boolean] {
  let result = value;
  let carry = carryIn;
  for (let n = 0; n < by; n++) {
    const top = bitOf(result, 31);
    const low = bitOf(result, 0);
    carry = (type === 'lsl' ? top : low) === 1;
    if (type === 'lsl') result = (result * 2) % 2 ** 32;
    else {
      const comesIn = type === 'lsr' ? 0 : type === 'asr' ? top : low;
      result = Math.floor(result / 2) + comesIn * 2 ** 31;
    }
  }
  return [result, carry];
}

function signExtend(value: number, bits: number): number {
  return value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

function setNz(core: SlowCore, result: number): void {
  core.n = bitOf(result, 31) === 1;
  core.z = result === 0;
}

/** d, n and m are what the manual calls Rd (or Rdn, Rt), Rn, Rm; i is an immediate. */
const f = (fields: Fields, name: string): number => fields[name] ?? 0;

function shiftImmediate(type: ShiftType): Operation {
  return (core, fields) => {
    const by = f(fields, 'i') === 0 && type !== 'lsl' ? 32 : f(fields, 'i');
    const [result, carry] = shiftC(core.get(f(fields, 'm')), type, by, core.c);
    core.set(f(fields, 'd'), result);
    setNz(core, result);
    core.c = carry;
  };
}

function shiftRegister(type: ShiftType): Operation {
  return (core, fields) => {
    const by = core.get(f(fields, 'm')) % 256;
    const [result, carry] = shiftC(core.get(f(fields, 'd')), type, by, core.c);
    core.set(f(fields, 'd'), result);
    setNz(core, result);
    core.c = carry;
  };
}

/** ADDS, SUBS, CMP, …: all are AddWithCarry of two operands. */
function arithmetic(
  operands: (core: SlowCore, fields: Fields) => [number, number, number],
  keep = true,
): Operation {
  return (core, fields) => {
    const [result, carry, overflow] = addWithCarry(...operands(core, fields));
    if (keep) core.set(f(fields, 'd'), result);
    setNz(core, result);
    core.c = carry;
    core.v = overflow;
  };
}

function logical(work: (d: number, m: number) => number, keep = true): Operation {
  return (core, fields) => {
    const result = u32(work(core.get(f(fields, 'd')), core.get(f(fields, 'm'))));
    if (keep) core.set(f(fields, 'd'), result);
    setNz(core, result);
  };
}

function extend(work: (m: number) => number): Operation {
  return (core, fields) => core.set(f(fields, 'd'), u32(work(core.get(f(fields, 'm')))));
}

type Address = (core: SlowCore, fields: Fields) => number;

const registerOffset: Address = (core, fields) =>
  core.get(f(fields, 'n')) + core.get(f(fields, 'm'));
const immediateOffset =
  (scale: number): Address =>
  (core, fields) =>
    core.get(f(fields, 'n')) + f(fields, 'i') * scale;
const stackOffset: Address = (core, fields) => core.sp + f(fields, 'i') * 4;
const literal: Address = (core, fields) => u32(core.get(15) & ~3) + f(fields, 'i') * 4;

function load(size: number, address: Address, bits = 0): Operation {
  return (core, fields) => {
    const value = core.read(address(core, fields), size);
    core.set(f(fields, 'd'), bits === 0 ? value : u32(signExtend(value, bits)));
  };
}

function store(size: number, address: Address): Operation {
  return (core, fields) => core.write(address(core, fields), size, core.get(f(fields, 'd')));
}

function registersOf(list: number): number[] {
  return Array.from({ length: 16 }, (_, n) => n).filter((n) => bitOf(list, n) === 1);
}

const push: Operation = (core, fields) => {
  const registers = [...registersOf(f(fields, 'r')), ...(f(fields, 'M') === 1 ? [14] : [])];
  const from = u32(core.sp - 4 * registers.length);
  registers.forEach((register, index) => core.write(from + 4 * index, 4, core.get(register)));
  core.sp = from;
};

const pop: Operation = (core, fields) => {
  const registers = registersOf(f(fields, 'r'));
  const from = core.sp;
  const withPc = f(fields, 'P') === 1;
  const pc = withPc ? core.read(from + 4 * registers.length, 4) : 0;
  const words = registers.map((_, index) => core.read(from + 4 * index, 4));
  registers.forEach((register, index) => core.set(register, words[index] ?? 0));
  core.sp = from + 4 * registers.length + (withPc ? 4 : 0);
  if (withPc) core.bxWritePc(pc);
};

const storeMultiple: Operation = (core, fields) => {
  const registers = registersOf(f(fields, 'r'));
  const from = core.get(f(fields, 'n'));
  registers.forEach((register, index) => core.write(from + 4 * index, 4, core.get(register)));
  core.set(f(fields, 'n'), from + 4 * registers.length);
};

const loadMultiple: Operation = (core, fields) => {
  const registers = registersOf(f(fields, 'r'));
  const from = core.get(f(fields, 'n'));
  const words = registers.map((_, index) => core.read(from + 4 * index, 4));
  registers.forEach((register, index) => core.set(register, words[index] ?? 0));
  if (!registers.includes(f(fields, 'n'))) core.set(f(fields, 'n'), from + 4 * registers.length);
};

/** ConditionPassed (A6.3.1). */
function passed(core: SlowCore, condition: number): boolean {
  switch (condition) {
    case 0:
      return core.z;
    case 1:
      return !core.z;
    case 2:
      return core.c;
    case 3:
      return !core.c;
    case 4:
      return core.n;
    case 5:
      return !core.n;
    case 6:
      return core.v;
    case 7:
      return !core.v;
    case 8:
      return core.c && !core.z;
    case 9:
      return !core.c || core.z;
    case 10:
      return core.n === core.v;
    case 11:
      return core.n !== core.v;
    case 12:
      return !core.z && core.n === core.v;
    default:
      return core.z || core.n !== core.v;
  }
}

const nothing: Operation = () => {};

const undefinedOne: Operation = () => {
  throw new SlowFault('UNDEFINED');
};

/** A register of four bits, whose highest stands apart. */
const high = (fields: Fields): number => f(fields, 'D') * 8 + f(fields, 'd');

const reverse = (m: number): number =>
  (m % 256) * 2 ** 24 +
  (Math.floor(m / 2 ** 8) % 256) * 2 ** 16 +
  (Math.floor(m / 2 ** 16) % 256) * 2 ** 8 +
  Math.floor(m / 2 ** 24);
const swap = (half: number): number => (half % 256) * 256 + Math.floor(half / 256);

const instructions16: Table = [
  // Shift (immediate), add, subtract, move, and compare (A5.2.1)
  ['000 00 iiiii mmm ddd', shiftImmediate('lsl')],
  ['000 01 iiiii mmm ddd', shiftImmediate('lsr')],
  ['000 10 iiiii mmm ddd', shiftImmediate('asr')],
  ['000 11 00 mmm nnn ddd', arithmetic((core, x) => [core.get(f(x, 'n')), core.get(f(x, 'm')), 0])],
  [
    '000 11 01 mmm nnn ddd',
    arithmetic((core, x) => [core.get(f(x, 'n')), not(core.get(f(x, 'm'))), 1]),
  ],
  ['000 11 10 iii nnn ddd', arithmetic((core, x) => [core.get(f(x, 'n')), f(x, 'i'), 0])],
  ['000 11 11 iii nnn ddd', arithmetic((core, x) => [core.get(f(x, 'n')), not(f(x, 'i')), 1])],
  [
    '001 00 ddd iiiiiiii',
    (core, fields) => {
      core.set(f(fields, 'd'), f(fields, 'i'));
      setNz(core, f(fields, 'i'));
    },
  ],
  ['001 01 ddd iiiiiiii', arithmetic((core, x) => [core.get(f(x, 'd')), not(f(x, 'i')), 1], false)],
  ['001 10 ddd iiiiiiii', arithmetic((core, x) => [core.get(f(x, 'd')), f(x, 'i'), 0])],
  ['001 11 ddd iiiiiiii', arithmetic((core, x) => [core.get(f(x, 'd')), not(f(x, 'i')), 1])],
  // Data processing (A5.2.2)
  ['010000 0000 mmm ddd', logical((d, m) => d & m)],
  ['010000 0001 mmm ddd', logical((d, m) => d ^ m)],
  ['010000 0010 mmm ddd', shiftRegister('lsl')],
  ['010000 0011 mmm ddd', shiftRegister('lsr')],
  ['010000 0100 mmm ddd', shiftRegister('asr')],
  [
    '010000 0101 mmm ddd',
    arithmetic((core, x) => [core.get(f(x, 'd')), core.get(f(x, 'm')), Number(core.c)]),
  ],
  [
    '010000 0110 mmm ddd',
    arithmetic((core, x) => [core.get(f(x, 'd')), not(core.get(f(x, 'm'))), Number(core.c)]),
  ],
  ['010000 0111 mmm ddd', shiftRegister('ror')],
  ['010000 1000 mmm ddd', logical((d, m) => d & m, false)],
  ['010000 1001 mmm ddd', arithmetic((core, x) => [not(core.get(f(x, 'm'))), 0, 1])],
  [
    '010000 1010 mmm ddd',
    arithmetic((core, x) => [core.get(f(x, 'd')), not(core.get(f(x, 'm'))), 1], false),
  ],
  [
    '010000 1011 mmm ddd',
    arithmetic((core, x) => [core.get(f(x, 'd')), core.get(f(x, 'm')), 0], false),
  ],
  ['010000 1100 mmm ddd', logical((d, m) => d | m)],
  ['010000 1101 mmm ddd', logical((d, m) => Number((BigInt(d) * BigInt(m)) % 0x1_0000_0000n))],
  ['010000 1110 mmm ddd', logical((d, m) => d & ~m)],
  ['010000 1111 mmm ddd', logical((_, m) => ~m)],
  // Special data instructions, branch and exchange (A5.2.3)
  [
    '010001 00 D mmmm ddd',
    (core, fields) => core.set(high(fields), core.get(high(fields)) + core.get(f(fields, 'm'))),
  ],
  [
    '010001 01 D mmmm ddd',
    arithmetic((core, x) => [core.get(high(x)), not(core.get(f(x, 'm'))), 1], false),
  ],
  ['010001 10 D mmmm ddd', (core, fields) => core.set(high(fields), core.get(f(fields, 'm')))],
  ['010001 110 mmmm ---', (core, fields) => core.bxWritePc(core.get(f(fields, 'm')))],
  [
    '010001 111 mmmm ---',
    (core, fields) => {
      const target = core.get(f(fields, 'm'));
      core.set(14, core.next + 1);
      core.blxWritePc(target);
    },
  ],
  // Load and store (A5.2.4)
  ['01001 ddd iiiiiiii', load(4, literal)],
  ['0101 000 mmm nnn ddd', store(4, registerOffset)],
  ['0101 001 mmm nnn ddd', store(2, registerOffset)],
  ['0101 010 mmm nnn ddd', store(1, registerOffset)],
  ['0101 011 mmm nnn ddd', load(1, registerOffset, 8)],
  ['0101 100 mmm nnn ddd', load(4, registerOffset)],
  ['0101 101 mmm nnn ddd', load(2, registerOffset)],
  ['0101 110 mmm nnn ddd', load(1, registerOffset)],
  ['0101 111 mmm nnn ddd', load(2, registerOffset, 16)],
  ['0110 0 iiiii nnn ddd', store(4, immediateOffset(4))],
  ['0110 1 iiiii nnn ddd', load(4, immediateOffset(4))],
  ['0111 0 iiiii nnn ddd', store(1, immediateOffset(1))],
  ['0111 1 iiiii nnn ddd', load(1, immediateOffset(1))],
  ['1000 0 iiiii nnn ddd', store(2, immediateOffset(2))],
  ['1000 1 iiiii nnn ddd', load(2, immediateOffset(2))],
  ['1001 0 ddd iiiiiiii', store(4, stackOffset)],
  ['1001 1 ddd iiiiiiii', load(4, stackOffset)],
  ['1010 0 ddd iiiiiiii', (core, x) => core.set(f(x, 'd'), literal(core, x))],
  ['1010 1 ddd iiiiiiii', (core, x) => core.set(f(x, 'd'), stackOffset(core, x))],
  // Miscellaneous (A5.2.5)
  ['1011 0000 0 iiiiiii', (core, x) => (core.sp = core.sp + f(x, 'i') * 4)],
  ['1011 0000 1 iiiiiii', (core, x) => (core.sp = core.sp - f(x, 'i') * 4)],
  ['1011 0010 00 mmm ddd', extend((m) => signExtend(m % 2 ** 16, 16))],
  ['1011 0010 01 mmm ddd', extend((m) => signExtend(m % 2 ** 8, 8))],
  ['1011 0010 10 mmm ddd', extend((m) => m % 2 ** 16)],
  ['1011 0010 11 mmm ddd', extend((m) => m % 2 ** 8)],
  ['1011 010 M rrrrrrrr', push],
  [
    '1011 0110 011 i -- 1 -',
    (core, fields) => {
      if (core.privileged) core.primask = f(fields, 'i') === 1;
    },
  ],
  ['1011 0110 011 i -- 0 -', nothing],
  ['1011 1010 00 mmm ddd', extend(reverse)],
  [
    '1011 1010 01 mmm ddd',
    extend((m) => swap(Math.floor(m / 2 ** 16)) * 2 ** 16 + swap(m % 2 ** 16)),
  ],
  ['1011 1010 11 mmm ddd', extend((m) => signExtend(swap(m % 2 ** 16), 16))],
  ['1011 110 P rrrrrrrr', pop],
  ['1011 1110 --------', undefinedOne],
  [
    '1011 1111 0010 0000',
    (core) => {
      if (core.event) core.event = false;
      else core.asleep = 'wfe';
    },
  ],
  ['1011 1111 0011 0000', (core) => (core.asleep = 'wfi')],
  ['1011 1111 0100 0000', (core) => (core.event = true)],
  ['1011 1111 ---- 0000', nothing],
  ['1100 0 nnn rrrrrrrr', storeMultiple],
  ['1100 1 nnn rrrrrrrr', loadMultiple],
  // Conditional branch, and supervisor call (A5.2.6)
  ['1101 1110 --------', undefinedOne],
  ['1101 1111 --------', (core) => core.supervisorCall()],
  [
    '1101 cccc iiiiiiii',
    (core, fields) => {
      if (passed(core, f(fields, 'c')))
        core.branchTo(core.get(15) + signExtend(f(fields, 'i'), 8) * 2);
    },
  ],
  [
    '11100 iiiiiiiiiii',
    (core, fields) => core.branchTo(core.get(15) + signExtend(f(fields, 'i'), 11) * 2),
  ],
];

function general(register: number): number {
  if (register === 13 || register === 15) throw new SlowFault('UNPREDICTABLE');
  return register;
}

/** B4.2.2. */
const mrs: Operation = (core, fields) => {
  const register = f(fields, 's');
  const d = general(f(fields, 'd'));
  const guarded = core.privileged ? 1 : 0;
  let value = 0;
  if (register < 8) {
    if (bitOf(register, 0) === 1) value += core.xpsr % 64;
    if (bitOf(register, 2) === 0) value += core.xpsr - (core.xpsr % 2 ** 28);
  } else if (register === 8) value = core.spMain * guarded;
  else if (register === 9) value = core.spProcess * guarded;
  else if (register === 16) value = Number(core.primask) * guarded;
  else if (register === 20) value = Number(core.spsel) * 2 + Number(core.nPriv);
  core.set(d, value);
};

/** B4.2.3. */
const msr: Operation = (core, fields) => {
  const register = f(fields, 's');
  const value = core.get(general(f(fields, 'n')));
  if (register < 8 && bitOf(register, 2) === 0) core.setFlags(value);
  if (!core.privileged) return;
  if (register === 8) core.spMain = u32(value & ~3);
  if (register === 9) core.spProcess = u32(value & ~3);
  if (register === 16) core.primask = bitOf(value, 0) === 1;
  if (register === 20) {
    core.nPriv = bitOf(value, 0) === 1;
    if (core.ipsr === 0) core.spsel = bitOf(value, 1) === 1;
  }
};

const branchWithLink: Operation = (core, fields) => {
  const s = f(fields, 's');
  const i1 = f(fields, 'j') === s ? 1 : 0;
  const i2 = f(fields, 'k') === s ? 1 : 0;
  const bits =
    s * 2 ** 24 + i1 * 2 ** 23 + i2 * 2 ** 22 + f(fields, 'h') * 2 ** 12 + f(fields, 'l') * 2;
  const target = core.get(15) + signExtend(bits, 25);
  core.set(14, core.next + 1);
  core.branchTo(target);
};

const instructions32: Table = [
  // Branch and miscellaneous control (A5.3.1)
  ['11110 0 1110 0 - nnnn  10 - 0 ---- ssssssss', msr],
  ['11110 0 1110 1 1 ----  10 - 0 ---- 0100 ----', nothing],
  ['11110 0 1110 1 1 ----  10 - 0 ---- 0101 ----', nothing],
  ['11110 0 1110 1 1 ----  10 - 0 ---- 0110 ----', nothing],
  ['11110 0 1111 1 - ----  10 - 0 dddd ssssssss', mrs],
  ['11110 s hhhhhhhhhh  11 j 1 k lllllllllll', branchWithLink],
];

const rowsOf = (table: Table) =>
  table.map(([pattern, operation]) => ({ encoding: encodingOf(pattern), operation }));

/** The rows of both tables. */
export const rows16 = rowsOf(instructions16);
export const rows32 = rowsOf(instructions32);

/** The first row that fits, with the fields that are in those bits. */
export const find: Find = (bits, wide) => {
  const row = (wide ? rows32 : rows16).find(({ encoding }) => matches(encoding, bits));
  if (row === undefined) return undefined;
  return (core) => row.operation(core, fieldsOf(row.encoding, bits));
};
