import { hexNumber, viewOf } from '../../bytes/index.ts';
import { BusFault } from '../armv6m/bus.ts';
import type { AccessSize, Bus, CoreMemory } from '../armv6m/bus.ts';
import {
  FLASH,
  FLASH_BYTES,
  FLASH_SIZE,
  LOADER_ENTRY,
  OPTION_BYTES,
  SRAM,
  SYSTEM_MEMORY,
  SYSTEM_MEMORY_BYTES,
  UNIQUE_ID,
} from './addresses.ts';
import { inPacketMemory } from './packet-memory.ts';
import type { PacketMemory } from './packet-memory.ts';
import { notModelled, peekRegister, readRegister, writeRegister } from './peripheral.ts';
import type { Peripheral } from './peripheral.ts';
import type { Gate } from './rcc.ts';

/** A peripheral where it is, and whether it is fed with a clock. */
export interface Placed {
  readonly peripheral: Peripheral;
  /** None: it always has its clock. */
  readonly gate?: Gate | undefined;
  isOn: boolean;
}

interface BusOrder {
  readonly flash: Uint8Array;
  readonly ram: Uint8Array;
  readonly uniqueId: Uint8Array;
  readonly placed: readonly Placed[];
  readonly packetMemory: PacketMemory;
  /** Whose memory the packet memory is. */
  readonly usb: Placed;
  readonly writeFlash: (offsetBytes: number, size: AccessSize, value: number) => void;
  readonly feedCrc: (size: AccessSize, value: number) => void;
}

/** SYSCFG_CFGR1.MEM_MODE: what stands at address 0 (RM0091 §9.1.1). */
export type MemMode = 'flash' | 'system' | 'sram';

/** The chip's bus. */
interface ChipBus extends Bus {
  memMode: MemMode;
  /** Bytes there as a debugger reads them, without consequences; undefined where there are none. */
  peek(address: number, lengthBytes: number): Uint8Array | undefined;
}

/** What can be read at fixed addresses beside flash and RAM: whole words. */
function readOnlyMemory(uniqueId: Uint8Array): readonly CoreMemory[] {
  const vectors = new Uint8Array(8);
  viewOf(vectors).setUint32(0, SRAM + 0x1000, true);
  viewOf(vectors).setUint32(4, LOADER_ENTRY + 1, true);
  const id = new Uint8Array(12);
  id.set(uniqueId.subarray(0, 12));
  const size = new Uint8Array(4).fill(0xff);
  viewOf(size).setUint16(0, FLASH_BYTES / 1024, true);
  // As from the factory (RM0091 §4): each byte and its complement.
  const options = Uint8Array.from({ length: 16 }, (_, at) => (at % 2 === 0 ? 0xff : 0x00));
  options.set([0xaa, 0x55]);
  return [
    { address: SYSTEM_MEMORY, bytes: vectors, writable: false },
    { address: UNIQUE_ID, bytes: id, writable: false },
    { address: FLASH_SIZE, bytes: size, writable: false },
    { address: OPTION_BYTES, bytes: options, writable: false },
  ];
}

function little(bytes: Uint8Array, offset: number, size: AccessSize): number {
  let value = 0;
  for (let at = size - 1; at >= 0; at -= 1) value = value * 256 + (bytes[offset + at] ?? 0);
  return value;
}

const PERIPHERAL_BITS = 10;
const PERIPHERALS = 0x40000000;
/** A debugger looks at a peripheral at once, at most. */
const PEEK_BYTES = 1 << PERIPHERAL_BITS;
/** Where CRC_DR is: what is written there has a size. */
const CRC_DR = 0x40023000;

