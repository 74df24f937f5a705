import { hexNumber } from '../../bytes/index.ts';
import { type AccessSize, BusFault } from './bus.ts';
import { decode, isWide, op } from './decode.ts';
import { guard, mayExecute } from './guard.ts';
import { type Code, codeOf, type CoreState, granule, type Memory, partBits } from './state.ts';
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

const hex = (value: number): string => hexNumber(value >>> 0, 8);

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
  if (s.guarded) guard(s, address, 'read');
  return loadAnyhow(s, address, size);
}

/** The same past the memory protection unit: vectors are read so (B3.5.1). */
export function loadAnyhow(s: CoreState, address: number, size: AccessSize): number {
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
  if (s.guarded) guard(s, at, 'write');
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
function forget({ u16, tables }: Memory, offset: number, length: number): void {
  const from = Math.max(0, (offset >>> 1) - 1);
  const to = Math.min(u16.length, (offset + length + 1) >>> 1);
  const most = 1 << (partBits - 1);
  for (let at = from >>> (partBits - 1); at * most < to; at++)
    tables[at]?.fill(op.undecoded, Math.max(0, from - at * most), Math.min(most, to - at * most));
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

/** Decodes what stands at an index, and keeps it. */
export function decodeAt(s: CoreState, code: Code, index: number): void {
  const { table, memory, first } = code;
  const { u16, decoded } = memory;
  const at = first + index;
  const address = code.start + 2 * index;
  decoded[(2 * at) >>> granule] = 1;
  decoded[(2 * at + 2) >>> granule] = 1;
  if (
    s.breakpoints.has(address) ||
    s.exits.has(address) ||
    (s.guarded && !mayExecute(s, address))
  ) {
    table[index] = op.stop;
    return;
  }
  const [half, second] = [u16[at] as number, u16[at + 1]];
  table[index] =
    second === undefined && isWide(half)
      ? op.undefinedWide
      : decode(half, second ?? 0, index, code.length >>> 1);
}

/** One instruction, for what is executed by way of the bus. */
export function fetchFromBus(s: CoreState, address: number): Code {
  const at = address >>> 0;
  if ((at >= 0x4000_0000 && at < 0x6000_0000) || at >= 0xa000_0000)
    throw new BusFault(at, `${hex(at)} is not executable`);
  const first = s.bus.read(at, 2);
  return codeOf(at, Uint16Array.from(isWide(first) ? [first, s.bus.read(at + 2, 2)] : [first]));
}
