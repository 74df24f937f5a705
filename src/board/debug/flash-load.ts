import { DfuError } from '../../bytes/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';

/** Who erases and programs: a chip that is halted, or the flash of a board that no machine code has. */
export interface LoadFlash {
  eraseFlash(offsetBytes: number, lengthBytes: number): Promise<void> | void;
  programFlash(offsetBytes: number, bytes: Uint8Array): Promise<void> | void;
}

/** Most bytes that are programmed at a time: a page of serial flash. */
const PAGE_BYTES = 256;

/**
 * What a debugger's `load` has sent, kept until it says that it is done (GDB manual, `vFlashWrite`): programming goes by
 * write units, its pieces end anywhere.
 */
export class FlashLoad {
  readonly #sizeBytes: number;
  readonly #unit: number;
  readonly #pageBytes: number;
  readonly #erased: number;
  /** By the offset where they begin; none that nothing was sent of. */
  readonly #pages = new Map<number, Uint8Array>();

  constructor({ writeUnitBytes, erasedValue }: FlashGeometry, sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#unit = writeUnitBytes;
    this.#pageBytes = Math.max(PAGE_BYTES, writeUnitBytes);
    this.#erased = erasedValue;
  }

  /** Throws `OUT_OF_RANGE` outside of the flash. */
  add(offsetBytes: number, bytes: Uint8Array): void {
    if (offsetBytes < 0 || offsetBytes + bytes.length > this.#sizeBytes) {
      const expected = `expected at most ${this.#sizeBytes} bytes of flash`;
      throw new DfuError('OUT_OF_RANGE', `load: ${expected}, got bytes outside of it`);
    }
    for (let done = 0; done < bytes.length;) {
      const at = offsetBytes + done;
      const start = at - (at % this.#pageBytes);
      const part = bytes.subarray(done, done + start + this.#pageBytes - at);
      this.#page(start).set(part, at - start);
      done += part.length;
    }
  }

  /** Programs all of it, page by page. Throws what `flash` throws; nothing is kept then. */
  async program(flash: LoadFlash): Promise<void> {
    const pages = [...this.#pages].toSorted(([one], [other]) => one - other);
    this.#pages.clear();
    for (const [start, page] of pages) await this.#programPage(flash, start, page);
  }

  #page(start: number): Uint8Array {
    const there = this.#pages.get(start);
    if (there !== undefined) return there;
    const made = new Uint8Array(this.#pageBytes).fill(this.#erased);
    this.#pages.set(start, made);
    return made;
  }

  /** Without what is erased at its ends. */
  async #programPage(flash: LoadFlash, start: number, page: Uint8Array): Promise<void> {
    const isData = (byte: number): boolean => byte !== this.#erased;
    const first = page.findIndex(isData);
    if (first === -1) return;
    const from = first - (first % this.#unit);
    const to = Math.ceil((page.findLastIndex(isData) + 1) / this.#unit) * this.#unit;
    await flash.programFlash(start + from, page.slice(from, to));
  }
}
