import { viewOf } from '../../bytes/index.ts';
import type { AccessSize } from '../armv6m/bus.ts';
import { PACKET_MEMORY, PACKET_MEMORY_BYTES } from './addresses.ts';
import { notModelled } from './peripheral.ts';

/** Where the buffers of an endpoint are, and how much is in them (RM0091 §30.6.3). */
interface Buffers {
  readonly txAddress: number;
  readonly txCount: number;
  readonly rxAddress: number;
  /** What fits. */
  readonly rxSize: number;
}

/** The 1 KiB that firmware and the USB peripheral share. */
export interface PacketMemory {
  read(address: number, size: AccessSize): number;
  write(address: number, size: AccessSize, value: number): void;
  buffers(table: number, endpoint: number): Buffers;
  /** Bytes for the host. */
  take(offset: number, lengthBytes: number): Uint8Array;
  /** Bytes of the host, and how many, told to COUNT_RX. */
  put(table: number, endpoint: number, bytes: Uint8Array): void;
}

/** Half-words, as the chip's bus has it: 16 bits wide, one after the other (RM0091 §30.5.2). */
export function createPacketMemory(): PacketMemory {
  const bytes = new Uint8Array(PACKET_MEMORY_BYTES);
  const view = viewOf(bytes);
  const wrap = (offset: number): number => offset & (PACKET_MEMORY_BYTES - 1);
  const half = (offset: number): number => view.getUint16(wrap(offset & ~1), true);
  const setHalf = (offset: number, value: number): void =>
    view.setUint16(wrap(offset & ~1), value, true);
  const entry = (table: number, endpoint: number): number => table + 8 * endpoint;
  const buffers = (table: number, endpoint: number): Buffers => {
    const at = entry(table, endpoint);
    const count = half(at + 6);
    const blocks = (count >> 10) & 0x1f;
    return {
      txAddress: half(at) & ~1,
      txCount: half(at + 2) & 0x3ff,
      rxAddress: half(at + 4) & ~1,
      rxSize: count & 0x8000 ? 32 * (blocks + 1) : 2 * blocks,
    };
  };
  return {
    read(address, size) {
      const offset = address - PACKET_MEMORY;
      if (size === 4) throw notModelled(address, 'reading 32 bits at once from packet memory');
      return size === 2 ? half(offset) : (bytes[wrap(offset)] ?? 0);
    },
    write(address, size, value) {
      if (size !== 2) {
        throw notModelled(address, `writing ${8 * size} bits at once to packet memory`);
      }
      setHalf(address - PACKET_MEMORY, value);
    },
    buffers,
    take(offset, lengthBytes) {
      return Uint8Array.from({ length: lengthBytes }, (_, at) => bytes[wrap(offset + at)] ?? 0);
    },
    put(table, endpoint, received) {
      const { rxAddress } = buffers(table, endpoint);
      for (const [at, byte] of received.entries()) bytes[wrap(rxAddress + at)] = byte;
      const count = entry(table, endpoint) + 6;
      setHalf(count, (half(count) & 0xfc00) | (received.length & 0x3ff));
    },
  };
}

/** Whether that address is in the packet memory. */
export function inPacketMemory(address: number): boolean {
  return address >= PACKET_MEMORY && address < PACKET_MEMORY + PACKET_MEMORY_BYTES;
}
