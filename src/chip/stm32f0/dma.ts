import { createPeripheral, notModelled, register } from './peripheral.ts';
import type { Peripheral, Register } from './peripheral.ts';

const BASE = 0x40020000;
const CHANNELS = 7;

/** The DMA controller (RM0091 §10) as start-up code finds it: its registers are kept, and a channel that is enabled is a named fault. */
export function createDma(): Peripheral {
  const registers: Record<string, Register> = {
    ISR: register(0x00, { writable: 0 }),
    IFCR: register(0x04, { read: () => 0, write: () => {} }),
  };
  for (let channel = 1; channel <= CHANNELS; channel += 1) {
    const at = 0x08 + 20 * (channel - 1);
    const control: Register = register(at, {
      write: (written) => {
        if (written & 1) throw notModelled(BASE + at, `DMA1 CCR${channel}: a transfer`);
        control.value = written & 0x7ffe;
      },
    });
    registers[`CCR${channel}`] = control;
    registers[`CNDTR${channel}`] = register(at + 4, { writable: 0xffff });
    registers[`CPAR${channel}`] = register(at + 8);
    registers[`CMAR${channel}`] = register(at + 12);
  }
  return createPeripheral({ name: 'DMA1', base: BASE, lanes: 'separate', registers });
}
