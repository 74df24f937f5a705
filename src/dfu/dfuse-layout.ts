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
}

/** One sector, and where it is. */
export interface MemorySector extends Omit<MemorySectorRun, 'count'> {
  readonly address: number;
}

/** One past the last address: addresses have 32 bits. */
const ADDRESS_END = 0x1_0000_0000;

const MULTIPLIERS: Readonly<Record<string, number>> = { ' ': 1, B: 1, K: 1024, M: 1024 * 1024 };

/** `016*0002Kg`: count, size, multiplier, type. Some devices leave the multiplier out: `01*16e`. */
const RUN = /^ *(\d{1,6}) *\* *(\d{1,6})([ BKM])?([a-g])? *$/;

function wrong(at: number, expected: string, got: string): DfuError {
  const message = `memory layout, character ${at}: expected ${expected}, got "${got}"`;
  return new DfuError('MALFORMED', message);
}

/**
 * Reads `@Name/0xADDRESS/COUNT*SIZE[multiplier][type],…[/0xADDRESS/…]`. Multipliers are B or a blank
 * for bytes, K, M; types `a` to `g` are bit 0 read, bit 1 erase, bit 2 write, and `g` where there is none.
 * Throws `MALFORMED` with the place, `OUT_OF_RANGE` for a region beyond 32 bits of address.
 */
export function parseMemoryLayout(text: string): MemoryLayout {
  if (!text.startsWith('@')) throw wrong(0, 'a "@"', text.slice(0, 1));
  const parts = text.slice(1).split('/');
  const [name = '', ...rest] = parts;
  let at = 1 + name.length;
  if (rest.length === 0 || rest.length % 2 !== 0) {
    throw wrong(text.length, 'pairs of "/address/sectors" to the end', text.slice(-1));
  }
  const regions: MemoryRegion[] = [];
  for (let index = 0; index < rest.length; index += 2) {
    const [addressText = '', runsText = ''] = rest.slice(index, index + 2);
    const address = parseAddress(addressText, at + 1);
    at += 1 + addressText.length;
    regions.push({ address, runs: parseRuns(runsText, at + 1, address) });
    at += 1 + runsText.length;
  }
  return { name, regions };
}

function parseAddress(text: string, at: number): number {
  if (!/^ *0x[0-9a-f]{1,8} *$/i.test(text)) throw wrong(at, 'an address, e.g. 0x08000000', text);
  return Number.parseInt(text.trim().slice(2), 16);
}

function parseRuns(text: string, start: number, address: number): MemorySectorRun[] {
  const runs: MemorySectorRun[] = [];
  let at = start;
  let end = address;
  for (const part of text.split(',')) {
    const match = RUN.exec(part);
    const [, countText, sizeText, multiplier = ' ', type = 'g'] = match ?? [];
    const count = Number(countText);
    const sizeBytes = Number(sizeText) * (MULTIPLIERS[multiplier] ?? 1);
    if (match === null || count === 0 || sizeBytes === 0) {
      throw wrong(at, 'sectors, e.g. 064*0002Kg', part);
    }
    end += count * sizeBytes;
    if (end > ADDRESS_END) {
      const where = `memory layout, character ${at}: the region at ${hexNumber(address, 8)}`;
      throw new DfuError('OUT_OF_RANGE', `${where} goes beyond 32 bits of address`);
    }
    runs.push({ count, sizeBytes, ...permissions(type) });
    at += part.length + 1;
  }
  return runs;
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
  parseMemoryLayout(text); // whatever cannot be read again is not written
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
