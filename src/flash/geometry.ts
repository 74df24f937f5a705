import { DfuError, hexNumber } from '../bytes/index.ts';

/** A run of equal sectors. */
export interface SectorRun {
  readonly count: number;
  /** Smallest part that can be erased, in bytes. */
  readonly sizeBytes: number;
  /** To erase one of these, in ms, where it differs from the geometry's `timing`. */
  readonly eraseMs?: number | undefined;
}

/** What a NOR flash is like. */
export interface FlashGeometry {
  /** Sectors in order of address; they need not be of equal size. */
  readonly sectors: readonly SectorRun[];
  /** Smallest part that can be programmed, in bytes: a power of two. */
  readonly writeUnitBytes: number;
  /**
   * Bytes of a page, for flash that is programmed page by page (SPI NOR: 256): a power of two, at least the write unit.
   * What is programmed within a page at once is then one operation, and not one a write unit.
   */
  readonly pageBytes?: number | undefined;
  /** What an erased byte reads as: 0xff nearly everywhere, 0x00 on some parts. */
  readonly erasedValue: 0xff | 0x00;
  /** Times from the datasheet, for honest poll times. */
  readonly timing?: FlashTiming | undefined;
}

/** Datasheet times. */
export interface FlashTiming {
  /** To erase one sector, in ms. */
  readonly eraseSectorMs: number;
  /** To program one write unit, or what goes into a page at once where there are pages, in µs. */
  readonly programUnitUs: number;
}

/** A part of a flash: a slot, a partition, a sector. */
export interface FlashRange {
  /** From the start of what it is a part of. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Memory that a processor sees at an address: RAM, or a flash as a whole. */
export interface MemoryRange {
  readonly baseAddress: number;
  readonly sizeBytes: number;
}

/** One sector: the smallest part that can be erased. */
export interface Sector extends FlashRange {
  /** Counted from 0 in order of address. */
  readonly index: number;
  /** To erase it, in ms; 0 where the geometry gives no time. */
  readonly eraseMs: number;
}

/** Bytes of the largest sector. A geometry may have as many runs as sectors: it is walked, not spread. */
export function largestSectorBytes({ sectors }: FlashGeometry): number {
  return sectors.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 0);
}

/** Flash is addressed with 32 bits. */
const MOST_BYTES = 2 ** 32;
const MOST_SECTORS = 2 ** 20;

interface PlacedRun {
  readonly firstIndex: number;
  readonly offsetBytes: number;
  readonly count: number;
  readonly sizeBytes: number;
  readonly eraseMs: number;
}

function wrong(what: string): never {
  throw new DfuError('INVALID_ARGUMENT', `flash geometry: ${what}`);
}

function checkRun(run: SectorRun, writeUnitBytes: number): void {
  if (!Number.isInteger(run.count) || run.count < 1) {
    wrong(`expected a run of at least 1 sector, got ${run.count}`);
  }
  if (!Number.isInteger(run.sizeBytes) || run.sizeBytes < 1) {
    wrong(`expected a sector of at least 1 byte, got ${run.sizeBytes}`);
  }
  if (run.sizeBytes % writeUnitBytes !== 0) {
    wrong(`expected sectors of whole ${writeUnitBytes}-byte units, got ${run.sizeBytes} bytes`);
  }
}

/** A time from a datasheet: finite and not negative, in whichever unit. */
function checkTime(name: string, value: number | undefined): void {
  if (value !== undefined && !(value >= 0 && Number.isFinite(value))) {
    wrong(`expected ${name} of 0 or more, got ${value}`);
  }
}

function checkTiming(timing: FlashTiming | undefined, runs: readonly SectorRun[]): void {
  checkTime('eraseSectorMs', timing?.eraseSectorMs);
  checkTime('programUnitUs', timing?.programUnitUs);
  for (const run of runs) checkTime('eraseMs', run.eraseMs);
}

/** Throws for pages that cannot be. */
function checkPages({ pageBytes, writeUnitBytes, sectors }: FlashGeometry): void {
  if (pageBytes === undefined) return;
  const isPower =
    Number.isInteger(pageBytes) && pageBytes > 0 && (pageBytes & (pageBytes - 1)) === 0;
  if (!isPower || pageBytes < writeUnitBytes || pageBytes > 2 ** 16) {
    wrong(
      `expected a page of a power of two from ${writeUnitBytes} to 65536 bytes, got ${pageBytes}`,
    );
  }
  const run = sectors.find(({ sizeBytes }) => sizeBytes % pageBytes !== 0);
  if (run === undefined) return;
  wrong(`expected sectors of whole ${pageBytes}-byte pages, got ${run.sizeBytes} bytes`);
}

function place(geometry: FlashGeometry): PlacedRun[] {
  let firstIndex = 0;
  let offsetBytes = 0;
  return geometry.sectors.map((run) => {
    checkRun(run, geometry.writeUnitBytes);
    const eraseMs = run.eraseMs ?? geometry.timing?.eraseSectorMs ?? 0;
    const placed = { firstIndex, offsetBytes, count: run.count, sizeBytes: run.sizeBytes, eraseMs };
    firstIndex += run.count;
    offsetBytes += run.count * run.sizeBytes;
    if (firstIndex > MOST_SECTORS) wrong(`expected at most ${MOST_SECTORS} sectors`);
    if (offsetBytes > MOST_BYTES) wrong('expected at most 4 GiB');
    return placed;
  });
}

/**
 * Where the sectors of a geometry lie. Looking one up takes a step for each run of equal sectors,
 * not for each sector. Throws `INVALID_ARGUMENT` for a geometry that no flash can have.
 */
