import { createRegisters } from './block.ts';
import type { Block, Register, Registers } from './block.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

const ENABLE = 0x6c;
const MASK = 0x30;
/** Raw interrupts (RP2040 datasheet §4.3.17): room to send, nobody answered, the bus is free again. */
const TX_EMPTY = 1 << 4;
const TX_ABORT = 1 << 6;
const STOPPED = 1 << 9;
/** IC_TX_ABRT_SOURCE: the address was not acknowledged. */
const NO_ACKNOWLEDGE = 1;

/** A DW_apb_i2c (§4.3) with nothing at its pins: nobody ever acknowledges an address. */
export function createI2c({ irq }: Wires, n: number): Block {
  let raised = 0;
  let source = 0;
  const raw = (): number => raised | ((i2c.get(ENABLE) & 1) === 0 ? 0 : TX_EMPTY);
  const update = (): void => irq(irqs.i2c0 + n, (raw() & i2c.get(MASK)) !== 0);

  const kept = (name: string, reset = 0): Register => ({ name, reset });
  const fixed = (name: string, reset = 0): Register => ({ name, reset, mask: 0 });
  /** Reading it says whether there was one of these, and forgets it. */
  const clears = (name: string, bits: number): Register => ({
    name,
    mask: 0,
    read: () => {
      const was = (raised & bits) === 0 ? 0 : 1;
      raised &= ~bits;
      if ((bits & TX_ABORT) !== 0) source = 0;
      update();
      return was;
    },
  });

  const i2c: Registers = createRegisters({
    name: `I2C${n}`,
    address: 0x40044000 + n * 0x4000,
    onReset: () => {
      raised = 0;
      source = 0;
      update();
    },
    registers: {
      0x00: kept('IC_CON', 0x65),
      0x04: kept('IC_TAR', 0x55),
      0x08: kept('IC_SAR', 0x55),
      0x10: {
        name: 'IC_DATA_CMD',
        mask: 0,
        write: () => {
          if ((i2c.get(ENABLE) & 1) === 0) return;
          raised |= TX_ABORT | STOPPED;
          source = NO_ACKNOWLEDGE;
          update();
        },
      },
      0x14: kept('IC_SS_SCL_HCNT', 0x28),
      0x18: kept('IC_SS_SCL_LCNT', 0x2f),
      0x1c: kept('IC_FS_SCL_HCNT', 6),
      0x20: kept('IC_FS_SCL_LCNT', 0xd),
      0x2c: { name: 'IC_INTR_STAT', mask: 0, read: () => raw() & i2c.get(MASK) },
      [MASK]: { name: 'IC_INTR_MASK', reset: 0x8ff, write: update },
      0x34: { name: 'IC_RAW_INTR_STAT', mask: 0, read: raw },
      0x38: kept('IC_RX_TL'),
      0x3c: kept('IC_TX_TL'),
      0x40: clears('IC_CLR_INTR', TX_ABORT | STOPPED),
      0x44: fixed('IC_CLR_RX_UNDER'),
      0x48: fixed('IC_CLR_RX_OVER'),
      0x4c: fixed('IC_CLR_TX_OVER'),
      0x50: fixed('IC_CLR_RD_REQ'),
      0x54: clears('IC_CLR_TX_ABRT', TX_ABORT),
      0x58: fixed('IC_CLR_RX_DONE'),
      0x5c: fixed('IC_CLR_ACTIVITY'),
      0x60: clears('IC_CLR_STOP_DET', STOPPED),
      0x64: fixed('IC_CLR_START_DET'),
      0x68: fixed('IC_CLR_GEN_CALL'),
      [ENABLE]: { name: 'IC_ENABLE', mask: 7, write: update },
      0x70: fixed('IC_STATUS', 6),
      0x74: fixed('IC_TXFLR'),
      0x78: fixed('IC_RXFLR'),
      0x7c: kept('IC_SDA_HOLD', 1),
      0x80: { name: 'IC_TX_ABRT_SOURCE', mask: 0, read: () => source },
      0x84: kept('IC_SLV_DATA_NACK_ONLY'),
      0x88: kept('IC_DMA_CR'),
      0x8c: kept('IC_DMA_TDLR'),
      0x90: kept('IC_DMA_RDLR'),
      0x94: kept('IC_SDA_SETUP', 0x64),
      0x98: kept('IC_ACK_GENERAL_CALL', 1),
      0x9c: { name: 'IC_ENABLE_STATUS', mask: 0, read: () => i2c.get(ENABLE) & 1 },
      0xa0: kept('IC_FS_SPKLEN', 7),
      0xa8: fixed('IC_CLR_RESTART_DET'),
      0xf4: fixed('IC_COMP_PARAM_1'),
      0xf8: fixed('IC_COMP_VERSION', 0x3230312a),
      0xfc: fixed('IC_COMP_TYPE', 0x44570140),
    },
  });
  return i2c;
}
