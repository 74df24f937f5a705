import type { ChipFlash } from '../../chip/index.ts';
import { sameBytes } from '../../bytes/index.ts';
import { doneByte, doneRange } from '../../flash/index.ts';
import type { PowerCutKind } from '../../flash/index.ts';

/** One operation of a chip on its flash, as it is remembered. */
export interface ChipOperation {
  readonly type: 'program' | 'erase';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** What was programmed; nothing for an erase. */
  readonly bytes: Uint8Array | undefined;
}

/** What a flash holds at one moment. Never changed; moments share what they have in common. */
export interface FlashMoment {
  /** Equal if and only if all bytes are. */
  readonly key: string;
  readonly groups: readonly Group[];
}

/** Contents of a part of flash. Those of one place that are equal are one. */
interface Block {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Blocks that follow one another; likewise. */
interface Group {
  readonly number: number;
  readonly blocks: readonly Block[];
}

const BLOCK_BYTES = 1024;
const GROUP_BLOCKS = 64;

/** FNV-1a, for finding equal blocks; whoever finds one compares. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at += 1) {
    sum = Math.imul(sum ^ (bytes[at] ?? 0), 0x01000193);
  }
  return sum >>> 0;
}

/**
 * Flash for a chip that is run many times, each time from another moment: it goes from one moment to another by copying
 * what differs, and knows for each whether it has been there. It has the rules of a chip's flash: programming is AND.
 */
export class ForkedFlash implements ChipFlash {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Called before each operation. What it throws ends the chip's run there. */
  watch: ((operation: ChipOperation) => void) | undefined = undefined;
  /** Called behind each operation, with the bytes that may have changed. */
  changed: ((offsetBytes: number, lengthBytes: number) => void) | undefined = undefined;
  readonly #erasedValue: number;
  readonly #dirty = new Set<number>();
  readonly #blocks = new Map<string, Block[]>();
  readonly #groups = new Map<string, Group>();
  #numbers = 0;
  /** What was loaded or told last: without the dirty blocks it is what is here. */
  #loaded: FlashMoment;

  constructor(contents: Uint8Array, erasedValue: number) {
    this.bytes = Uint8Array.from(contents);
    this.#erasedValue = erasedValue;
    const groups: Group[] = [];
    const count = Math.ceil(contents.length / BLOCK_BYTES);
    for (let from = 0; from < count; from += GROUP_BLOCKS) {
      const length = Math.min(GROUP_BLOCKS, count - from);
      groups.push(
        this.#groupOf(
          from,
          Array.from({ length }, (_, n) => this.#blockOf(from + n)),
        ),
      );
    }
    this.#loaded = momentOf(groups);
  }

  program(offsetBytes: number, bytes: Uint8Array): void {
    this.#demandWithin(offsetBytes, bytes.length);
    const own = bytes.slice();
    this.watch?.({ type: 'program', offsetBytes, lengthBytes: own.length, bytes: own });
    this.#and(offsetBytes, own);
    this.changed?.(offsetBytes, own.length);
  }

  erase(offsetBytes: number, lengthBytes: number): void {
    this.#demandWithin(offsetBytes, lengthBytes);
    this.watch?.({ type: 'erase', offsetBytes, lengthBytes, bytes: undefined });
    this.#fill(offsetBytes, lengthBytes);
    this.changed?.(offsetBytes, lengthBytes);
  }

  /** Does an operation again; nobody is told. */
  redo({ offsetBytes, lengthBytes, bytes }: ChipOperation): void {
    if (bytes === undefined) this.#fill(offsetBytes, lengthBytes);
    else this.#and(offsetBytes, bytes);
  }

  /** Does as much of an operation as gets done when the power goes in it: nothing, or one half. */
  tear({ offsetBytes, lengthBytes, bytes }: ChipOperation, kind: PowerCutKind): void {
    if (kind === 'clean') return;
    const { from, to } = doneRange(lengthBytes, kind);
    if (bytes === undefined) this.#fill(offsetBytes + from, to - from);
    else if (lengthBytes > 1) this.#and(offsetBytes + from, bytes.subarray(from, to));
    else {
      const was = this.bytes[offsetBytes] ?? 0;
      this.#and(offsetBytes, Uint8Array.of(doneByte(was, bytes[0] ?? 0, kind)));
    }
  }

