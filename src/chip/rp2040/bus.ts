import { hexNumber } from '../../bytes/index.ts';
import { BusFault } from '../armv6m/bus.ts';
import type { AccessSize, Bus, CoreMemory } from '../armv6m/bus.ts';
import type { Block } from './block.ts';
import type { Xip } from './xip.ts';

export const RAM_ADDRESS = 0x20000000;
/** 256 KiB in four banks that share the words, and two of 4 KiB (RP2040 datasheet §2.6.2). */
export const RAM_BYTES = 0x42000;
const STRIPED_BYTES = 0x40000;
export const FLASH_ADDRESS = 0x10000000;
export const ROM_BYTES = 0x4000;
/** Four ways to look at the flash, past its cache or not. */
const FLASH_VIEWS = [0x10000000, 0x11000000, 0x12000000, 0x13000000];
const CACHE_ADDRESS = 0x15000000;

/** A peripheral at its place. */
export interface Placed {
  readonly block: Block;
  /** Its bit of RESETS; undefined: it is never held there. */
  readonly reset?: number;
  /** A store while it is held there that asks for no more than how it is then: not worth a word. */
  readonly asHeld?: (offset: number, value: number) => boolean;
  /** SIO: no aliases. */
  readonly bare?: true;
}

interface BusOrder {
  readonly rom: Uint8Array;
  readonly flash: Uint8Array;
  readonly ram: Uint8Array;
  /** RESETS.RESET */
  readonly held: () => number;
  readonly xip: () => Xip;
  /** The USB controller's memory, which takes stores of every size; told of one if it was. */
  readonly dpram: (writtenOffset?: number) => Uint8Array;
  /** Bytes of memory that the core executes from were changed past it. */
  readonly changed: (address: number, lengthBytes: number) => void;
  readonly warn: (words: string) => void;
  /** By address, without the aliases. */
  readonly blocks: () => ReadonlyMap<number, Placed>;
}

/** The bus fabric (RP2040 datasheet §2.1): who answers at which address. */
export interface ChipBus extends Bus {
  /** RAM, flash or ROM at an address, and where in it; undefined: something else, or nothing. */
  readonly memory: (
    address: number,
  ) => { readonly bytes: Uint8Array; readonly offset: number } | undefined;
}

const DPRAM_ADDRESS = 0x50100000;

function word(bytes: Uint8Array, offset: number, size: AccessSize): number {
  let value = 0;
  for (let n = size - 1; n >= 0; n -= 1) value = value * 256 + (bytes[offset + n] ?? 0);
  return value;
}

function putWord(bytes: Uint8Array, offset: number, size: AccessSize, value: number): void {
  for (let n = 0; n < size; n += 1) bytes[offset + n] = value >>> (8 * n);
}

/** A narrow store drives all lanes (§2.1.4): a peripheral takes the whole word. */
function replicated(value: number, size: AccessSize): number {
  if (size === 4) return value;
  return size === 2 ? (value * 0x10001) >>> 0 : (value * 0x1010101) >>> 0;
}

/** What an alias makes of a register's value: plain, XOR, SET, CLR (§2.1.2). */
function aliased(alias: number, before: number, value: number): number {
  if (alias === 1) return (before ^ value) >>> 0;
  return (alias === 2 ? before | value : before & ~value) >>> 0;
}

export function createBus(order: BusOrder): ChipBus {
  const { rom, flash, ram, held, xip, dpram, changed, warn, blocks } = order;
  /** A store into ROM was told of. */
  let toRom = false;
  const nobody = (address: number): BusFault =>
    new BusFault(address, `nobody answers at ${hexNumber(address)}`);

  const memories: CoreMemory[] = [
    { address: 0, bytes: rom, writable: false },
    ...FLASH_VIEWS.map((address) => ({ address, bytes: flash, writable: false })),
    { address: RAM_ADDRESS, bytes: ram, writable: true },
  ];

  /** Where a byte of the views of RAM that are not striped lies (0x21000000 on). */
  const unstriped = (address: number): number => {
    const offset = address & 0xffffff;
    return ((offset & 0xfffc) << 2) | (((offset >>> 16) & 3) << 2) | (offset & 3);
  };
  const ramOffset = (address: number): number => {
    const offset = address & 0xffffff;
    if (address >>> 24 === 0x20) return offset < RAM_BYTES ? offset : -1;
    return address >>> 24 === 0x21 && offset < STRIPED_BYTES ? unstriped(address) : -1;
  };
  const memory = (address: number): { bytes: Uint8Array; offset: number } | undefined => {
    if (address < ROM_BYTES) return { bytes: rom, offset: address };
    if (address >= FLASH_ADDRESS && address < 0x14000000) {
      return { bytes: flash, offset: (address & 0xffffff) % flash.length };
    }
    const offset = ramOffset(address);
    return offset < 0 ? undefined : { bytes: ram, offset };
  };

  /** The base of the block that an address lies in. */
  const placeOf = (address: number): number =>
    address >>> 28 === 13 ? 0xd0000000 : (address & ~0x3fff) >>> 0;
  const readBlock = (address: number): number => {
    const placed = blocks().get(placeOf(address));
    if (placed === undefined) throw nobody(address);
    if (placed.bare === true) return placed.block.read(address & 0xffc);
    if (placed.reset !== undefined && ((held() >>> placed.reset) & 1) === 1) return 0;
    return placed.block.read(address & 0xffc);
  };
  const writeBlock = (address: number, value: number): void => {
    const placed = blocks().get(placeOf(address));
    if (placed === undefined) throw nobody(address);
    const { block, reset, asHeld } = placed;
    const alias = placed.bare === true ? 0 : (address >>> 12) & 3;
    const offset = address & 0xffc;
    if (reset !== undefined && ((held() >>> reset) & 1) === 1) {
      if (asHeld?.(offset, value) !== true) {
        warn(`a store to ${block.name} does nothing: RESETS holds it in reset`);
      }
      return;
    }
    block.write(offset, alias === 0 ? value : aliased(alias, block.read(offset), value), value);
  };

  const read = (address: number, size: AccessSize): number => {
    const found = memory(address);
    if (found !== undefined) return word(found.bytes, found.offset, size);
    if (address >= CACHE_ADDRESS && address < CACHE_ADDRESS + 0x4000) {
      return word(xip().cacheMemory(address), address - CACHE_ADDRESS, size);
    }
    const value = readBlock(address);
    if (size === 4) return value;
    const shift = (address & 3) * 8;
    return size === 2 ? (value >>> shift) & 0xffff : (value >>> shift) & 0xff;
  };
  const write = (address: number, size: AccessSize, value: number): void => {
    const offset = ramOffset(address);
    if (offset >= 0) {
      putWord(ram, offset, size, value);
      changed(RAM_ADDRESS + offset, size);
    } else if (address < ROM_BYTES) {
      if (!toRom)
        warn(`a store to ${hexNumber(address)} does nothing: the ROM is there (a null pointer?)`);
      toRom = true;
    } else if (address >= FLASH_ADDRESS && address < 0x14000000) xip().store(address);
    else if (address >= CACHE_ADDRESS && address < CACHE_ADDRESS + 0x4000) {
      putWord(xip().cacheMemory(address), address - CACHE_ADDRESS, size, value);
    } else if (size < 4 && address >= DPRAM_ADDRESS && address < DPRAM_ADDRESS + 0x1000) {
      putWord(dpram(), address - DPRAM_ADDRESS, size, value);
      dpram(address - DPRAM_ADDRESS);
    } else writeBlock(address, replicated(value, size));
  };
  return { memories, memory, read, write };
}
