import { createRegisters, repeated } from './block.ts';
import type { Registers } from './block.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

const ADDRESS = 0x4003c000;
const FIFO_FRAMES = 8;
/** SSPCR1 */
const LOOPBACK = 1;
const ENABLE = 2;
/** SSPIMSC and its brothers */
const OVERRUN = 1;
const TIMEOUT = 2;
const RECEIVED = 4;
const TO_SEND = 8;

/** A PL022. */
export interface Spi {
  readonly block: Registers;
  /** It would take a frame from the DMA controller. */
  readonly takes: () => boolean;
  /** It has a frame for the DMA controller. */
  readonly gives: () => boolean;
}

/**
 * A PL022 (RP2040 datasheet §4.4) with nothing at its pins: what it sends is gone at once, and a 0 comes for each frame; in
 * loopback, the frame. `changed` is called when it may have become ready for the DMA controller.
 */
export function createSpi({ irq }: Wires, n: number, changed: () => void): Spi {
  const received: number[] = [];
  /** What waits until it is enabled. */
  const waiting: number[] = [];
  let overrun = false;
  let timeout = false;

  const enabled = (): boolean => (block.get(0x4) & ENABLE) !== 0;
  const raw = (): number =>
    (overrun ? OVERRUN : 0) |
    (timeout && received.length > 0 ? TIMEOUT : 0) |
    (received.length >= FIFO_FRAMES / 2 ? RECEIVED : 0) |
    (waiting.length <= FIFO_FRAMES / 2 ? TO_SEND : 0);
  const update = (): void => irq(irqs.spi0 + n, (raw() & block.get(0x14)) !== 0);
  const send = (): void => {
    if (!enabled()) return;
    for (const frame of waiting.splice(0)) {
      if (received.length === FIFO_FRAMES) overrun = true;
      else received.push((block.get(0x4) & LOOPBACK) === 0 ? 0 : frame);
      timeout = true;
    }
  };
  const block: Registers = createRegisters({
    name: `SPI${n}`,
    address: ADDRESS + n * 0x4000,
    onReset: () => {
      received.length = 0;
      waiting.length = 0;
      overrun = false;
      timeout = false;
      update();
    },
    registers: {
      0x00: { name: 'SSPCR0', mask: 0xffff },
      0x04: {
        name: 'SSPCR1',
        mask: 0xf,
        write: () => {
          send();
          update();
          changed();
        },
      },
      0x08: {
        name: 'SSPDR',
        read: () => {
          const frame = received.shift() ?? 0;
          update();
          changed();
          return frame;
        },
        write: (_kept, written) => {
          const bits = (block.get(0x0) & 15) + 1;
          if (waiting.length < FIFO_FRAMES) waiting.push(written & ((1 << bits) - 1));
          send();
          update();
          changed();
        },
      },
      0x0c: {
        name: 'SSPSR',
        mask: 0,
        read: () =>
          (waiting.length === 0 ? 1 : 0) |
          (waiting.length < FIFO_FRAMES ? 2 : 0) |
          (received.length > 0 ? 4 : 0) |
          (received.length === FIFO_FRAMES ? 8 : 0),
      },
      0x10: { name: 'SSPCPSR', mask: 0xff },
      0x14: { name: 'SSPIMSC', mask: 0xf, write: update },
      0x18: { name: 'SSPRIS', mask: 0, read: raw },
      0x1c: { name: 'SSPMIS', mask: 0, read: () => raw() & block.get(0x14) },
      0x20: {
        name: 'SSPICR',
        mask: 0,
        write: (_kept, written) => {
          if ((written & OVERRUN) !== 0) overrun = false;
          if ((written & TIMEOUT) !== 0) timeout = false;
          update();
        },
      },
      0x24: { name: 'SSPDMACR', mask: 3, write: changed },
      ...repeated(8, 0xfe0, 4, (id) => ({
        name: `ID${id}`,
        reset: [0x22, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1][id] ?? 0,
        mask: 0,
      })),
    },
  });
  return {
    block,
    takes: () => enabled() && (block.get(0x24) & 2) !== 0 && received.length < FIFO_FRAMES,
    gives: () => (block.get(0x24) & 1) !== 0 && received.length > 0,
  };
}
