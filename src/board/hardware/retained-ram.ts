import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';

/** Bytes at the top of RAM that keep their value through a reset, as long as there is power. */
const RETAINED_BYTES = 64;

/** The top of RAM, which survives reset and not a loss of power. */
export class RetainedRam {
  /** Address of its first byte. */
  readonly address: number;
  readonly sizeBytes: number = RETAINED_BYTES;
  readonly #bytes: Uint8Array = new Uint8Array(RETAINED_BYTES);

  constructor(ram: MemoryRange) {
    this.address = ram.baseAddress + ram.sizeBytes - RETAINED_BYTES;
  }

  /** The little-endian word at that address. Throws `OUT_OF_RANGE` outside of the retained part. */
  readWord(address: number): number {
    return this.#view(address).getUint32(0, true);
  }

  writeWord(address: number, value: number): void {
    this.#view(address).setUint32(0, value, true);
  }

  /** The power was lost. Real RAM then holds anything; here it is zeros. */
  lose(): void {
    this.#bytes.fill(0);
  }

  #view(address: number): DataView {
    const at = address - this.address;
    if (!Number.isInteger(at) || at < 0 || at % 4 !== 0 || at + 4 > RETAINED_BYTES) {
      const range = `${hexNumber(this.address, 8)} and ${RETAINED_BYTES - 1} bytes on`;
      throw new DfuError('OUT_OF_RANGE', `${hexNumber(address, 8)} is no word of ${range}`);
    }
    return new DataView(this.#bytes.buffer, at, 4);
  }
}
