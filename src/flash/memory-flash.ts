import { sameBytes } from '../bytes/index.ts';
import type { FlashGeometry } from './geometry.ts';
import { checkRange, SectorMap } from './geometry.ts';
import { NorFlash } from './nor-flash.ts';
import type { FlashStorage } from './nor-flash.ts';

const PAGE_BYTES = 4096;

/** Pages that nobody writes any more, and equal ones that were met before them. */
const twins = new WeakMap<Uint8Array, Uint8Array>();

/** The first known of the pages that are equal to this one. */
function firstOf(page: Uint8Array): Uint8Array {
  let first = page;
  for (let twin = twins.get(first); twin !== undefined; twin = twins.get(first)) first = twin;
  if (first !== page) twins.set(page, first);
  return first;
}

/**
 * Memory in pages that copies share until one of them writes: a copy costs a pointer a page, and a
 * page that was never written costs nothing.
 */
export class MemoryStorage implements FlashStorage {
  readonly sizeBytes: number;
  readonly #pages: Uint8Array[];
  /** 1 where the page is this memory's alone; none is until one is written. */
  #owned: Uint8Array | undefined = undefined;
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
  }

  /** An independent copy; the two share the pages that neither has written since. */
  copy(): MemoryStorage {
    this.#owned = undefined;
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
      const page = this.#own(Math.floor((offsetBytes + done) / PAGE_BYTES), length < PAGE_BYTES);
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
        this.#release(index);
      } else {
        this.#own(index).fill(value, at, at + length);
      }
      done += length;
    }
  }

  /** Takes over what another memory of this size holds there; whole pages are shared from then on. */
  take(other: MemoryStorage, offsetBytes: number, lengthBytes: number): void {
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end;) {
      const index = Math.floor(at / PAGE_BYTES);
      const start = index * PAGE_BYTES;
      const stop = Math.min(start + PAGE_BYTES, end);
      const page = other.#pages[index] ?? other.#blank;
      if (stop - at === PAGE_BYTES) this.#share(other, index);
      else this.write(at, page.subarray(at - start, stop - start));
      at = stop;
    }
  }

  #share(other: MemoryStorage, index: number): void {
    this.#pages[index] = other.#pages[index] ?? other.#blank;
    this.#release(index);
    other.#release(index);
  }

  /**
   * Whether another memory of this size holds the same bytes there. What was found equal is remembered, so
   * that copies and their copies are compared byte by byte but once.
   */
  holdsSame(other: MemoryStorage, offsetBytes = 0, lengthBytes: number = this.sizeBytes): boolean {
    if (this === other) return true;
    const own = this.#pages;
    const others = other.#pages;
    const end = offsetBytes + lengthBytes;
    const last = Math.ceil(end / PAGE_BYTES);
    for (let index = Math.floor(offsetBytes / PAGE_BYTES); index < last; index += 1) {
      if (own[index] === others[index]) continue;
      const start = index * PAGE_BYTES;
      const from = Math.max(offsetBytes - start, 0);
      const to = Math.min(end - start, PAGE_BYTES);
      if (!this.#samePage(other, index, [from, to])) return false;
    }
    return true;
  }

  #samePage(other: MemoryStorage, index: number, [from, to]: readonly [number, number]): boolean {
    const own = this.#pages[index] ?? this.#blank;
    const others = other.#pages[index] ?? other.#blank;
    const first = firstOf(others);
    const known = firstOf(own) === first;
    if (!known && !sameBytes(own.subarray(from, to), others.subarray(from, to))) return false;
    const written = this.#owned?.[index] === 1 || other.#owned?.[index] === 1;
    if (to - from < PAGE_BYTES || written) return true;
    if (!known) twins.set(firstOf(own), first);
    this.#pages[index] = first;
    other.#pages[index] = first;
    return true;
  }

  #release(index: number): void {
    if (this.#owned !== undefined) this.#owned[index] = 0;
  }

  /** A page to be written; what was in it is kept unless all of it is. */
  #own(index: number, keeps = true): Uint8Array {
    const page = this.#pages[index] ?? this.#blank;
    if (this.#owned?.[index] === 1) return page;
    const copy = keeps ? page.slice() : new Uint8Array(PAGE_BYTES);
    this.#pages[index] = copy;
    this.#owned ??= new Uint8Array(this.#pages.length);
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
