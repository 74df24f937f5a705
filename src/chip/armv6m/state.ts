import type { Bus, CoreMemory } from './bus.ts';
import type { CoreFault } from './core.ts';
import { op } from './decode.ts';
import { isEnabled, makeMpu, type Mpu } from './mpu.ts';
import type { CoreVariant } from './variant.ts';
import { makeSysTick, type SysTick } from './systick.ts';

/**
 * Where the flags stand among the registers: N is the sign of [16], Z is [17] being 0, C is [18], 0 or 1, V is the sign
 * of [19]. An instruction stores its result there and decides nothing.
 */
export const flagN = 16;
export const flagZ = 17;
export const flagC = 18;
export const flagV = 19;

/** A `CoreMemory` with what was decoded of it. Memories of the same bytes share that. */
export interface Memory {
  readonly start: number;
  readonly length: number;
  readonly writable: boolean;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Int32Array;
  /** The tables of its parts of 128 KiB, of those in which something was executed. */
  readonly tables: (Int32Array | undefined)[];
  readonly parts: (Code | undefined)[];
  /** Of each 256 bytes: whether something of them is decoded. Stores there take the long way. */
  readonly decoded: Uint8Array;
  /** Of each 256 bytes: how often all that was decoded of them was forgotten because of a store. */
  readonly wiped: Uint8Array;
  /** Code may be executed there (B3.1.1: not in 0x40000000 to 0x5fffffff nor above 0xa0000000). */
  readonly executable: boolean;
}

/** A part of a memory, as it is executed. */
export interface Code {
  readonly start: number;
  readonly length: number;
  /**
   * A decoded operation for each halfword, 0 where none has been looked at, and two behind the last that say so: the
   * last may be half of one.
   */
  readonly table: Int32Array;
  /** Its words, where literals are. */
  readonly words: Int32Array;
  readonly memory: Memory;
  /** Place of its first halfword in the memory. */
  readonly first: number;
}

/** Everything that a core is made of. One shape, made in one place, so that the engine knows where each thing is. */
export interface CoreState {
  readonly bus: Bus;
  readonly variant: CoreVariant;
  memories: Memory[];
  /** Where the last of them ends. */
  memoryEnd: number;
  /** Where loads and stores look first; nowhere, while they are guarded. */
  ram: Memory;
  readonly mpu: Mpu;
  /** MPU_CTRL.ENABLE */
  guarded: boolean;
  /** r0 to r12, the current sp, lr, pc; and the flags. */
  readonly R: Int32Array;
  /** The stack pointer that is not the current one. */
  otherSp: number;
  /** 0: the main stack is the current one, 1: the process stack. */
  processStack: number;
  /** EPSR.T. */
  thumb: number;
  ipsr: number;
  primask: number;
  /** CONTROL.nPRIV. */
  unprivileged: number;
  /** CONTROL.SPSEL: 0 in handler mode (B1.4.4). */
  spsel: number;
  cycles: number;
  /** Cycles that whatever was called let pass while an instruction was executed. */
  skipped: number;
  instructions: number;
  /** Instructions of the go that the bus is called from. */
  steps: number;
  /** Where BX or POP go, see `exchange`. */
  target: number;
  fault: CoreFault | undefined;
  locked: boolean;
  /** 0: awake, 1: WFI, 2: WFE. */
  sleeping: number;
  eventRegister: number;
  resetRequested: boolean;
  yielded: boolean;
  /** The engine has to look up: something pends, somebody yields. */
  attention: boolean;
  /** Levels of the lines, and for each of them: pending, enabled, active (B3.4). */
  levels: number;
  pending: number;
  enabled: number;
  active: number;
  /** The system exceptions, bit n is exception n. */
  systemPending: number;
  systemActive: number;
  /** Priority 0 to 3 of each exception, by its number. */
  readonly priorities: Uint8Array;
  vtor: number;
  scr: number;
  readonly systick: SysTick;
  breakpoints: Set<number>;
  exits: Set<number>;
  debugging: boolean;
}

/** Bits of an offset within what `Memory.decoded` tells of: 256 bytes. */
export const granule = 8;
/** Bits of an offset within a part: 128 KiB. */
export const partBits = 17;

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function memoryOf(each: CoreMemory, others: readonly Memory[]): Memory {
  const { address: start, bytes, writable } = each;
  const { buffer, byteOffset, length } = bytes;
  if (!isLittleEndian) throw new Error('machine code is executed on little-endian machines only');
  if (byteOffset % 4 !== 0 || length % 4 !== 0)
    throw new RangeError('memory has to begin and to end at a multiple of 4 bytes of its buffer');
  const twin = others.find(
    ({ u8 }) => u8.buffer === buffer && u8.byteOffset === byteOffset && u8.length === length,
  );
  return {
    start,
    length,
    writable,
    u8: bytes,
    u16: twin?.u16 ?? new Uint16Array(buffer, byteOffset, length >>> 1),
    u32: twin?.u32 ?? new Int32Array(buffer, byteOffset, length >>> 2),
    tables: twin?.tables ?? [],
    parts: [],
    decoded: twin?.decoded ?? new Uint8Array((length >>> granule) + 1),
    wiped: twin?.wiped ?? new Uint8Array((length >>> granule) + 1),
    executable: start < 0x4000_0000 || (start >= 0x6000_0000 && start < 0xa000_0000),
  };
}

