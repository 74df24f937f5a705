import { DfuError } from '../../bytes/index.ts';
import { ElfReader, SECTION_HEADER_BYTES } from './elf.ts';

/** System V ABI, "Symbol Table"; ELF for the ARM architecture, §4.5. */
const SYMBOL_BYTES = 16;
const SHT_SYMTAB = 2;
const SHF_EXECINSTR = 4;
const STT_NOTYPE = 0;
const STT_FUNC = 2;
/** Section numbers from here on are no sections. */
const SHN_LORESERVE = 0xff00;

/** Most symbols of a file, and most characters of a name that are shown. */
const MOST_SYMBOLS = 2 ** 19;
const MOST_NAME = 200;

/** A function, or a label in code. */
interface CodeSymbol {
  readonly address: number;
  /** The first address behind it. */
  readonly end: number;
  readonly isFunction: boolean;
  readonly nameAt: number;
}

/** A section, as its header says. */
interface Section {
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly link: number;
}

/** The functions of a program. */
export interface ElfSymbols {
  /** How many there are. */
  readonly count: number;
  /**
   * The function at an address and how far into it that is, `main+0x1c`, `main` at its beginning; undefined where there is
   * none. Bit 0 (Thumb) is no part of an address.
   */
  nameOf(address: number): string | undefined;
}

function sectionsOf(elf: ElfReader): readonly Section[] {
  const [offset, entryBytes, count] = [elf.word(32), elf.half(46), elf.half(48)];
  if (offset === 0 || entryBytes < SECTION_HEADER_BYTES) return [];
  return [...elf.table(offset, entryBytes, count)].map((at) => ({
    type: elf.word(at + 4),
    flags: elf.word(at + 8),
    address: elf.word(at + 12),
    offset: elf.word(at + 16),
    sizeBytes: elf.word(at + 20),
    link: elf.word(at + 24),
  }));
}

function codeSymbols(elf: ElfReader, sections: readonly Section[], table: Section): CodeSymbol[] {
  const count = Math.floor(table.sizeBytes / SYMBOL_BYTES);
  if (count > MOST_SYMBOLS) {
    const words = `expected at most ${MOST_SYMBOLS} symbols, got ${count}`;
    throw new DfuError('MALFORMED', `ELF: ${words}`);
  }
  const found: CodeSymbol[] = [];
  for (const at of elf.table(table.offset, SYMBOL_BYTES, count)) {
    const [nameAt, value, sizeBytes] = [elf.word(at), elf.word(at + 4), elf.word(at + 8)];
    const type = elf.byte(at + 12) & 0xf;
    const index = elf.half(at + 14);
    const section = index < SHN_LORESERVE ? sections[index] : undefined;
    if (section === undefined || (section.flags & SHF_EXECINSTR) === 0) continue;
    if (type !== STT_FUNC && type !== STT_NOTYPE) continue;
    const address = value - (value % 2);
    const end = sizeBytes > 0 ? address + sizeBytes : section.address + section.sizeBytes;
    found.push({ address, end, isFunction: type === STT_FUNC, nameAt });
  }
  return found;
}

/** A name of a file that anybody may have made, for a terminal: nothing in it but what can be seen. */
function nameIn(elf: ElfReader, { offset, sizeBytes }: Section, at: number): string {
  const end = Math.min(offset + sizeBytes, elf.file.length, offset + at + MOST_NAME);
  let name = '';
  for (let place = offset + at; place < end; place += 1) {
    const byte = elf.file[place] ?? 0;
    if (byte === 0) break;
    name += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  }
  return name;
}

/**
 * Reads the functions of an ELF program of 32 bits out of its symbol table. A file without one has none. Throws `TRUNCATED`,
 * `MALFORMED`, or `UNSUPPORTED` for a program of 64 bits.
 */
export function readElfSymbols(file: Uint8Array): ElfSymbols {
  const elf = new ElfReader(file);
  const sections = sectionsOf(elf);
  const table = sections.find(({ type }) => type === SHT_SYMTAB);
  const names = table && sections[table.link];
  if (table === undefined || names === undefined) return { count: 0, nameOf: () => undefined };
  const symbols = codeSymbols(elf, sections, table)
    // `$t` and `$d` tell code from data, and are nobody's names.
    .filter(({ nameAt }) => !/^(?:\$.*)?$/.test(nameIn(elf, names, nameAt)))
    // Of several at one address the function is the last, and is found.
    .toSorted(
      (one, other) =>
        one.address - other.address || Number(one.isFunction) - Number(other.isFunction),
    );
  return {
    count: symbols.length,
    nameOf(address) {
      const code = address - (address % 2);
      const symbol = symbols[symbols.findLastIndex((each) => each.address <= code)];
      if (symbol === undefined || code >= symbol.end) return undefined;
      const into = code - symbol.address;
      const name = nameIn(elf, names, symbol.nameAt);
      return into === 0 ? name : `${name}+0x${into.toString(16)}`;
    },
  };
}
