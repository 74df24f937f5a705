import { ChipBench } from './chip-bench.ts';
import type { ChipCause, ChipModel, ChipOrder } from '../../../src/chip/index.ts';

/** Thumb: a load and a store of r1 at r0 in each size, a call of r7, a loop that waits, a sleep. Each ends with BKPT. */
const code = {
  store4: [0x01, 0x60],
  store2: [0x01, 0x80],
  store1: [0x01, 0x70],
  load4: [0x01, 0x68],
  load2: [0x01, 0x88],
  load1: [0x01, 0x78],
  call: [0xb8, 0x47],
  loop: [0xfe, 0xe7],
  wfi: [0x30, 0xbf],
} as const;
type Code = keyof typeof code;
const BKPT = [0x00, 0xbe];
const names = Object.keys(code) as Code[];

/** NVIC_ISPR (ARMv6-M B3.4.5). */
export const PENDING = 0xe000e200;

/**
 * A chip whose registers are read and written as its core does it, one instruction after the other, by a debugger. The
 * handler of every exception is a BKPT. What is used most is properties, for tests that take a probe apart.
 */
export class RegisterProbe extends ChipBench {
  readonly #flashAddress: number;
  readonly #codeAddress: number;

  constructor(model: ChipModel, flashBytes: number) {
    const image = new Uint8Array(0x100);
    const view = new DataView(image.buffer);
    view.setUint32(0, model.ram.address + model.ram.sizeBytes, true);
    for (let at = 4; at < 0xc0; at += 4) view.setUint32(at, model.flashAddress + 0xc1, true);
    image.set(BKPT, 0xc0);
    super(model, flashBytes, { 0: image });
    this.#flashAddress = model.flashAddress;
    this.#codeAddress = model.ram.address + model.ram.sizeBytes / 2;
    this.start('power-on');
  }

  override start(cause: ChipCause, more: Partial<ChipOrder> = {}): void {
    super.start(cause, { entry: this.#flashAddress, ...more });
    const bytes = names.flatMap((name) => [...code[name], ...BKPT]);
    this.chip.poke(this.#codeAddress, Uint8Array.from(bytes));
    this.chip.core.debugging = true;
  }

  /** A load. Throws the words of the fault that it led to, or what else it ended with. */
  readonly read = (address: number, size: 1 | 2 | 4 = 4): number => {
    this.chip.core.writeRegister(0, address);
    this.#do(`load${size}`);
    return this.chip.core.readRegister(1);
  };

  /** A store; throws likewise. */
  readonly write = (address: number, value: number, size: 1 | 2 | 4 = 4): void => {
    this.chip.core.writeRegister(0, address);
    this.chip.core.writeRegister(1, value >>> 0);
    this.#do(`store${size}`);
  };

  /** Calls a function, and answers with r0 and r1; throws likewise. */
  readonly call = (address: number, ...given: readonly number[]): readonly [number, number] => {
    const { core } = this.chip;
    core.writeRegister(7, address);
    given.forEach((value, n) => core.writeRegister(n, value >>> 0));
    this.#do('call');
    return [core.readRegister(0), core.readRegister(1)];
  };

  /** Words of the fault that this leads to, or led to before. */
  readonly fault = (access: (probe: this) => void): string => {
    const { core } = this.chip;
    try {
      access(this);
    } catch (error) {
      return core.fault?.words ?? (error as Error).message;
    }
    return core.fault?.words ?? 'no fault';
  };

  /** Executes a loop, or sleeps, for that long; what ended it. */
  readonly wait = (ms: number, how: 'loop' | 'wfi' = 'loop'): string => {
    this.#goTo(how);
    return this.run(ms).why;
  };

  /** The interrupts that pend, a bit each. */
  readonly pending = (): number => this.read(PENDING);

  #goTo(name: Code): number {
    const address = this.#codeAddress + 4 * names.indexOf(name);
    this.chip.core.writeRegister(15, address);
    this.chip.core.xpsr = 0x01000000;
    return address;
  }

  #do(name: Code): void {
    const { chip } = this;
    const behind = this.#goTo(name) + 2;
    for (;;) {
      const stop = chip.run(chip.nowNs + 1e9);
      if (stop.why === 'outside') continue;
      if (stop.why === 'breakpoint' && chip.core.readRegister(15) === behind) return;
      const fault = stop.why === 'fault' ? stop.fault : chip.core.fault;
      throw new Error(fault?.words ?? `it ended with: ${stop.why}`);
    }
  }
}
