import { ChipBench } from './chip-bench.ts';
import type { Images } from './chip-bench.ts';
import { PENDING, RegisterProbe } from './register-probe.ts';
import { rp2040 } from '../../../src/chip/rp2040/rp2040.ts';
import type { ChipCause, ChipOrder } from '../../../src/chip/index.ts';

const FLASH_BYTES = 0x200000;
/** RESETS RESET, its alias that clears bits (RP2040 datasheet §2.14.3). */
const RESETS_CLEAR = 0x4000f000;
/** SIO says that core 1 has written into its mailbox, which it does when it starts. */
const MAILBOX = 1 << 15;

/** An RP2040 with a flash of 2 MiB. */
export function rp2040Bench(images: Images = {}): ChipBench {
  return new ChipBench(rp2040, FLASH_BYTES, images);
}

/** The registers and the ROM of an RP2040 at a cable, with all blocks out of reset, as start-up code leaves them. */
export class Rp2040Probe extends RegisterProbe {
  constructor() {
    super(rp2040, FLASH_BYTES);
  }

  override start(cause: ChipCause, more: Partial<ChipOrder> = {}): void {
    super.start(cause, more);
    this.host.setVbus(true);
    this.write(RESETS_CLEAR, 0x1ffffff);
  }

  /** But for the mailbox, in which core 1 has said something at its start. */
  override readonly pending = (): number => this.read(PENDING) & ~MAILBOX;

  /** Calls a function of the ROM by its two letters. */
  readonly rom = (letters: string, ...given: readonly number[]): number =>
    this.call(this.romTable(0x14, letters), ...given)[0];

  /** What a table of the ROM has at those two letters; its address stands at `pointer` (RP2040 datasheet §2.8.2). */
  romTable(pointer: number, letters: string): number {
    const wanted = letters.charCodeAt(0) | (letters.charCodeAt(1) << 8);
    for (let at = this.read(pointer, 2); this.read(at, 2) !== 0; at += 4) {
      if (this.read(at, 2) === wanted) return this.read(at + 2, 2);
    }
    throw new Error(`the ROM has no ${letters}`);
  }
}
