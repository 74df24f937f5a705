import { createRegisters, repeated } from './block.ts';
import type { Register, Registers } from './block.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

const CR = 0x30;
const LCR_H = 0x2c;
const IFLS = 0x34;
const IMSC = 0x38;

/** CR: UARTEN, TXE, RXE, LBE. */
const ON = 1;
const SENDS = 1 << 8;
const HEARS = 1 << 9;
const LOOPS = 1 << 7;

/** Interrupts: receive, transmit, receive time-out, overrun. */
const RX = 1 << 4;
const TX = 1 << 5;
const TIMEOUT = 1 << 6;
const OVERRUN = 1 << 10;

const FIFO_BYTES = 32;
/** IFLS, in bytes. */
const triggers = [4, 8, 16, 24, 28];
/** What waits outside for room in the FIFO; more than that is lost, as it would be without flow control. */
const MAX_WAITING = 1 << 20;

/** A PL011 (RP2040 datasheet §4.2). What it sends is out at once; what comes waits until it has room. */
export interface Uart {
  readonly block: Registers;
  readonly input: (bytes: Uint8Array) => void;
}

export function createUart({ irq, order }: Wires, port: number): Uart {
  const address = port === 0 ? 0x40034000 : 0x40038000;
  const received: number[] = [];
  let unsent: number[] = [];
  let waiting: Uint8Array = new Uint8Array();
  let raw = 0;

  const update = (): void => irq(irqs.uart0 + port, (raw & block.get(IMSC)) !== 0);
  const depth = (): number => ((block.get(LCR_H) & 0x10) === 0 ? 1 : FIFO_BYTES);
  const trigger = (): number =>
    depth() === 1 ? 1 : (triggers[(block.get(IFLS) >>> 3) & 7] ?? FIFO_BYTES);
  const does = (what: number): boolean => {
    const control = block.get(CR);
    return (control & ON) !== 0 && (control & what) !== 0;
  };

  /** Bytes that wait come in, as far as there is room. */
  const refill = (): void => {
    if (!does(HEARS)) return;
    const room = depth() - received.length;
    if (room > 0 && waiting.length > 0) {
      received.push(...waiting.subarray(0, room));
      waiting = waiting.subarray(room);
      raw |= TIMEOUT;
    }
    if (received.length >= trigger()) raw |= RX;
    update();
  };
  const take = (): number => {
    const byte = received.shift() ?? 0;
    if (received.length < trigger()) raw &= ~RX;
    if (received.length === 0) raw &= ~TIMEOUT;
    refill();
    return byte;
  };
  const send = (byte: number): void => {
    if (!does(SENDS)) {
      if (unsent.length < FIFO_BYTES) unsent.push(byte);
      return;
    }
    if ((block.get(CR) & LOOPS) === 0) order.outside.uart(port, byte);
    else input(Uint8Array.of(byte));
    raw |= TX;
    update();
  };
  function input(bytes: Uint8Array): void {
    const kept = new Uint8Array(Math.min(MAX_WAITING, waiting.length + bytes.length));
    kept.set(waiting);
    kept.set(bytes.subarray(0, kept.length - waiting.length), waiting.length);
    waiting = kept;
    refill();
  }
  const changed = (): void => {
    const late = unsent;
    if (does(SENDS)) {
      unsent = [];
      late.forEach(send);
    }
    refill();
  };

  const identity: Record<number, Register> = repeated(8, 0xfe0, 4, (n) => ({
    name: n < 4 ? `PERIPHID${n}` : `PCELLID${n - 4}`,
    reset: [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1][n] ?? 0,
    mask: 0,
  }));
  const block: Registers = createRegisters({
    name: `UART${port}`,
    address,
    onReset: () => {
      received.length = 0;
      unsent = [];
      raw = 0;
      update();
    },
    registers: {
      0x00: { name: 'DR', mask: 0, read: take, write: (_kept, written) => send(written & 0xff) },
      0x04: { name: 'RSR', mask: 0 },
      0x18: {
        name: 'FR',
        mask: 0,
        read: () =>
          (received.length === 0 ? 0x10 : 0) |
          (received.length >= depth() ? 0x40 : 0) |
          (unsent.length === 0 ? 0x80 : 0) |
          (unsent.length >= depth() ? 0x20 : 0),
      },
      0x20: { name: 'ILPR', mask: 0xff },
      0x24: { name: 'IBRD', mask: 0xffff },
      0x28: { name: 'FBRD', mask: 0x3f },
      [LCR_H]: { name: 'LCR_H', mask: 0xff, write: changed },
      [CR]: { name: 'CR', reset: 0x300, mask: 0xff87, write: changed },
      [IFLS]: { name: 'IFLS', reset: 0x12, mask: 0x3f, write: refill },
      [IMSC]: { name: 'IMSC', mask: 0x7ff, write: update },
      0x3c: { name: 'RIS', mask: 0, read: () => raw },
      0x40: { name: 'MIS', mask: 0, read: () => raw & block.get(IMSC) },
      0x44: {
        name: 'ICR',
        mask: 0,
        write: (_kept, written) => {
          raw &= ~(written & (TX | RX | TIMEOUT | OVERRUN | 0x38f));
          update();
        },
      },
      0x48: { name: 'DMACR', mask: 7 },
      ...identity,
    },
  });
  return { block, input };
}
