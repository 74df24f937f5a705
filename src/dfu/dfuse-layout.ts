import { DfuError, hexNumber } from '../bytes/index.ts';

/** Equal sectors in a row, and what may be done to them (ST UM0424 §4.3.2). */
export interface MemorySectorRun {
  readonly count: number;
  /** Bytes of one of them. */
  readonly sizeBytes: number;
  /** Bit 0 of the letter: it can be uploaded. */
  readonly readable: boolean;
  /** Bit 1: it can be erased. */
  readonly erasable: boolean;
  /** Bit 2: it can be downloaded to. */
  readonly writable: boolean;
}

/** A region: runs of sectors, one behind the other without gaps. */
export interface MemoryRegion {
  /** Address of its first byte. */
  readonly address: number;
  readonly runs: readonly MemorySectorRun[];
}

/** A memory as a DfuSe device describes it, in the name of an alternate setting. */
export interface MemoryLayout {
  /** What stands between `@` and the first `/`, blanks at its ends included. */
  readonly name: string;
  readonly regions: readonly MemoryRegion[];
  /** What stands behind all that could be read; absent where there is nothing. */
  readonly unread?: string | undefined;
}

/** One sector, and where it is. */
export interface MemorySector extends Omit<MemorySectorRun, 'count'> {
  readonly address: number;
}

/** One past the last address: addresses have 32 bits. */
const ADDRESS_END = 0x1_0000_0000;

const MULTIPLIERS: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 * 1024 };

/**
 * `016*0002Kg`: count, size, multiplier, type. Bytes have B, a blank or nothing for a multiplier
 * (`01*016 e`, `01*16e`). Blanks of any kind may stand anywhere.
 */
const RUN = /^\s*(\d{1,9})\s*\*\s*(\d{1,9})\s*([BKM])?\s*([a-g])?\s*(?=[,/]|$)/i;
const ADDRESS = /^\/\s*0x([0-9a-f]{1,8})\s*\//i;

/** What may stand at the end and says nothing: GD32 ends its list with a comma. */
const NOTHING_MORE = /^[\s,]*$/;

/** STM32F4: whatever letter stands there (as dfu-util has it). */
const DEVICE_FEATURE = { name: 'Device Feature', type: 'e' };

function wrong(at: number, expected: string, got: string): DfuError {
  const message = `memory layout, character ${at}: expected ${expected}, got "${got}"`;
  return new DfuError('MALFORMED', message);
}

/**
 * Reads `@Name/0xADDRESS/COUNT*SIZE[multiplier]type,…[/0xADDRESS/…]` as far as it goes: what stands behind
 * the last sectors that make sense is `unread`, and memory in it counts as none. Multipliers are B or a
 * blank for bytes, K, M; types `a` to `g` are bit 0 read, bit 1 erase, bit 2 write. Sectors without a count
 * are none. Throws `MALFORMED` with the place where nothing at all can be read, `OUT_OF_RANGE` if the
 * first region is beyond 32 bits of address.
 */
export function parseMemoryLayout(string: string): MemoryLayout {
  // A NUL ends a string, whoever read it.
  const [text = ''] = string.split('\0', 1);
  if (!text.startsWith('@')) throw wrong(0, 'a "@"', text.slice(0, 1));
  const [head = ''] = text.split('/', 1);
  const reader = new LayoutReader(text, head.length);
  let problem: DfuError | undefined;
  try {
    reader.regionsToTheEnd();
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    problem = error;
  }
  const regions = reader.regions.filter(({ runs }) => runs.length > 0);
  if (regions.length === 0) {
    throw problem ?? wrong(text.length, 'at least one sector', text.slice(-1));
  }
  const layout = { name: head.slice(1), regions };
  const rest = text.slice(reader.at);
  return NOTHING_MORE.test(rest) ? layout : { ...layout, unread: rest };
}

interface ReadRegion extends MemoryRegion {
  readonly runs: MemorySectorRun[];
}

/** Goes from left to right, and stands behind the last that it understood. */
class LayoutReader {
  readonly regions: ReadRegion[] = [];
  at: number;
  readonly #text: string;
  readonly #type: string | undefined;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
    const name = text.slice(1, at).trim();
    this.#type = name === DEVICE_FEATURE.name ? DEVICE_FEATURE.type : undefined;
  }

  regionsToTheEnd(): void {
    do this.#region();
    while (this.at < this.#text.length);
  }

  #region(): void {
    const { at } = this;
    const rest = this.#text.slice(at);
    const [whole, digits] = ADDRESS.exec(rest) ?? [];
    if (whole === undefined || digits === undefined) {
      const [, got = ''] = rest.split('/', 2);
      throw wrong(at, 'an address, e.g. /0x08000000/', got === '' ? rest.slice(0, 20) : got);
    }
    const address = Number.parseInt(digits, 16);
    const region: ReadRegion = { address, runs: [] };
    this.regions.push(region);
    let end = address;
    let from = at + whole.length;
    for (;;) {
      const [run, length] = this.#run(from);
      end += run.count * run.sizeBytes;
      if (end > ADDRESS_END) {
        const where = `memory layout, character ${from}: the region at ${hexNumber(address, 8)}`;
        throw new DfuError('OUT_OF_RANGE', `${where} goes beyond 32 bits of address`);
      }
      if (run.count > 0) region.runs.push(run);
      this.at = from + length;
      if (this.#text[this.at] !== ',') return;
      from = this.at + 1;
    }
  }

  #run(at: number): readonly [MemorySectorRun, lengthChars: number] {
    const rest = this.#text.slice(at);
    const match = RUN.exec(rest);
    const [whole = '', countText, sizeText, multiplier = 'B', letter] = match ?? [];
    const count = Number(countText);
    const sizeBytes = Number(sizeText) * (MULTIPLIERS[multiplier.toUpperCase()] ?? 1);
    const type = this.#type ?? letter?.toLowerCase();
    if (match === null || type === undefined || (sizeBytes === 0 && count > 0)) {
      const [got = ''] = rest.split(/[,/]/, 1);
      throw wrong(at, 'sectors, e.g. 064*0002Kg', got);
    }
    return [{ count, sizeBytes, ...permissions(type) }, whole.length];
  }
}