/** Memories and peripherals of the chip by address (RM0091 §2.2). */
export function createBus(order: BusOrder): ChipBus {
  const { flash, ram, packetMemory } = order;
  const fixed = readOnlyMemory(order.uniqueId);
  const slots = new Map(
    order.placed.map((each) => [each.peripheral.base >>> PERIPHERAL_BITS, each] as const),
  );
  const main: readonly CoreMemory[] = [
    { address: FLASH, bytes: flash, writable: false },
    { address: SRAM, bytes: ram, writable: true },
  ];
  const atZero: Readonly<Record<MemMode, CoreMemory | undefined>> = {
    flash: { address: 0, bytes: flash, writable: false },
    sram: { address: 0, bytes: ram, writable: true },
    // Its vector table, which is read through the bus.
    system: undefined,
  };
  let memMode: MemMode = 'flash';
  const slotAt = (address: number, what: 'read' | 'write'): Placed => {
    const slot = slots.get(address >>> PERIPHERAL_BITS);
    if (slot !== undefined) return slot;
    if (address >= SYSTEM_MEMORY && address < SYSTEM_MEMORY + SYSTEM_MEMORY_BYTES) {
      throw notModelled(address, 'system memory behind its first two vectors');
    }
    throw new BusFault(address, `a ${what} at ${hexNumber(address, 8)}, where nothing is`);
  };
  const fixedAt = (address: number, size: AccessSize): number | undefined => {
    const place = memMode === 'system' && address < 8 ? address + SYSTEM_MEMORY : address;
    const memory = fixed.find(
      (each) => place >= each.address && place + size <= each.address + each.bytes.length,
    );
    return memory && little(memory.bytes, place - memory.address, size);
  };
  const memories = (): readonly CoreMemory[] => {
    const low = atZero[memMode];
    return low === undefined ? main : [low, ...main];
  };
  /** One byte of packet memory or of a register. */
  const peekByte = (address: number): number | undefined => {
    if (inPacketMemory(address)) return order.usb.isOn ? packetMemory.read(address, 1) : 0;
    const slot = slots.get(address >>> PERIPHERAL_BITS);
    if (slot === undefined) return undefined;
    const word = slot.isOn ? peekRegister(slot.peripheral, address & 0x3fc) : 0;
    return word && (word >>> (8 * (address & 3))) & 0xff;
  };
  return {
    peek(address, lengthBytes) {
      const place = memMode === 'system' && address < 8 ? address + SYSTEM_MEMORY : address;
      const memory = [...memories(), ...fixed].find(
        (each) => place >= each.address && place + lengthBytes <= each.address + each.bytes.length,
      );
      if (memory !== undefined) {
        const from = place - memory.address;
        return memory.bytes.slice(from, from + lengthBytes);
      }
      if (address < PERIPHERALS || lengthBytes > PEEK_BYTES) return undefined;
      const bytes = Array.from({ length: lengthBytes }, (_, at) => peekByte(address + at));
      return bytes.includes(undefined) ? undefined : Uint8Array.from(bytes as number[]);
    },
    get memMode() {
      return memMode;
    },
    set memMode(mode) {
      memMode = mode;
    },
    get memories() {
      return memories();
    },
    read(address, size) {
      if (inPacketMemory(address)) return order.usb.isOn ? packetMemory.read(address, size) : 0;
      const known = address < PERIPHERALS ? fixedAt(address, size) : undefined;
      if (known !== undefined) return known;
      const { peripheral, isOn } = slotAt(address, 'read');
      if (!isOn) return 0;
      const word = readRegister(peripheral, address & 0x3ff);
      if (size === 4) return word;
      return (word >>> (8 * (address & 3))) & (size === 2 ? 0xffff : 0xff);
    },
    write(address, size, value) {
      if (inPacketMemory(address)) {
        if (order.usb.isOn) packetMemory.write(address, size, value);
        return;
      }
      if (address - FLASH >= 0 && address - FLASH < FLASH_BYTES) {
        order.writeFlash(address - FLASH, size, value);
        return;
      }
      if (memMode === 'flash' && address < FLASH_BYTES) {
        order.writeFlash(address, size, value);
        return;
      }
      const { peripheral, isOn } = slotAt(address, 'write');
      if (!isOn) return;
      if (address === CRC_DR) order.feedCrc(size, value);
      else writeRegister(peripheral, address & 0x3ff, widened(peripheral, address, [size, value]));
    },
  };
}

/** The word that the peripheral gets of a narrower write. */
function widened(
  peripheral: Peripheral,
  address: number,
  [size, value]: readonly [AccessSize, number],
): number {
  if (size === 4) return value;
  if (peripheral.lanes === 'repeated') {
    return size === 2 ? (value | (value << 16)) >>> 0 : Math.imul(value, 0x01010101) >>> 0;
  }
  const shift = 8 * (address & 3);
  const mask = (size === 2 ? 0xffff : 0xff) << shift;
  return ((readRegister(peripheral, address & 0x3fc) & ~mask) | (value << shift)) >>> 0;
}
