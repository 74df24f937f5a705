import { DfuError, hexNumber, viewOf } from '../../bytes/index.ts';
import { SegmentCollector } from './segments.ts';
import type { Segment } from './segment.ts';

/** System V ABI, "ELF Header": sizes of a header, a program header and a section header of 32 bits. */
const HEADER_BYTES = 52;
const PROGRAM_HEADER_BYTES = 32;
export const SECTION_HEADER_BYTES = 40;

const PT_LOAD = 1;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;

/** Most bytes in all segments: many headers may name the same bytes of a small file. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Most segments to load: a program has a few, and each is held against all sections. */
const MOST_LOADS = 256;

/** Bytes of the file from `from` to `to`, exclusive. */
interface Extent {
  readonly from: number;
  readonly to: number;
}

/** A program header that has something to load. */
interface Load extends Extent {
  readonly address: number;
}

/** An ELF file of 32 bits whose header is whole. */
export class ElfReader {
  readonly file: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(file: Uint8Array) {
    this.file = file;
    this.#view = viewOf(file);
    if (file.length < HEADER_BYTES) {
      const words = `expected a header of ${HEADER_BYTES} bytes, got ${file.length}`;
      throw new DfuError('TRUNCATED', `ELF: ${words}`);
    }
    const [width, order] = file.subarray(4, 6);
    if (width === 2) {
      const words = 'expected a program of 32 bits, got one of 64';
      throw new DfuError('UNSUPPORTED', `ELF: ${words}`);
    }
    if (width !== 1 || (order !== 1 && order !== 2)) {
      const words = `expected class 1 and byte order 1 or 2, got ${width} and ${order}`;
      throw new DfuError('MALFORMED', `ELF: ${words}`);
    }
    this.#little = order === 1;
  }

  byte(at: number): number {
    return this.#view.getUint8(at);
  }

  half(at: number): number {
    return this.#view.getUint16(at, this.#little);
  }

  word(at: number): number {
    return this.#view.getUint32(at, this.#little);
  }

  /** Where the entries of a table begin; none if it is not all in the file. */
  *table(offset: number, entryBytes: number, count: number): Generator<number> {
    if (offset + entryBytes * count > this.file.length) return;
    for (let n = 0; n < count; n += 1) yield offset + n * entryBytes;
  }
}

function loadsOf(elf: ElfReader): Load[] {
  const [offset, entryBytes, count] = [elf.word(28), elf.half(42), elf.half(44)];
  const end = offset + entryBytes * count;
  if (count > 0 && (entryBytes < PROGRAM_HEADER_BYTES || end > elf.file.length)) {
    const words = `${count} program headers of ${entryBytes} bytes at ${hexNumber(offset)}`;
    const size = `${elf.file.length} bytes of file`;
    throw new DfuError('TRUNCATED', `ELF: expected ${words}, got ${size}`);
  }
  const loads: Load[] = [];
  let total = 0;
  for (const at of elf.table(offset, entryBytes, count)) {
    const [from, address, sizeBytes] = [elf.word(at + 4), elf.word(at + 12), elf.word(at + 16)];
    if (elf.word(at) !== PT_LOAD || sizeBytes === 0) continue;
    const to = from + sizeBytes;
    if (to > elf.file.length) {
      const words = `expected a segment up to offset ${to}, got ${elf.file.length} bytes of file`;
      throw new DfuError('TRUNCATED', `ELF program header at ${hexNumber(at)}: ${words}`);
    }
    total += sizeBytes;
    if (total > MOST_BYTES || loads.length === MOST_LOADS) {
      const words = `expected at most ${MOST_BYTES} bytes in ${MOST_LOADS} segments, got more`;
      throw new DfuError('MALFORMED', `ELF program header at ${hexNumber(at)}: ${words}`);
    }
    loads.push({ from, to, address });
  }
  return loads;
}

/** What the sections take of the file that have bytes in memory, by offset; undefined without sections. */
function sectionsOf(elf: ElfReader): Extent[] | undefined {
  const [offset, entryBytes, count] = [elf.word(32), elf.half(46), elf.half(48)];
  if (offset === 0 || entryBytes < SECTION_HEADER_BYTES) return undefined;
  const extents: Extent[] = [];
  for (const at of elf.table(offset, entryBytes, count)) {
    const allocated = (elf.word(at + 8) & SHF_ALLOC) !== 0 && elf.word(at + 4) !== SHT_NOBITS;
    const [from, sizeBytes] = [elf.word(at + 16), elf.word(at + 20)];
    if (allocated && sizeBytes > 0) extents.push({ from, to: from + sizeBytes });
  }
  if (extents.length === 0) return undefined;
  return extents.toSorted((one, other) => one.from - other.from);
}

/** The parts of a segment that sections fill: linkers put headers and filler between and before them. */
function filled({ from, to }: Load, sections: readonly Extent[]): Extent[] {
  const parts: Extent[] = [];
  let done = from;
  for (const section of sections) {
    const part = { from: Math.max(section.from, done), to: Math.min(section.to, to) };
    if (part.to <= part.from) continue;
    parts.push(part);
    done = part.to;
  }
  return parts;
}

/**
 * What an ELF program of 32 bits has for memory, at the physical addresses of its program headers, as
 * objcopy's Intel HEX has it. Sections are asked, if there are any, only which bytes of a segment are
 * the program's. Throws `TRUNCATED`, `MALFORMED`, or `UNSUPPORTED` for a program of 64 bits.
 */
export function readElf(file: Uint8Array): Segment[] {
  const elf = new ElfReader(file);
  const loads = loadsOf(elf);
  const sections = sectionsOf(elf);
  const headerEnd = Math.max(HEADER_BYTES, elf.word(28) + elf.half(42) * elf.half(44));
  const collector = new SegmentCollector({ format: 'ELF', place: 'segment' }, 0);
  for (const [n, load] of loads.entries()) {
    const behindHeader = { from: load.from === 0 ? headerEnd : load.from, to: load.to };
    for (const part of sections === undefined ? [behindHeader] : filled(load, sections)) {
      const address = load.address + part.from - load.from;
      collector.add(address, file.subarray(part.from, part.to), n);
    }
  }
  const segments = collector.segments();
  if (segments.length > 0) return segments;
  throw new DfuError('MALFORMED', 'ELF: expected a program with bytes to load, got none');
}
