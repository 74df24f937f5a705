import type { Chip, ChipModel, ChipOrder, ChipStop, Core } from '../../src/chip/index.ts';

/** What the program of a played chip can do. */
export interface PlayedChip {
  /** All of the flash. */
  readonly flash: Uint8Array;
  word(offsetBytes: number): number;
  program(offsetBytes: number, bytes: Uint8Array): void;
  erase(offsetBytes: number, lengthBytes: number): void;
  readonly order: Pick<ChipOrder, 'cause' | 'ram' | 'retained'>;
}

/** How it ends: it enters code there, or this is what its chip does from then on. */
export type PlayedEnd =
  | { readonly enter: number }
  | { readonly stop: ChipStop }
  /** It sleeps, with its pull-up. */
  | { readonly waits: true };

/** A chip whose program is a function: it does all of its work at once, in `takesNs`. */
export function playedChip(
  boot: (chip: PlayedChip) => PlayedEnd,
  { takesNs = 1_000_000 }: { readonly takesNs?: number } = {},
): ChipModel {
  return {
    name: 'played',
    flashAddress: 0x10000000,
    ram: { address: 0x20000000, sizeBytes: 1024 },
    retainedBytes: 32,
    consoleUart: 0,
    make: (order) => new Played(order, boot, takesNs),
  };
}

class Played implements Chip {
  readonly core: Core;
  readonly usb: Chip['usb'];
  nowNs = 0;
  readonly #order: ChipOrder;
  readonly #boot: (chip: PlayedChip) => PlayedEnd;
  readonly #takesNs: number;
  readonly #registers = { pc: 0 };
  #end: PlayedEnd | undefined;
  #entered = false;

  constructor(order: ChipOrder, boot: (chip: PlayedChip) => PlayedEnd, takesNs: number) {
    this.#order = order;
    this.#boot = boot;
    this.#takesNs = takesNs;
    const registers = this.#registers;
    const stops = new Set<number>();
    this.core = {
      readRegister: () => registers.pc,
      breakpoints: stops,
      exits: new Set<number>(),
      instructions: 1,
      cycles: 1,
      fault: undefined,
    } as unknown as Core;
    this.usb = { pulledUp: false } as Chip['usb'];
  }

  run(untilNs: number): ChipStop {
    this.#end ??= this.#boot(this.#played());
    this.nowNs = Math.max(this.nowNs, Math.min(untilNs, this.#takesNs));
    if (this.nowNs < this.#takesNs) return { why: 'time' };
    const end = this.#end;
    if ('waits' in end) {
      Object.assign(this.usb, { pulledUp: true });
      return { why: 'idle', nextNs: Infinity };
    }
    if ('stop' in end) {
      this.nowNs = Math.max(this.nowNs, Math.min(untilNs, 1e15));
      return end.stop;
    }
    this.#registers.pc = end.enter;
    if (!this.#entered && this.core.breakpoints.has(end.enter)) {
      this.#entered = true;
      return { why: 'breakpoint' };
    }
    this.nowNs = untilNs;
    return { why: 'time' };
  }

  uartInput(): void {}
  setPin(): void {}
  peek(): undefined {
    return undefined;
  }
  poke(): boolean {
    return false;
  }

  #played(): PlayedChip {
    const { outside, cause, ram, retained } = this.#order;
    const { bytes } = outside.flash;
    return {
      flash: bytes,
      word: (at) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true),
      program: (at, part) => outside.flash.program(at, part),
      erase: (at, length) => outside.flash.erase(at, length),
      order: { cause, ram, retained },
    };
  }
}