  /** What it holds now; it may go on changing. */
  moment(): FlashMoment {
    if (this.#dirty.size === 0) return this.#loaded;
    const changed = new Map<number, Block[]>();
    for (const index of this.#dirty) {
      const at = Math.floor(index / GROUP_BLOCKS);
      const blocks = changed.get(at) ?? this.#loaded.groups[at]?.blocks.slice() ?? [];
      blocks[index % GROUP_BLOCKS] = this.#blockOf(index);
      changed.set(at, blocks);
    }
    const groups = this.#loaded.groups.slice();
    for (const [at, blocks] of changed) groups[at] = this.#groupOf(at * GROUP_BLOCKS, blocks);
    this.#dirty.clear();
    this.#loaded = momentOf(groups);
    return this.#loaded;
  }

  /** Goes to a moment. */
  load(moment: FlashMoment): void {
    for (const index of this.#dirty) {
      this.#put(
        index,
        moment.groups[Math.floor(index / GROUP_BLOCKS)]?.blocks[index % GROUP_BLOCKS],
      );
    }
    for (const [at, { blocks }] of moment.groups.entries()) {
      const here = this.#loaded.groups[at]?.blocks;
      if (here === blocks) continue;
      for (const [n, block] of blocks.entries()) {
        if (here?.[n] !== block) this.#put(at * GROUP_BLOCKS + n, block);
      }
    }
    this.#dirty.clear();
    this.#loaded = moment;
  }

  #put(index: number, block: Block | undefined): void {
    if (block !== undefined) this.bytes.set(block.bytes, index * BLOCK_BYTES);
  }

  /** What stands in a block now. */
  #blockOf(index: number): Block {
    const bytes = this.bytes.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);
    const name = `${index} ${sumOf(bytes)}`;
    const alike = this.#blocks.get(name) ?? [];
    const found = alike.find((each) => sameBytes(each.bytes, bytes));
    if (found !== undefined) return found;
    this.#numbers += 1;
    const block = { number: this.#numbers, bytes: bytes.slice() };
    this.#blocks.set(name, [...alike, block]);
    return block;
  }

  #groupOf(from: number, blocks: readonly Block[]): Group {
    const name = `${from}: ${blocks.map(({ number }) => number).join(' ')}`;
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    this.#numbers += 1;
    const group = { number: this.#numbers, blocks };
    this.#groups.set(name, group);
    return group;
  }

  #and(offsetBytes: number, bytes: Uint8Array): void {
    this.#touch(offsetBytes, bytes.length);
    for (let n = 0; n < bytes.length; n += 1) {
      const was = this.bytes[offsetBytes + n] ?? 0;
      const wanted = bytes[n] ?? 0;
      this.bytes[offsetBytes + n] = this.#erasedValue === 0 ? was | wanted : was & wanted;
    }
  }

  #fill(offsetBytes: number, lengthBytes: number): void {
    this.#touch(offsetBytes, lengthBytes);
    this.bytes.fill(this.#erasedValue, offsetBytes, offsetBytes + lengthBytes);
  }

  #touch(offsetBytes: number, lengthBytes: number): void {
    if (lengthBytes === 0) return;
    const last = Math.floor((offsetBytes + lengthBytes - 1) / BLOCK_BYTES);
    for (let at = Math.floor(offsetBytes / BLOCK_BYTES); at <= last; at += 1) this.#dirty.add(at);
  }

  #demandWithin(offsetBytes: number, lengthBytes: number): void {
    if (offsetBytes >= 0 && offsetBytes + lengthBytes <= this.bytes.length) return;
    throw new Error('a chip has written beyond its flash');
  }
}

function momentOf(groups: readonly Group[]): FlashMoment {
  return { key: groups.map(({ number }) => number).join(' '), groups };
}
