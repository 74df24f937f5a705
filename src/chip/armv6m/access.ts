import { type AccessSize, BusFault } from './bus.ts';
import { decode, isWide, op } from './decode.ts';
import { type CoreState, granule, type Memory } from './state.ts';
import { readSystem, writeSystem } from './system-control.ts';

/** The memory that an address lies in. */
export function memoryAt(s: CoreState, address: number): Memory | undefined {
  const at = address >>> 0;
  if (at >= s.memoryEnd) return undefined;
  for (const memory of s.memories) {
    if (at - memory.start < memory.length && at >= memory.start) return memory;
  }
  return undefined;
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16).padStart(8, '0')}`;

function unaligned(address: number, size: AccessSize): BusFault {
  return new BusFault(address, `unaligned access to ${hex(address)} (${size} bytes)`);
}

/** Whether it is of the System Control Space. All of the Private Peripheral Bus is for privileged code only (B3.1.2). */
function isSystem(s: CoreState, at: number): boolean {
  if (at >>> 20 !== 0xe00) return false;
  if (s.unprivileged !== 0 && s.ipsr === 0)
    throw new BusFault(at, `unprivileged access to ${hex(at)}`);
  return at >>> 12 === 0xe_000e;
}

/** Any load; what is read, zero-extended (as an int32 if it is a word). Throws what the bus throws. */
export function load(s: CoreState, address: number, size: AccessSize): number {
  const at = address >>> 0;
  if ((at & (size - 1)) !== 0) throw unaligned(at, size);
  const memory = memoryAt(s, at);
  if (memory !== undefined) {
    const offset = at - memory.start;
    if (size === 4) return memory.u32[offset >>> 2] as number;
    return (size === 2 ? memory.u16[offset >>> 1] : memory.u8[offset]) as number;
  }
  if (isSystem(s, at)) return readSystem(s, at, size);
  return s.bus.read(at, size) | 0;
}

/** Any store, of the low bits of `value`. */
export function store(s: CoreState, address: number, size: AccessSize, value: number): void {
  const at = address >>> 0;
  if ((at & (size - 1)) !== 0) throw unaligned(at, size);
  const memory = memoryAt(s, at);
  if (memory?.writable === true) {
    const offset = at - memory.start;
    if (size === 4) memory.u32[offset >>> 2] = value;
    else if (size === 2) memory.u16[offset >>> 1] = value;
    else memory.u8[offset] = value;
    if (memory.decoded[offset >>> granule] !== 0) storedIntoCode(memory, offset, size);
    return;
  }
  if (isSystem(s, at)) {
    writeSystem(s, at, size, value);
    return;
  }
  s.bus.write(at, size, size === 4 ? value >>> 0 : value & (size === 2 ? 0xffff : 0xff));
}

/** Forgets what was decoded of those bytes: the first half of 32 bits may stand in front of them. */
function forget(memory: Memory, offset: number, length: number): void {
  const { table } = memory;
  const count = table.length - 1;
  const from = Math.max(0, (offset >>> 1) - 1);
  const to = Math.min(count, (offset + length + 1) >>> 1);
  table.fill(op.undecoded, from, to);
}

/** Often enough: there code and data stand together. */
const mostWipes = 32;

/**
 * A store into 256 bytes of which something is decoded. Mostly no code is there any more (a stack, a buffer), so all of
 * them are forgotten, and the next store has the short way again.
 */
function storedIntoCode(memory: Memory, offset: number, size: number): void {
  const { decoded, wiped } = memory;
  const at = offset >>> granule;
  const wipes = wiped[at] as number;
  if (wipes === mostWipes) {
    forget(memory, offset, size);
    return;
  }
  wiped[at] = wipes + 1;
  decoded[at] = 0;
  forget(memory, at << granule, 1 << granule);
}

/** Forgets what was decoded of an address, wherever its bytes are seen. */
export function forgetAddress(s: CoreState, address: number, length: number): void {
  const end = address + length;
  for (const memory of s.memories) {
    const from = Math.max(address, memory.start);
    const to = Math.min(end, memory.start + memory.length);
    if (from < to) forget(memory, from - memory.start, to - from);
  }
}

/** Decodes what stands at an index of a memory, and keeps it. */
export function decodeAt(s: CoreState, memory: Memory, index: number): number {
  const { u16, table, decoded } = memory;
  const at = memory.start + index * 2;
  const word = decodedAt(memory, index);
  decoded[(index << 1) >>> granule] = 1;
  decoded[((index << 1) + 2) >>> granule] = 1;
  const stops = s.breakpoints.has(at) || s.exits.has(at);
  const kept = stops ? op.stop : word;
  if (index < u16.length) table[index] = kept;
  return kept;
}

/** The same without regard to breakpoints, and not kept. */
function decodedAt(memory: Memory, index: number): number {
  const { u16 } = memory;
  const first = u16[index] as number;
  const second = u16[index + 1];
  if (second === undefined && isWide(first)) return op.undefinedWide;
  return decode(first, second ?? 0, index, u16.length);
}

/** Memory of one instruction, for what is executed by way of the bus. */
export function fetchFromBus(s: CoreState, address: number): Memory {
  const at = address >>> 0;
  if ((at >= 0x4000_0000 && at < 0x6000_0000) || at >= 0xa000_0000)
    throw new BusFault(at, `${hex(at)} is not executable`);
  const first = s.bus.read(at, 2);
  const u16 = new Uint16Array(2);
  u16[0] = first;
  if (isWide(first)) u16[1] = s.bus.read(at + 2, 2);
  const words = isWide(first) ? 2 : 1;
  const table = new Int32Array(words + 1);
  table[words] = op.end;
  return {
    start: at,
    length: words * 2,
    writable: false,
    u8: new Uint8Array(u16.buffer),
    u16: u16.subarray(0, words),
    u32: new Int32Array(0),
    table,
    decoded: new Uint8Array(2),
    wiped: new Uint8Array(2),
    executable: true,
  };
}
