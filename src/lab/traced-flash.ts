import { DfuError } from '../bytes/index.ts';
import type { Flash, FlashGeometry, SectorMap } from '../flash/index.ts';
import { MemoryFlash, MemoryStorage } from '../flash/index.ts';

/** What a flash holds at one moment. Never changed: whoever goes on works on a copy. */
export interface FlashState {
  readonly storage: MemoryStorage;
  /** Two sums for each sector, over its words. */
  readonly sums: Uint32Array;
  /** Sums over all of it. */
  readonly low: number;
  readonly high: number;
}

/** The sum over all of a state. Equal contents have equal sums; whoever finds equal sums compares. */
export function stateKey({ low, high }: Pick<FlashState, 'low' | 'high'>): string {
  return `${low >>> 0}.${high >>> 0}`;
}

/**
 * Which sectors a boot used, when. Moments are counted in operations: what happens before the first
 * one, and the first one itself, has moment 0.
 */
export interface Footprint {
  /** By sector, in order: uses (reading, programming) that follow each other, and erases. */
  readonly accesses: ReadonlyMap<number, readonly Access[]>;
  /** By sector: the last moment at which it was changed. */
  readonly lastChange: ReadonlyMap<number, number>;
}

/** Uses of a sector up to a moment, or its erase at one. */
interface Access {
  readonly type: 'use' | 'erase';
  last: number;
}

/** A part of a boot: what it did from some moment on. */
export interface FootprintPart {
  readonly footprint: Footprint;
  readonly from: number;
}

/**
 * What a boot made of parts depended on, and what it changed: a sector counts as needed if it was used
 * before it was erased. Nothing else that was in flash had any influence.
 */
export function dependencies(parts: readonly FootprintPart[]): {
  readonly needed: readonly number[];
  readonly changed: ReadonlySet<number>;
} {
  const first = new Map<number, Access['type']>();
  const changed = new Set<number>();
  for (const { footprint, from } of parts) {
    for (const [sector, accesses] of footprint.accesses) {
      const access = accesses.find(({ last }) => last >= from);
      if (access !== undefined && !first.has(sector)) first.set(sector, access.type);
    }
    for (const [sector, last] of footprint.lastChange) if (last >= from) changed.add(sector);
  }
  const needed = [...first].filter(([, type]) => type === 'use').map(([sector]) => sector);
  return { needed, changed };
}

const WORD_BYTES = 4;

/** Only ever used within one call. */
const chunk: Uint8Array<ArrayBuffer> = new Uint8Array(1024 * WORD_BYTES);
const chunkWords: Uint32Array = new Uint32Array(chunk.buffer);