function permissions(type: string): Pick<MemorySectorRun, 'readable' | 'erasable' | 'writable'> {
  const bits = type.charCodeAt(0);
  return {
    readable: (bits & 1) !== 0,
    erasable: (bits & 2) !== 0,
    writable: (bits & 4) !== 0,
  };
}

/** How numbers are written: ST's ROMs pad them with zeros, and mark bytes with a blank. */
export interface LayoutStyle {
  /** Least digits of a count; ST: 2 or 3. Default 1. */
  readonly countDigits?: number | undefined;
  /** Least digits of a size; ST: 3 or 4. Default 1. */
  readonly sizeDigits?: number | undefined;
  /** The multiplier of sizes in bytes. Default `B`. */
  readonly bytes?: 'B' | ' ' | undefined;
}

/**
 * The string of a layout, as an alternate setting's name. Throws `OUT_OF_RANGE` for what the format
 * cannot say: no permission at all, more than six digits, a name with a slash, an address beyond 32 bits.
 */
export function formatMemoryLayout(layout: MemoryLayout, style: LayoutStyle = {}): string {
  const { name, regions } = layout;
  if (name.includes('/')) {
    throw new DfuError('OUT_OF_RANGE', `memory layout: expected a name without "/", got "${name}"`);
  }
  const texts = regions.map(({ address, runs }) => {
    const where = hexNumber(address, 8).replace('0x', '').toUpperCase();
    return `/0x${where}/${runs.map((run) => formatRun(run, style)).join(',')}`;
  });
  const text = `@${name}${texts.join('')}`;
  const { unread } = parseMemoryLayout(text);
  // Whatever cannot be read again is not written.
  if (unread !== undefined) {
    throw new DfuError('OUT_OF_RANGE', `memory layout: "${unread}" could not be read again`);
  }
  return text;
}

function formatRun(
  run: MemorySectorRun,
  { countDigits = 1, sizeDigits = 1, bytes }: LayoutStyle,
): string {
  const { count, sizeBytes } = run;
  const [multiplier, unit] =
    sizeBytes % MEBI === 0 ? ['M', MEBI] : sizeBytes % KIBI === 0 ? ['K', KIBI] : [bytes ?? 'B', 1];
  const bits = (run.readable ? 1 : 0) | (run.erasable ? 2 : 0) | (run.writable ? 4 : 0);
  if (bits === 0) {
    throw new DfuError('OUT_OF_RANGE', 'memory layout: sectors without any permission');
  }
  const digits = (value: number, least: number): string => String(value).padStart(least, '0');
  const type = String.fromCharCode(0x60 | bits);
  return `${digits(count, countDigits)}*${digits(sizeBytes / unit, sizeDigits)}${multiplier}${type}`;
}

const KIBI = 1024;
const MEBI = 1024 * 1024;

/** Bytes of a region. */
export function regionBytes({ runs }: MemoryRegion): number {
  return runs.reduce((sum, { count, sizeBytes }) => sum + count * sizeBytes, 0);
}

/** The sector that an address lies in; undefined where there is no memory. */
export function sectorAt(layout: MemoryLayout, address: number): MemorySector | undefined {
  for (const region of layout.regions) {
    let start = region.address;
    for (const { count, ...sector } of region.runs) {
      const end = start + count * sector.sizeBytes;
      if (address >= start && address < end) {
        const { sizeBytes } = sector;
        const first = start + Math.floor((address - start) / sizeBytes) * sizeBytes;
        return { ...sector, address: first };
      }
      start = end;
    }
  }
  return undefined;
}

/**
 * The sectors that so many bytes from an address on touch, in order; it ends where the memory does,
 * which the caller sees in the last one.
 */
export function* sectorsOf(
  layout: MemoryLayout,
  address: number,
  lengthBytes: number,
): Generator<MemorySector, void> {
  const end = address + lengthBytes;
  for (let at = address; at < end;) {
    const sector = sectorAt(layout, at);
    if (sector === undefined) return;
    yield sector;
    at = sector.address + sector.sizeBytes;
  }
}

/** What may be done to memory. */
export type MemoryAccess = 'readable' | 'erasable' | 'writable';

/** How many bytes from an address on can be accessed so without a gap. */
export function accessibleBytes(
  layout: MemoryLayout,
  address: number,
  access: MemoryAccess,
): number {
  let at = address;
  // By runs, not by sectors: a device may claim millions of them.
  for (;;) {
    const end = runEnd(layout, at, access);
    if (end === undefined) return at - address;
    at = end;
  }
}

function runEnd(layout: MemoryLayout, address: number, access: MemoryAccess): number | undefined {
  for (const region of layout.regions) {
    let start = region.address;
    for (const run of region.runs) {
      const end = start + run.count * run.sizeBytes;
      if (address >= start && address < end) return run[access] ? end : undefined;
      start = end;
    }
  }
  return undefined;
}
