import { createPeripheral, notModelled, register } from './peripheral.ts';
import type { Peripheral, Register } from './peripheral.ts';

const BASE = 0x40006400;
const MCR = { INRQ: 1, SLEEP: 2, RESET: 1 << 15 } as const;
const FILTER_BANKS = 14;

/**
 * bxCAN (RM0091 §29) at a bus on which nobody is: it can be set up, nothing ever comes, and sending something is a named fault.
 */
export function createCan(): Peripheral {
  const mcr: Register = register(0x00, {
    reset: 0x00010002,
    write: (written) => {
      mcr.value = written & MCR.RESET ? mcr.resetValue : written & 0x100ff;
    },
  });
  const registers: Record<string, Register> = {
    MCR: mcr,
    // INAK and SLAK follow what was asked for; RX is recessive.
    MSR: register(0x04, {
      read: () => {
        const mode = mcr.value & MCR.INRQ ? 1 : mcr.value & MCR.SLEEP;
        return 0xc00 | mode;
      },
      write: () => {},
    }),
    // All three mailboxes are empty.
    TSR: register(0x08, { reset: 0x1c000000, writable: 0 }),
    RF0R: register(0x0c, { writable: 0 }),
    RF1R: register(0x10, { writable: 0 }),
    IER: register(0x14),
    ESR: register(0x18, { writable: 0x70 }),
    BTR: register(0x1c, { reset: 0x01230000 }),
    FMR: register(0x200, { reset: 0x2a1c0e01 }),
    FM1R: register(0x204),
    FS1R: register(0x20c),
    FFA1R: register(0x214),
    FA1R: register(0x21c),
  };
  for (let mailbox = 0; mailbox < 3; mailbox += 1) {
    const at = 0x180 + 16 * mailbox;
    const identifier: Register = register(at, {
      write: (written) => {
        if (written & 1) throw notModelled(BASE + at, `CAN TI${mailbox}R: to send a frame`);
        identifier.value = written;
      },
    });
    registers[`TI${mailbox}R`] = identifier;
    registers[`TDT${mailbox}R`] = register(at + 4);
    registers[`TDL${mailbox}R`] = register(at + 8);
    registers[`TDH${mailbox}R`] = register(at + 12);
  }
  for (let fifo = 0; fifo < 2; fifo += 1) {
    for (const [n, name] of ['RI', 'RDT', 'RDL', 'RDH'].entries()) {
      registers[`${name}${fifo}R`] = register(0x1b0 + 16 * fifo + 4 * n, { writable: 0 });
    }
  }
  for (let bank = 0; bank < FILTER_BANKS; bank += 1) {
    registers[`F${bank}R1`] = register(0x240 + 8 * bank);
    registers[`F${bank}R2`] = register(0x244 + 8 * bank);
  }
  return createPeripheral({ name: 'CAN', base: BASE, registers });
}
