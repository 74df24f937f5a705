import type { FlashGeometry } from './geometry.ts';
import { checkRange, SectorMap } from './geometry.ts';
import { NorFlash } from './nor-flash.ts';
import type { FlashStorage } from './nor-flash.ts';

const PAGE_BYTES = 4096;

/**
 * Memory in pages that copies share until one of them writes: a copy costs a pointer a page, and a
 * page that was never written costs nothing.
 */
export class MemoryStorage implements FlashStorage {
  readonly sizeBytes: number;
  readonly #pages: Uint8Array[];
  /** 1 where the page is this memory's alone. */
  readonly #owned: Uint8Array;
  /** A page of `#blankValue` that everybody shares and nobody writes. */
  readonly #blank: Uint8Array;
  readonly #blankValue: number;

  /** `sizeBytes` bytes of `blankValue`, or what `source` holds. */
  constructor(sizeBytes: number, blankValue: number, source?: MemoryStorage) {
    const count = Math.ceil(sizeBytes / PAGE_BYTES);
    this.sizeBytes = sizeBytes;
    this.#blankValue = blankValue;
    this.#blank =
      source === undefined ? new Uint8Array(PAGE_BYTES).fill(blankValue) : source.#blank;
    this.#pages =
      source === undefined ? Array<Uint8Array>(count).fill(this.#blank) : source.#pages.slice();
    this.#owned = new Uint8Array(count);
  }

  /** An independent copy; the two share the pages that neither has written since. */
  copy(): MemoryStorage {
    this.#owned.fill(0);
    return new MemoryStorage(this.sizeBytes, this.#blankValue, this);
  }

  read(offsetBytes: number, target: Uint8Array, lengthBytes: number): void {
    let done = 0;
    while (done < lengthBytes) {
      const at = (offsetBytes + done) % PAGE_BYTES;
      const length = Math.min(PAGE_BYTES - at, lengthBytes - done);
      const page = this.#pages[Math.floor((offsetBytes + done) / PAGE_BYTES)] ?? this.#blank;
      target.set(page.subarray(at, at + length), done);
      done += length;
    }
  }

  write(offsetBytes: number, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const at = (offsetBytes + done) % PAGE_BYTES;
      const length = Math.min(PAGE_BYTES - at, bytes.length - done);
      const page = this.#own(Math.floor((offsetBytes + done) / PAGE_BYTES));
      page.set(length === bytes.length ? bytes : bytes.subarray(done, done + length), at);
      done += length;
    }
  }

  fill(offsetBytes: number, lengthBytes: number, value: number): void {
    let done = 0;
    while (done < lengthBytes) {
      const index = Math.floor((offsetBytes + done) / PAGE_BYTES);
      const at = (offsetBytes + done) % PAGE_BYTES;
      const length = Math.min(PAGE_BYTES - at, lengthBytes - done);
      if (length === PAGE_BYTES && value === this.#blankValue) {
        this.#pages[index] = this.#blank;
        this.#owned[index] = 0;
      } else {
        this.#own(index).fill(value, at, at + length);
      }
      done += length;
    }
  }

  #own(index: number): Uint8Array {
    const page = this.#pages[index] ?? this.#blank;
    if (this.#owned[index] === 1) return page;
    const copy = page.slice();
    this.#pages[index] = copy;
    this.#owned[index] = 1;
    return copy;
  }
}

/**
 * NOR flash in memory, erased to begin with. Sectors that were never written take no memory, and
 * `fork` costs next to nothing.
 */
export class MemoryFlash extends NorFlash {
  readonly #memory: MemoryStorage;

  /**
   * With `contents` from offset 0 as they come from a dump: they are not programmed, so no rule
   * looks at them; or over a storage that exists. Throws `INVALID_ARGUMENT` for an impossible
   * geometry, `OUT_OF_RANGE` if the contents are longer than the flash.
   */
  constructor(geometry: FlashGeometry, contents?: Uint8Array | MemoryStorage) {
    const memory =
      contents instanceof MemoryStorage
        ? contents
        : new MemoryStorage(new SectorMap(geometry).sizeBytes, geometry.erasedValue);
    super(geometry, memory);
    this.#memory = memory;
    if (contents instanceof Uint8Array) {
      checkRange('flash: contents', this.sizeBytes, [0, contents.length]);
      memory.write(0, contents);
    }
  }

  /**
   * An independent flash with the same contents and counters, powered, unwatched, no cut due.
   * The two share what neither has written since.
   */
  fork(): MemoryFlash {
    const fork = new MemoryFlash(this.geometry, this.#memory.copy());
    fork.continueFrom(this);
    return fork;
  }
}
