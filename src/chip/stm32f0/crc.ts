import type { AccessSize } from '../armv6m/bus.ts';
import { createPeripheral, register } from './peripheral.ts';
import type { Peripheral, Register } from './peripheral.ts';

/** The bits of the lowest `count`, the other way round. */
function reversed(value: number, count: number): number {
  let result = 0;
  for (let bit = 0; bit < count; bit += 1) if (value & (1 << bit)) result |= 1 << (count - 1 - bit);
  return result >>> 0;
}

/** The unit, and what a write into its data register does. */
export interface CrcUnit {
  readonly peripheral: Peripheral;
  readonly feed: (size: AccessSize, value: number) => void;
}

type Name = 'DR' | 'IDR' | 'CR' | 'INIT' | 'POL';

/** The CRC calculation unit (RM0091 §12): words, half-words or bytes; any polynomial of 7, 8, 16 or 32 bits. */
export function createCrcUnit(): CrcUnit {
  const width = (): number => [32, 16, 8, 7][(r.CR.value >> 3) & 3] ?? 32;
  const mask = (): number => 2 ** width() - 1;
  const r: Record<Name, Register> = {
    DR: register(0x00, {
      reset: 0xffffffff,
      read: () => (r.CR.value & 0x80 ? reversed(r.DR.value, width()) : r.DR.value),
    }),
    IDR: register(0x04, { writable: 0xff }),
    CR: register(0x08, {
      write: (written) => {
        r.CR.value = written & 0xf8;
        if (written & 1) r.DR.value = (r.INIT.value & mask()) >>> 0;
      },
    }),
    INIT: register(0x10, {
      reset: 0xffffffff,
      write: (written) => {
        r.INIT.value = written;
        r.DR.value = (written & mask()) >>> 0;
      },
    }),
    POL: register(0x14, { reset: 0x04c11db7 }),
  };
  /** REV_IN: as it is, or its bits turned round within bytes, half-words, or all of it. */
  const turned = (size: AccessSize, value: number): number => {
    const within = [0, 1, 2, 4][(r.CR.value >> 5) & 3] ?? 0;
    if (within === 0) return value;
    const bits = 8 * Math.min(within, size);
    let result = 0;
    for (let at = 0; at < 8 * size; at += bits) {
      result += reversed((value >>> at) & (2 ** bits - 1), bits) * 2 ** at;
    }
    return result;
  };
  return {
    peripheral: createPeripheral({
      name: 'CRC',
      base: 0x40023000,
      lanes: 'separate',
      registers: r,
    }),
    feed(size, value) {
      const input = turned(size, value);
      let crc = r.DR.value;
      const top = width() - 1;
      for (let bit = 8 * size - 1; bit >= 0; bit -= 1) {
        const feedback = ((crc >>> top) ^ (input >>> bit)) & 1;
        crc = ((crc << 1) & mask()) >>> 0;
        if (feedback) crc = ((crc ^ r.POL.value) & mask()) >>> 0;
      }
      r.DR.value = crc;
    },
  };
}
