import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';

/** Bytes at the top of RAM that keep their value through a reset, as long as there is power. */
const RETAINED_BYTES = 64;
/** Room for a chip's registers that do so, in bytes. */
const REGISTER_BYTES = 256;

/** Zeros, which other threads see where there is a way to that. */
function shared(sizeBytes: number): Uint8Array {
  return typeof SharedArrayBuffer === 'undefined'
    ? new Uint8Array(sizeBytes)
    : new Uint8Array(new SharedArrayBuffer(sizeBytes));
}

/** What a board remembers as long as it has power. The whole RAM is made when somebody asks for it. */
export class BoardMemory {
  readonly range: MemoryRange;
  #top: Uint8Array = new Uint8Array(RETAINED_BYTES);
  #whole: Uint8Array | undefined;
  #registers: Uint8Array | undefined;

  constructor(range: MemoryRange) {
    this.range = range;
  }

  /** The last 64 bytes of RAM. */
  get top(): Uint8Array {
    return this.#top;
  }

  /** All of RAM, its first byte first. */
  get whole(): Uint8Array {
    if (this.#whole !== undefined) return this.#whole;
    const whole = shared(this.range.sizeBytes);
    const top = whole.subarray(whole.length - RETAINED_BYTES);
    top.set(this.#top);
    this.#top = top;
    this.#whole = whole;
    return whole;
  }

  /** Registers of the chip that no reset clears. */
  get registers(): Uint8Array {
    this.#registers ??= shared(REGISTER_BYTES);
    return this.#registers;
  }

  /**
   * The power was lost. Real RAM then holds anything; here it is zeros, in which nothing that still comes to its end in another
   * thread leaves anything.
   */
  lose(): void {
    this.#top = new Uint8Array(RETAINED_BYTES);
    this.#whole = undefined;
    this.#registers = undefined;
  }
}

/** The top of RAM, which survives reset and not a loss of power. */
export class RetainedRam {
  /** Address of its first byte. */
  readonly address: number;
  readonly sizeBytes: number = RETAINED_BYTES;
  readonly #memory: BoardMemory;

  constructor(memory: BoardMemory | MemoryRange) {
    this.#memory = memory instanceof BoardMemory ? memory : new BoardMemory(memory);
    const { baseAddress, sizeBytes } = this.#memory.range;
    this.address = baseAddress + sizeBytes - RETAINED_BYTES;
  }

  /** The little-endian word at that address. Throws `OUT_OF_RANGE` outside of the retained part. */
  readWord(address: number): number {
    return this.#view(address).getUint32(0, true);
  }

  writeWord(address: number, value: number): void {
    this.#view(address).setUint32(0, value, true);
  }

  #view(address: number): DataView {
    const at = address - this.address;
    if (!Number.isInteger(at) || at < 0 || at % 4 !== 0 || at + 4 > RETAINED_BYTES) {
      const range = `${hexNumber(this.address, 8)} and ${RETAINED_BYTES - 1} bytes on`;
      throw new DfuError('OUT_OF_RANGE', `${hexNumber(address, 8)} is no word of ${range}`);
    }
    const { top } = this.#memory;
    return new DataView(top.buffer, top.byteOffset + at, 4);
  }
}