/** One word's part in the first sum (the finalizer of MurmurHash3 over place and word). */
function mixLow(index: number, word: number): number {
  let h = Math.imul(word ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The same with other numbers, for the second sum. */
function mixHigh(index: number, word: number): number {
  let h = Math.imul(index ^ Math.imul(word ^ 0x5bd1e995, 0x27d4eb2f), 0x165667b1);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 12);
}

/**
 * Flash that always knows a sum over its contents, kept up to date word by word, and which sectors the
 * work on it depended on. Erased words add nothing.
 */
export class TracedFlash implements Flash {
  readonly geometry: FlashGeometry;
  readonly sectors: SectorMap;
  readonly sizeBytes: number;
  readonly #storage: MemoryStorage;
  /** What it holds, until that changes; never changed itself. */
  #copy: MemoryStorage | undefined;
  readonly #flash: MemoryFlash;
  readonly #sums: Uint32Array;
  #low: number;
  #high: number;
  readonly #accesses = new Map<number, Access[]>();
  readonly #lastChange = new Map<number, number>();
  #operations = 0;
  readonly #erasedWord: number;

  constructor(geometry: FlashGeometry, state: FlashState) {
    this.geometry = geometry;
    this.#storage = state.storage.copy();
    this.#flash = new MemoryFlash(geometry, this.#storage);
    this.sectors = this.#flash.sectors;
    this.sizeBytes = this.#flash.sizeBytes;
    this.#sums = state.sums.slice();
    this.#low = state.low;
    this.#high = state.high;
    this.#erasedWord = geometry.erasedValue === 0 ? 0 : 0xffffffff;
  }

  /** The state of a flash with these contents, byte 0 first. */
  static stateOf(geometry: FlashGeometry, contents: Uint8Array): FlashState {
    if (geometry.sectors.some(({ sizeBytes }) => sizeBytes % WORD_BYTES !== 0)) {
      throw new DfuError('UNSUPPORTED', 'flash: expected sectors of whole 4-byte words');
    }
    const storage = new MemoryStorage(contents.length, geometry.erasedValue);
    storage.write(0, contents);
    const { count } = new MemoryFlash(geometry).sectors;
    const blank = { storage, sums: new Uint32Array(2 * count), low: 0, high: 0 };
    const flash = new TracedFlash(geometry, blank);
    flash.#count(0, contents.length, 1);
    return flash.state();
  }

  get busyUs(): number {
    return 0;
  }

  /** A copy of what it holds now. */
  contents(): MemoryStorage {
    this.#copy ??= this.#storage.copy();
    return this.#copy;
  }

  /** Whether it holds these bytes now. */
  holds(contents: MemoryStorage): boolean {
    return this.#storage.holdsSame(contents);
  }

  /** The sum over what it holds now. */
  get key(): string {
    return stateKey({ low: this.#low, high: this.#high });
  }

  /** What it holds now; it may go on changing. */
  state(): FlashState {
    return { storage: this.contents(), sums: this.#sums.slice(), low: this.#low, high: this.#high };
  }

  /** What the work on it used and changed, so far. */
  footprint(): Footprint {
    return { accesses: this.#accesses, lastChange: this.#lastChange };
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#flash.read(offsetBytes, lengthBytes);
    this.#need(offsetBytes, lengthBytes);
    return bytes;
  }

  readInto(offsetBytes: number, target: Uint8Array): void {
    this.#flash.readInto(offsetBytes, target);
    this.#need(offsetBytes, target.length);
  }

  program(offsetBytes: number, bytes: Uint8Array): void {
    // what can be programmed depends on what is there
    this.#need(offsetBytes, bytes.length);
    this.#change(offsetBytes, bytes.length, () => this.#flash.program(offsetBytes, bytes));
    this.#operations += 1;
  }

  erase(offsetBytes: number, lengthBytes: number): void {
    this.#copy = undefined;
    this.#flash.erase(offsetBytes, lengthBytes);
    for (const { index } of this.sectors.in(offsetBytes, lengthBytes)) {
      const accesses = this.#accessesOf(index);
      accesses.push({ type: 'erase', last: this.#operations });
      this.#lastChange.set(index, this.#operations);
      this.#low = (this.#low - (this.#sums[2 * index] ?? 0)) | 0;
      this.#high = (this.#high - (this.#sums[2 * index + 1] ?? 0)) | 0;
      this.#sums.fill(0, 2 * index, 2 * index + 2);
    }
    this.#operations += 1;
  }

  /** Puts bytes there as no flash access could: what a torn operation leaves behind. */
  patch(offsetBytes: number, bytes: Uint8Array): void {
    this.#change(offsetBytes, bytes.length, () => this.#storage.write(offsetBytes, bytes));
  }

  /** Takes over whole sectors of another state. */
  adopt(from: FlashState, sectors: readonly number[]): void {
    this.#copy = undefined;
    for (const index of sectors) {
      const { offsetBytes, sizeBytes } = this.sectors.get(index);
      this.#storage.take(from.storage, offsetBytes, sizeBytes);
      for (const [lane, sum] of [from.sums[2 * index], from.sums[2 * index + 1]].entries()) {
        const change = (sum ?? 0) - (this.#sums[2 * index + lane] ?? 0);
        if (lane === 0) this.#low = (this.#low + change) | 0;
        else this.#high = (this.#high + change) | 0;
        this.#sums[2 * index + lane] = sum ?? 0;
      }
    }
  }

  #need(offsetBytes: number, lengthBytes: number): void {
    for (const { index } of this.sectors.in(offsetBytes, lengthBytes)) {
      const accesses = this.#accessesOf(index);
      const last = accesses.at(-1);
      if (last?.type === 'use') last.last = this.#operations;
      else accesses.push({ type: 'use', last: this.#operations });
    }
  }

  #accessesOf(sector: number): Access[] {
    const known = this.#accesses.get(sector);
    if (known !== undefined) return known;
    const fresh: Access[] = [];
    this.#accesses.set(sector, fresh);
    return fresh;
  }

  #change(offsetBytes: number, lengthBytes: number, work: () => void): void {
    this.#copy = undefined;
    this.#count(offsetBytes, lengthBytes, -1);
    try {
      work();
    } finally {
      this.#count(offsetBytes, lengthBytes, 1);
    }
    for (const { index } of this.sectors.in(offsetBytes, lengthBytes)) {
      this.#lastChange.set(index, this.#operations);
    }
  }

  /** Adds the words that these bytes touch to the sums, or takes them away. */
  #count(offsetBytes: number, lengthBytes: number, sign: 1 | -1): void {
    const from = offsetBytes - (offsetBytes % WORD_BYTES);
    const end = Math.ceil((offsetBytes + lengthBytes) / WORD_BYTES) * WORD_BYTES;
    for (const sector of this.sectors.in(from, end - from)) {
      const start = Math.max(from, sector.offsetBytes);
      const stop = Math.min(end, sector.offsetBytes + sector.sizeBytes);
      this.#countIn(sector.index, [start, stop], sign);
    }
  }

  #countIn(sector: number, [start, stop]: readonly [number, number], sign: 1 | -1): void {
    let low = 0;
    let high = 0;
    for (let from = start; from < stop; from += chunk.length) {
      const length = Math.min(chunk.length, stop - from);
      this.#storage.read(from, chunk, length);
      for (let n = 0; n < length / WORD_BYTES; n += 1) {
        const word = chunkWords[n] ?? 0;
        if (word === this.#erasedWord) continue;
        const index = from / WORD_BYTES + n;
        low = (low + mixLow(index, word)) | 0;
        high = (high + mixHigh(index, word)) | 0;
      }
    }
    this.#low = (this.#low + sign * low) | 0;
    this.#high = (this.#high + sign * high) | 0;
    this.#sums[2 * sector] = (this.#sums[2 * sector] ?? 0) + sign * low;
    this.#sums[2 * sector + 1] = (this.#sums[2 * sector + 1] ?? 0) + sign * high;
  }
}
