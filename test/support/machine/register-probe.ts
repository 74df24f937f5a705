import { ChipBench } from './chip-bench.ts';
import type { ChipModel } from '../../../src/chip/index.ts';

/** Thumb: a load and a store of r1 at r0 in each size, and a loop that waits. Each ends with BKPT. */
const code = {
  store4: [0x01, 0x60],
  store2: [0x01, 0x80],
  store1: [0x01, 0x70],
  load4: [0x01, 0x68],
  load2: [0x01, 0x88],
  load1: [0x01, 0x78],
  loop: [0xfe, 0xe7],
  wfi: [0x30, 0xbf],
} as const;
type Code = keyof typeof code;
const BKPT = [0x00, 0xbe];
const names = Object.keys(code) as Code[];

/**
 * A chip whose registers are read and written as its core does it, one instruction after the other, by a debugger. The
 * handler of every fault is a BKPT.
 */
export class RegisterProbe extends ChipBench {
  readonly #codeAddress: number;

  constructor(model: ChipModel, { flashBytes }: { readonly flashBytes: number }) {
    const image = new Uint8Array(0x100);
    const view = new DataView(image.buffer);
    view.setUint32(0, model.ram.address + model.ram.sizeBytes, true);
    for (let at = 4; at < 0xc0; at += 4) view.setUint32(at, model.flashAddress + 0xc1, true);
    image.set(BKPT, 0xc0);
    super(model, image, flashBytes);
    this.#codeAddress = model.ram.address + model.ram.sizeBytes / 2;
    this.prepare();
  }

  /** To be called after `start`, too. */
  prepare(): void {
    const bytes = names.flatMap((name) => [...code[name], ...BKPT]);
    this.chip.poke(this.#codeAddress, Uint8Array.from(bytes));
    this.chip.core.debugging = true;
  }

  write(address: number, value: number, size: 1 | 2 | 4 = 4): void {
    this.#do(`store${size}`, address, value);
  }

  read(address: number, size: 1 | 2 | 4 = 4): number {
    this.#do(`load${size}`, address, 0);
    return this.chip.core.readRegister(1);
  }

  /** What went wrong first, in words. */
  get fault(): string | undefined {
    return this.chip.core.fault?.words;
  }

  /** Executes a loop for that long; what ended it. */
  wait(ms: number, how: 'loop' | 'wfi' = 'loop'): string {
    this.#at(how);
    return this.run(ms).why;
  }

  #at(name: Code): void {
    this.chip.core.writeRegister(15, this.#codeAddress + 4 * names.indexOf(name));
  }

  #do(name: Code, address: number, value: number): void {
    const { core } = this.chip;
    core.writeRegister(0, address);
    core.writeRegister(1, value);
    this.#at(name);
    for (;;) {
      const stop = this.chip.run(this.chip.nowNs + 1e9);
      if (stop.why !== 'outside') return;
    }
  }
}
