import type { Bus, CoreMemory } from './bus.ts';
import type { CoreFault } from './core.ts';
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

/** A `CoreMemory` with what was decoded of it. */
export interface Memory {
  readonly start: number;
  readonly length: number;
  readonly writable: boolean;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Int32Array;
  /**
   * A decoded operation for each halfword, 0 where none has been looked at, and one behind the last that says so.
   * Memories of the same bytes share it.
   */
  readonly table: Int32Array;
  /** Of each 256 bytes: whether something of them is decoded. Stores there take the long way. */
  readonly decoded: Uint8Array;
  /** Of each 256 bytes: how often all that was decoded of them was forgotten because of a store. */
  readonly wiped: Uint8Array;
  /** Code may be executed there (B3.1.1: not in 0x40000000 to 0x5fffffff nor above 0xa0000000). */
  readonly executable: boolean;
}

/** Everything that a core is made of. One shape, made in one place, so that the engine knows where each thing is. */
export interface CoreState {
  readonly bus: Bus;
  readonly variant: CoreVariant;
  memories: Memory[];
  /** Where the last of them ends. */
  memoryEnd: number;
  /** Where loads and stores look first. */
  ram: Memory;
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

/** Bits of `Memory.decoded`: 256 bytes each. */
export const granule = 8;

function memoryOf(each: CoreMemory, others: readonly Memory[]): Memory {
  const { address: start, bytes, writable } = each;
  const { buffer, byteOffset, length } = bytes;
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
    table: twin?.table ?? tableOf(length >>> 1),
    decoded: twin?.decoded ?? new Uint8Array((length >>> granule) + 1),
    wiped: twin?.wiped ?? new Uint8Array((length >>> granule) + 1),
    executable: start < 0x4000_0000 || (start >= 0x6000_0000 && start < 0xa000_0000),
  };
}

function tableOf(halfwords: number): Int32Array {
  const table = new Int32Array(halfwords + 1);
  table[halfwords] = 1;
  return table;
}

const nowhere: Memory = {
  start: 0,
  length: 0,
  writable: true,
  u8: new Uint8Array(0),
  u16: new Uint16Array(0),
  u32: new Int32Array(0),
  table: tableOf(0),
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
  s.ram = made
    .filter(({ writable }) => writable)
    .reduce((most, each) => (each.length > most.length ? each : most), nowhere);
}

export function makeState(bus: Bus, variant: CoreVariant): CoreState {
  const s: CoreState = {
    bus,
    variant,
    memories: [],
    memoryEnd: 0,
    ram: nowhere,
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
  if (s.ipsr !== 0) return;
  s.spsel = (value >>> 1) & 1;
  selectStack(s, s.spsel);
}
