import { createPeripheral, notModelled, register } from './peripheral.ts';
import type { Peripheral, Register } from './peripheral.ts';

const ISR = { RXNE: 1 << 5, TC: 1 << 6, TXE: 1 << 7, TEACK: 1 << 21, REACK: 1 << 22 } as const;
const CR1 = { UE: 1, RE: 1 << 2, TE: 1 << 3, RXNEIE: 1 << 5, TCIE: 1 << 6, TXEIE: 1 << 7 } as const;
/** CR3.DMAR and CR3.DMAT. */
const DMA = 0xc0;

/** More than that waits for nobody: what comes after is lost, as it is on a line. */
const MOST_WAITING = 4096;

/** Where a USART stands and what it is connected to. */
interface UsartOrder {
  readonly name: string;
  readonly base: number;
  /** Its line changes: several share one interrupt. */
  readonly interrupt: (level: boolean) => void;
  readonly send: (byte: number) => void;
}

/** A USART with its other end. */
export interface Usart {
  readonly peripheral: Peripheral;
  /** Bytes arrive. */
  input(bytes: Uint8Array): void;
}

type Name = 'CR1' | 'CR2' | 'CR3' | 'BRR' | 'GTPR' | 'RTOR' | 'RQR' | 'ISR' | 'ICR' | 'RDR' | 'TDR';

/**
 * A USART as firmware for a console wants it (RM0091 §27): bytes both ways, polled or by interrupts. A byte is gone as
 * soon as it is written; one that arrives waits until it is read.
 */
export function createUsart(order: UsartOrder): Usart {
  let waiting: number[] = [];
  const isReceiving = (): boolean => (r.CR1.value & (CR1.UE | CR1.RE)) === (CR1.UE | CR1.RE);
  const isSending = (): boolean => (r.CR1.value & (CR1.UE | CR1.TE)) === (CR1.UE | CR1.TE);
  const status = (): number => {
    let isr = (r.ISR.value & ISR.TC) | ISR.TXE;
    if (waiting.length > 0 && isReceiving()) isr |= ISR.RXNE;
    if (isSending()) isr |= ISR.TEACK;
    if (isReceiving()) isr |= ISR.REACK;
    return isr;
  };
  // RXNEIE, TCIE and TXEIE stand where their flags do.
  const asked = CR1.RXNEIE | CR1.TCIE | CR1.TXEIE;
  const levels = (): void =>
    order.interrupt((r.CR1.value & CR1.UE) !== 0 && (status() & r.CR1.value & asked) !== 0);
  const r: Record<Name, Register> = {
    CR1: register(0x00, {
      write: (written) => {
        r.CR1.value = written;
        levels();
      },
    }),
    CR2: register(0x04),
    CR3: register(0x08, {
      write: (written) => {
        if (written & DMA) throw notModelled(order.base + 8, `${order.name} CR3: transfers by DMA`);
        r.CR3.value = written;
      },
    }),
    BRR: register(0x0c, { writable: 0xffff }),
    GTPR: register(0x10, { writable: 0xffff }),
    RTOR: register(0x14),
    RQR: register(0x18, {
      read: () => 0,
      write: (written) => {
        if (written & (1 << 3)) waiting.shift();
        levels();
      },
    }),
    ISR: register(0x1c, { reset: ISR.TC | ISR.TXE, writable: 0, read: status }),
    ICR: register(0x20, {
      read: () => 0,
      write: (written) => {
        r.ISR.value &= ~(written & ISR.TC);
        levels();
      },
    }),
    RDR: register(0x24, {
      consumes: true,
      read: () => {
        const byte = isReceiving() ? waiting.shift() : undefined;
        if (byte !== undefined) r.RDR.value = byte;
        levels();
        return r.RDR.value;
      },
      writable: 0,
    }),
    TDR: register(0x28, {
      write: (written) => {
        if (!isSending()) return;
        r.TDR.value = written & 0x1ff;
        r.ISR.value |= ISR.TC;
        order.send(written & 0xff);
        levels();
      },
    }),
  };
  const peripheral = createPeripheral({
    name: order.name,
    base: order.base,
    registers: r,
    whenReset: () => {
      waiting = [];
      levels();
    },
  });
  return {
    peripheral,
    input(bytes) {
      for (const byte of bytes) if (waiting.length < MOST_WAITING) waiting.push(byte);
      levels();
    },
  };
}
