import type { ChipCause, ChipOrder } from '../chip.ts';
import type { ChipTime } from './time.ts';

/** What every part of the chip may do to the rest of it. */
export interface Wires {
  readonly order: ChipOrder;
  readonly time: ChipTime;
  /** The level of an interrupt line of the core. */
  readonly irq: (line: number, level: boolean) => void;
  /** The chip resets itself, as soon as the instruction that is executed is done. */
  readonly resetChip: (cause: Extract<ChipCause, 'software' | 'watchdog'>) => void;
  /** Something at USB changed; whoever drives the tokens is told. */
  readonly usbChanged: () => void;
  /** Nothing happens until that time but what is due anyway: the core polls for it. */
  readonly skipTo: (ns: number) => void;
  /** Says it once. */
  readonly warn: (words: string) => void;
}

/** Interrupt lines (RP2040 datasheet §2.3.2). */
export const irqs = {
  timer: 0,
  pwm: 4,
  usb: 5,
  xip: 6,
  pio0: 7,
  dma0: 11,
  dma1: 12,
  ioBank0: 13,
  ioQspi: 14,
  sio: 15,
  clocks: 17,
  spi0: 18,
  uart0: 20,
  adc: 22,
  i2c0: 23,
  rtc: 25,
} as const;