export class SectorMap {
  /** How many sectors there are. */
  readonly count: number;
  /** All of them together, in bytes. */
  readonly sizeBytes: number;
  readonly #runs: readonly PlacedRun[];

  constructor(geometry: FlashGeometry) {
    const unit = geometry.writeUnitBytes;
    if (!Number.isInteger(unit) || unit < 1 || unit > 2 ** 16 || (unit & (unit - 1)) !== 0) {
      wrong(`expected a write unit of a power of two up to 65536 bytes, got ${unit}`);
    }
    checkPages(geometry);
    if (geometry.erasedValue !== 0xff && geometry.erasedValue !== 0) {
      wrong(`expected an erased value of 0xff or 0x00, got ${String(geometry.erasedValue)}`);
    }
    if (geometry.sectors.length === 0) wrong('expected at least one run of sectors, got none');
    checkTiming(geometry.timing, geometry.sectors);
    this.#runs = place(geometry);
    const last = this.#runs.at(-1);
    this.count = last === undefined ? 0 : last.firstIndex + last.count;
    this.sizeBytes = last === undefined ? 0 : last.offsetBytes + last.count * last.sizeBytes;
  }

  /** The sector that holds the byte at this offset. Throws `OUT_OF_RANGE`. */
  at(offsetBytes: number): Sector {
    for (const run of this.#runs) {
      const within = offsetBytes - run.offsetBytes;
      if (within >= 0 && within < run.count * run.sizeBytes) {
        return sectorOf(run, Math.floor(within / run.sizeBytes));
      }
    }
    throw new DfuError(
      'OUT_OF_RANGE',
      `flash: expected an offset below ${hexNumber(this.sizeBytes)}, got ${showOffset(offsetBytes)}`,
    );
  }

  /** The sector of this number. Throws `OUT_OF_RANGE`. */
  get(index: number): Sector {
    for (const run of this.#runs) {
      const within = index - run.firstIndex;
      if (within >= 0 && within < run.count) return sectorOf(run, within);
    }
    throw new DfuError(
      'OUT_OF_RANGE',
      `flash: expected a sector below ${this.count}, got ${index}`,
    );
  }

  /** Whether a sector begins there; the end of the flash counts as such an edge. */
  isEdge(offsetBytes: number): boolean {
    if (offsetBytes === this.sizeBytes) return true;
    return this.at(offsetBytes).offsetBytes === offsetBytes;
  }

  /** The sectors that a range touches, in order of address; none if it is empty. */
  *in(offsetBytes: number, lengthBytes: number): Generator<Sector> {
    const end = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < end;) {
      const sector = this.at(at);
      yield sector;
      at = sector.offsetBytes + sector.sizeBytes;
    }
  }

  /** The size that all sectors of a range have, or undefined if they differ. */
  uniformSize(offsetBytes: number, lengthBytes: number): number | undefined {
    const end = offsetBytes + lengthBytes;
    const touched = this.#runs.filter(
      (run) => run.offsetBytes < end && run.offsetBytes + run.count * run.sizeBytes > offsetBytes,
    );
    const sizes = new Set(touched.map((run) => run.sizeBytes));
    return sizes.size === 1 ? touched[0]?.sizeBytes : undefined;
  }

  /**
   * The runs of sectors in a range that begins and ends at sector edges.
   * Throws `INVALID_ARGUMENT` if it does not, `OUT_OF_RANGE` beyond the end.
   */
  cut(offsetBytes: number, lengthBytes: number): SectorRun[] {
    const end = offsetBytes + lengthBytes;
    for (const edge of [offsetBytes, end]) {
      if (!this.isEdge(edge)) {
        const sector = this.at(edge);
        throw new DfuError(
          'INVALID_ARGUMENT',
          `flash: expected the edge of a sector, ${hexNumber(sector.offsetBytes)} or ` +
            `${hexNumber(sector.offsetBytes + sector.sizeBytes)}, got ${hexNumber(edge)}`,
        );
      }
    }
    return this.#runs.flatMap((run) => {
      const from = Math.max(offsetBytes, run.offsetBytes);
      const to = Math.min(end, run.offsetBytes + run.count * run.sizeBytes);
      const count = (to - from) / run.sizeBytes;
      return count > 0 ? [{ count, sizeBytes: run.sizeBytes, eraseMs: run.eraseMs }] : [];
    });
  }
}

function sectorOf(run: PlacedRun, within: number): Sector {
  return {
    index: run.firstIndex + within,
    offsetBytes: run.offsetBytes + within * run.sizeBytes,
    sizeBytes: run.sizeBytes,
    eraseMs: run.eraseMs,
  };
}

/** An offset for an error message, also when it is no offset at all. */
function showOffset(offsetBytes: number): string {
  return Number.isInteger(offsetBytes) && offsetBytes >= 0
    ? hexNumber(offsetBytes)
    : String(offsetBytes);
}

/** Throws `OUT_OF_RANGE` unless the range lies within `sizeBytes`. */
export function checkRange(
  name: string,
  sizeBytes: number,
  [offsetBytes, lengthBytes]: readonly [number, number],
): void {
  const whole = Number.isInteger(offsetBytes) && Number.isInteger(lengthBytes);
  if (!whole || offsetBytes < 0 || lengthBytes < 0 || offsetBytes + lengthBytes > sizeBytes) {
    throw new DfuError(
      'OUT_OF_RANGE',
      `${name}: expected a range within ${hexNumber(sizeBytes)} bytes, ` +
        `got ${lengthBytes} bytes at ${showOffset(offsetBytes)}`,
    );
  }
}