function tableOf(halfwords: number): Int32Array {
  const table = new Int32Array(halfwords + 2);
  table[halfwords] = op.end;
  table[halfwords + 1] = op.end;
  return table;
}

/** The part of a memory that an address lies in. */
export function codeAt(memory: Memory, address: number): Code {
  const at = (address - memory.start) >>> partBits;
  return (memory.parts[at] ??= partOf(memory, at));
}

function partOf(memory: Memory, at: number): Code {
  const offset = at << partBits;
  const length = Math.min(1 << partBits, memory.length - offset);
  return {
    start: memory.start + offset,
    length,
    table: (memory.tables[at] ??= tableOf(length >>> 1)),
    words: memory.u32.subarray(offset >>> 2, (offset + length) >>> 2),
    memory,
    first: offset >>> 1,
  };
}

const noWords = new Int32Array(0);

/** Those halfwords alone, with nothing kept of them. */
export function codeOf(start: number, halfwords: Uint16Array): Code {
  const length = halfwords.length * 2;
  const memory = { ...nowhere, start, length, u16: halfwords, decoded: new Uint8Array(2) };
  const table = tableOf(halfwords.length);
  return { start, length, table, words: noWords, memory, first: 0 };
}

const nowhere: Memory = {
  start: 0,
  length: 0,
  writable: true,
  u8: new Uint8Array(0),
  u16: new Uint16Array(0),
  u32: noWords,
  tables: [],
  parts: [],
  decoded: new Uint8Array(1),
  wiped: new Uint8Array(1),
  executable: false,
};

/** Looks at the memories of the bus anew. */
export function mapMemories(s: CoreState): void {
  const old = s.memories;
  const made: Memory[] = [];
  for (const each of s.bus.memories) made.push(memoryOf(each, [...old, ...made]));
  s.memories = made;
  s.memoryEnd = made.reduce((end, { start, length }) => Math.max(end, start + length), 0);
  openRam(s, !s.guarded);
}

/** Loads and stores look into the largest RAM first, or into none. */
function openRam(s: CoreState, isOpen: boolean): void {
  s.ram = s.memories
    .filter(({ writable }) => isOpen && writable)
    .reduce((most, each) => (each.length > most.length ? each : most), nowhere);
}

/** What is guarded may have changed: a stop is decoded where nothing may be executed. */
export function guardAnew(s: CoreState): void {
  const wasGuarded = s.guarded;
  s.guarded = isEnabled(s.mpu);
  if (!wasGuarded && !s.guarded) return;
  openRam(s, !s.guarded);
  s.attention = true;
  for (const { tables, decoded } of s.memories) {
    for (const table of tables) table?.fill(op.undecoded, 0, -2);
    decoded.fill(0);
  }
}

export function makeState(bus: Bus, variant: CoreVariant): CoreState {
  const s: CoreState = {
    bus,
    variant,
    memories: [],
    memoryEnd: 0,
    ram: nowhere,
    mpu: makeMpu(variant.regions),
    guarded: false,
    R: new Int32Array(20),
    otherSp: 0,
    processStack: 0,
    thumb: 1,
    ipsr: 0,
    primask: 0,
    unprivileged: 0,
    spsel: 0,
    cycles: 0,
    skipped: 0,
    instructions: 0,
    steps: 0,
    target: 0,
    fault: undefined,
    locked: false,
    sleeping: 0,
    eventRegister: 0,
    resetRequested: false,
    yielded: false,
    attention: false,
    levels: 0,
    pending: 0,
    enabled: 0,
    active: 0,
    systemPending: 0,
    systemActive: 0,
    priorities: new Uint8Array(48),
    vtor: 0,
    scr: 0,
    systick: makeSysTick(),
    breakpoints: new Set(),
    exits: new Set(),
    debugging: false,
  };
  mapMemories(s);
  return s;
}

/** APSR, IPSR, EPSR in one (B1.4.2). */
export function packXpsr(s: CoreState): number {
  const { R } = s;
  const n = (R[flagN] as number) & 0x8000_0000;
  const z = R[flagZ] === 0 ? 0x4000_0000 : 0;
  const c = R[flagC] === 0 ? 0 : 0x2000_0000;
  const v = (R[flagV] as number) < 0 ? 0x1000_0000 : 0;
  return n | z | c | v | (s.thumb << 24) | s.ipsr;
}

/** Sets the flags out of bits 31 to 28. */
export function unpackFlags({ R }: CoreState, value: number): void {
  R[flagN] = value;
  R[flagZ] = ~value & 0x4000_0000;
  R[flagC] = (value >>> 29) & 1;
  R[flagV] = value << 3;
}

/** Makes one of the two stack pointers the current one. */
export function selectStack(s: CoreState, process: number): void {
  if (s.processStack === process) return;
  const current = s.R[13] as number;
  s.R[13] = s.otherSp;
  s.otherSp = current;
  s.processStack = process;
}

/** CONTROL (B1.4.4). */
export function controlOf(s: CoreState): number {
  return s.unprivileged | (s.spsel << 1);
}

/** SPSEL changes nothing in handler mode, which always has the main stack (B1.4.4). */
export function setControl(s: CoreState, value: number): void {
  if (s.variant.unprivileged) s.unprivileged = value & 1;
  if (s.guarded) s.attention = true;
  if (s.ipsr !== 0) return;
  s.spsel = (value >>> 1) & 1;
  selectStack(s, s.spsel);
}
