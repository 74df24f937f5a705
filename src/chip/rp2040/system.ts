import { createRegisters, repeated, unmodelled } from './block.ts';
import type { Block, Registers } from './block.ts';
import type { Wires } from './wires.ts';

/** Bits of RESETS, in their order (RP2040 datasheet §2.14). */
export const resetBits = {
  adc: 0,
  busctrl: 1,
  dma: 2,
  i2c0: 3,
  i2c1: 4,
  ioBank0: 5,
  ioQspi: 6,
  jtag: 7,
  padsBank0: 8,
  padsQspi: 9,
  pio0: 10,
  pio1: 11,
  pllSys: 12,
  pllUsb: 13,
  pwm: 14,
  rtc: 15,
  spi0: 16,
  spi1: 17,
  syscfg: 18,
  sysinfo: 19,
  tbman: 20,
  timer: 21,
  uart0: 22,
  uart1: 23,
  usbctrl: 24,
} as const;

const ALL_RESETS = 0x1ffffff;
const ALL_DOMAINS = 0x1ffff;

/** Which blocks are held in reset. `changed` is told those that have just been put into it. */
export function createResets(changed: (put: number) => void): Registers {
  let before = ALL_RESETS;
  const resets: Registers = createRegisters({
    name: 'RESETS',
    address: 0x4000c000,
    registers: {
      0x0: {
        name: 'RESET',
        reset: ALL_RESETS,
        mask: ALL_RESETS,
        write: (kept) => {
          const put = kept & ~before;
          before = kept;
          changed(put);
        },
      },
      0x4: { name: 'WDSEL', mask: ALL_RESETS },
      0x8: { name: 'RESET_DONE', mask: 0, read: () => ~resets.get(0) & ALL_RESETS },
    },
  });
  return resets;
}

/** The power-on state machine (§2.13). `core1` is called when the second core is let out of its reset. */
export function createPsm(core1: () => void): Registers {
  const PROC1 = 1 << 16;
  let held = false;
  const psm: Registers = createRegisters({
    name: 'PSM',
    address: 0x40010000,
    registers: {
      0x0: { name: 'FRCE_ON', mask: ALL_DOMAINS },
      0x4: {
        name: 'FRCE_OFF',
        mask: ALL_DOMAINS,
        write: (kept) => {
          if ((kept & ~PROC1) !== 0)
            throw unmodelled('PSM FRCE_OFF of anything but core 1', 0x40010004);
          const now = (kept & PROC1) !== 0;
          if (held && !now) core1();
          held = now;
        },
      },
      0x8: { name: 'WDSEL', mask: ALL_DOMAINS },
      0xc: { name: 'DONE', mask: 0, read: () => ALL_DOMAINS & ~psm.get(0x4) },
    },
  });
  return psm;
}

/** CHIP_RESET bits (§2.12.8). */
const hadPowerOn = 1 << 8;
const hadRunPin = 1 << 16;

/** Where `ChipOrder.retained` keeps what a watchdog's reset leaves alone. */
export const retainedAt = { scratch: 0, reason: 32, chipReset: 36, lengthBytes: 40 } as const;

/** The voltage regulator, and why the chip was reset last. */
export function createVreg({ order }: Wires): Registers {
  const retained = new DataView(order.retained.buffer, order.retained.byteOffset);
  if (order.cause === 'power-on') retained.setUint32(retainedAt.chipReset, hadPowerOn, true);
  if (order.cause === 'reset-pin') retained.setUint32(retainedAt.chipReset, hadRunPin, true);
  return createRegisters({
    name: 'VREG_AND_CHIP_RESET',
    address: 0x40064000,
    registers: {
      0x0: { name: 'VREG', reset: 0xb1, mask: 0xf3, read: (kept) => kept | 0x1000 },
      0x4: { name: 'BOD', reset: 0x91, mask: 0xf1 },
      0x8: {
        name: 'CHIP_RESET',
        mask: 0,
        read: () => retained.getUint32(retainedAt.chipReset, true),
      },
    },
  });
}

/** SYSINFO (§2.20): an RP2040 B2. */
export function createSysinfo(): Block {
  return createRegisters({
    name: 'SYSINFO',
    address: 0x40000000,
    registers: {
      0x00: { name: 'CHIP_ID', reset: 0x20002927, mask: 0 },
      0x04: { name: 'PLATFORM', reset: 2, mask: 0 },
      0x40: { name: 'GITREF_RP2040', mask: 0 },
    },
  });
}

/** SYSCFG (§2.21). */
export function createSyscfg(): Block {
  const nmi = (core: number, address: number) => ({
    name: `PROC${core}_NMI_MASK`,
    write: (kept: number) => {
      if (kept !== 0) throw unmodelled(`SYSCFG PROC${core}_NMI_MASK`, address);
    },
  });
  return createRegisters({
    name: 'SYSCFG',
    address: 0x40004000,
    registers: {
      0x00: nmi(0, 0x40004000),
      0x04: nmi(1, 0x40004004),
      0x08: { name: 'PROC_CONFIG', reset: 0x10000000 },
      0x0c: { name: 'PROC_IN_SYNC_BYPASS' },
      0x10: { name: 'PROC_IN_SYNC_BYPASS_HI' },
      0x14: { name: 'DBGFORCE', reset: 0x66 },
      0x18: { name: 'MEMPOWERDOWN' },
    },
  });
}

/** TBMAN (§2.22): not a simulation of the makers'. */
export function createTbman(): Block {
  return createRegisters({
    name: 'TBMAN',
    address: 0x4006c000,
    registers: { 0x0: { name: 'PLATFORM', reset: 1, mask: 0 } },
  });
}

/** BUSCTRL (§2.1.5), whose counters stand still. */
export function createBusctrl(): Block {
  return createRegisters({
    name: 'BUSCTRL',
    address: 0x40030000,
    registers: {
      0x00: { name: 'BUS_PRIORITY', mask: 0x1111 },
      0x04: { name: 'BUS_PRIORITY_ACK', reset: 1, mask: 0 },
      ...repeated(4, 0x08, 8, (n) => ({ name: `PERFCTR${n}`, mask: 0 })),
      ...repeated(4, 0x0c, 8, (n) => ({ name: `PERFSEL${n}`, reset: 0x1f, mask: 0x1f })),
    },
  });
}
