import { hexNumber } from '../../bytes/index.ts';
import { BusFault } from '../armv6m/bus.ts';
import { createRegisters } from './block.ts';
import type { Block, Registers } from './block.ts';

const ENABLED = 1;
const BAD_WRITE_FAULTS = 2;
const CACHE_BYTES = 0x4000;

/** Execution in place (RP2040 datasheet §2.6.3): its registers, its stream, and its cache where that is memory. */
export interface Xip {
  readonly block: Registers;
  /** The stream, at an address of its own (XIP_AUX). */
  readonly auxiliary: Block;
  /** A store into the flash's addresses: nothing, or a fault. */
  readonly store: (address: number) => void;
  /** The cache as memory; throws while it is a cache. */
  readonly cacheMemory: (address: number) => Uint8Array;
}

interface XipOrder {
  readonly flash: Uint8Array;
  /** Called once for a store to where it does nothing. */
  readonly warn: (words: string) => void;
}

export function createXip({ flash, warn }: XipOrder): Xip {
  const cache = new Uint8Array(CACHE_BYTES);
  let streamAddress = 0;
  let streamLeft = 0;
  let hits = 0;
  /** A store into flash was told of. */
  let stored = false;

  const stream = (): number => {
    if (streamLeft === 0) return 0;
    const at = (streamAddress & 0xffffff) % flash.length;
    streamAddress += 4;
    streamLeft -= 1;
    return (
      ((flash[at] ?? 0) |
        ((flash[at + 1] ?? 0) << 8) |
        ((flash[at + 2] ?? 0) << 16) |
        ((flash[at + 3] ?? 0) << 24)) >>>
      0
    );
  };
  const block: Registers = createRegisters({
    name: 'XIP_CTRL',
    address: 0x14000000,
    registers: {
      0x00: { name: 'CTRL', reset: 3, mask: 0xb },
      0x04: { name: 'FLUSH', mask: 0 },
      0x08: { name: 'STAT', mask: 0, read: () => 1 | (streamLeft === 0 ? 2 : 4) },
      // Nothing is missed here: as many hits as accesses, and a number of them that grows when it is looked at.
      0x0c: { name: 'CTR_HIT', mask: 0, read: () => (hits += 1) },
      0x10: { name: 'CTR_ACC', mask: 0, read: () => hits },
      0x14: {
        name: 'STREAM_ADDR',
        read: () => streamAddress,
        write: (kept) => {
          streamAddress = kept & 0xfffffffc;
        },
      },
      0x18: {
        name: 'STREAM_CTR',
        read: () => streamLeft,
        write: (kept) => {
          streamLeft = kept & 0x3fffff;
        },
      },
      0x1c: { name: 'STREAM_FIFO', mask: 0, read: stream },
    },
  });
  const auxiliary = createRegisters({
    name: 'XIP_AUX',
    address: 0x50400000,
    registers: { 0x0: { name: 'STREAM_FIFO', mask: 0, read: stream } },
  });
  return {
    block,
    auxiliary,
    store: (address) => {
      const alias = (address >>> 24) & 3;
      if (alias !== 0 && (block.get(0) & BAD_WRITE_FAULTS) !== 0) {
        throw new BusFault(
          address,
          'a store into flash, past its cache: XIP_CTRL says that it faults',
        );
      }
      if (stored) return;
      stored = true;
      warn(
        `a store to flash address ${hexNumber(address)} does nothing: flash is programmed by its commands`,
      );
    },
    cacheMemory: (address) => {
      if ((block.get(0) & ENABLED) !== 0) {
        throw new BusFault(address, 'the XIP cache is memory only while it is no cache (XIP_CTRL)');
      }
      return cache;
    },
  };
}
