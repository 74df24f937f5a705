import type { Core, CoreFault } from './armv6m/core.ts';
import type { UsbPort } from './usb-port.ts';

/** What started a chip. All but `power-on` leave its RAM and its scratch registers as they were. */
export type ChipCause = 'power-on' | 'reset-pin' | 'watchdog' | 'software';

/**
 * The flash that a chip executes from. It reads `bytes` by itself; it changes them only by way of the two calls, which have
 * carried the operation out, in `bytes` too, when they return. What they throw ends the chip's `run` (the power was lost).
 */
export interface ChipFlash {
  readonly bytes: Uint8Array;
  /** Clears bits as NOR flash does: what is there AND these. Within one page, where the flash has pages. */
  program(offsetBytes: number, bytes: Uint8Array): void;
  /** Whole sectors. */
  erase(offsetBytes: number, lengthBytes: number): void;
}

/** What a chip tells to whatever is around it. Called within `run`, or within the calls of `UsbPort`. */
export interface ChipOutside {
  readonly flash: ChipFlash;
  /** A byte from a UART, 0 the first one. */
  uart(port: number, byte: number): void;
  /** Something at the USB port changed: pull-up, a buffer was armed, a stall was set. */
  usbChanged(): void;
  /** A pin is driven (`GPIO25`, `PC6`), undefined: it is not any more. */
  pin(name: string, level: boolean | undefined): void;
  /** Something that works here and does not on every chip, such as programming a 1 over a 0: for people, once each. */
  warn(words: string): void;
}

/** Why `Chip.run` came back. */
export type ChipStop =
  /** `untilNs` is reached. */
  | { readonly why: 'time' }
  /**
   * It sleeps, and by itself does nothing before `nextNs` (Infinity: for ever). Its clock stands at `untilNs`, or earlier if
   * nothing can happen before that.
   */
  | { readonly why: 'idle'; readonly nextNs: number }
  /** Something outside has to be looked at now (`usbChanged` was called, a reset of the USB block, …). */
  | { readonly why: 'outside' }
  | { readonly why: 'breakpoint' }
  /** The chip resets itself; RAM and `retained` are what they are. It is not to be run any more. */
  | { readonly why: 'reset'; readonly cause: 'software' | 'watchdog' }
  /** Locked up, or stopped at something that the model lacks. Only its watchdog still runs: `run` goes on to that. */
  | { readonly why: 'fault'; readonly fault: CoreFault }
  /** The program jumped to where no machine code is, but somebody who plays it (the loader in system memory). */
  | { readonly why: 'jump'; readonly address: number };

/** A chip while it has power, from one reset to the next. */
export interface Chip {
  readonly core: Core;
  readonly usb: UsbPort;
  /** Virtual time since its start, in ns. */
  readonly nowNs: number;
  /** Runs until that time at the latest. Throws what `ChipFlash` throws. */
  run(untilNs: number): ChipStop;
  /** Bytes arrive at a UART. */
  uartInput(port: number, bytes: Uint8Array): void;
  /** A pin is driven from outside: a button. undefined: let go. Throws `NOT_FOUND` for a pin that it does not have. */
  setPin(name: string, level: boolean | undefined): void;
  /** Reads memory as the core would, without side effects; undefined where there is nothing to be read so. */
  peek(address: number, lengthBytes: number): Uint8Array | undefined;
  /** Writes RAM (for debuggers); whether that could be done. */
  poke(address: number, bytes: Uint8Array): boolean;
}

/** What a chip is made with, at each start. */
export interface ChipOrder {
  readonly cause: ChipCause;
  /** Its whole RAM; the board keeps it through resets. */
  readonly ram: Uint8Array;
  /** `ChipModel.retainedBytes` of registers that only a loss of power clears. */
  readonly retained: Uint8Array;
  readonly outside: ChipOutside;
  /** Address of a vector table to start at; undefined: the chip's own way out of reset (its ROM, its boot pins). */
  readonly entry?: number | undefined;
  /** A ROM of the user's instead of the model's own; `ChipModel.romBytes` long. */
  readonly rom?: Uint8Array | undefined;
  /** Unique number of the chip or of its flash. */
  readonly uniqueId: Uint8Array;
  /** Pins that are driven at the start (buttons that are held). */
  readonly pins?: ReadonlyMap<string, boolean> | undefined;
}

/** A kind of chip that machine code can be executed on. */
export interface ChipModel {
  /** As the boards name it: `RP2040`, `STM32F072`. */
  readonly name: string;
  readonly flashAddress: number;
  readonly ram: { readonly address: number; readonly sizeBytes: number };
  readonly retainedBytes: number;
  /** Bytes of a ROM that can be given; undefined: none can. */
  readonly romBytes?: number | undefined;
  /** UART whose bytes are the board's console, unless chosen otherwise. */
  readonly consoleUart: number;
  /** Addresses at which somebody else takes over (the loader in system memory), if a program jumps there. */
  readonly exits?: readonly number[] | undefined;
  make(order: ChipOrder): Chip;
}
