import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { Flash, FlashRange } from '../../flash/index.ts';
import type { AreaName } from './config.ts';

/** One change of flash, as a power cut may fall before or into it. */
export interface BootOperation {
  readonly kind: 'erase' | 'write';
  readonly area: AreaName;
  /** From the start of the area. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** What is written; only valid during the call that hands it over. */
  readonly bytes?: Uint8Array | undefined;
}

/** What the bootloader holds in RAM at a change of flash. */
export interface BootMemory {
  /**
   * All of it that decides how the boot goes on, as text: two boots of one build with equal flash,
   * equal text and the same next operation end alike. Undefined outside of updates, where it is not
   * told.
   */
  text(): string | undefined;
}

/**
 * Called before each change of flash. If it throws `POWER_LOST`, the change does not happen and the
 * boot ends there: a power cut at the bootloader's own granularity. Changes that the application asks
 * for come without the bootloader's memory.
 */
export type OperationListener = (operation: BootOperation, memory?: BootMemory) => void;

/** What an area is made of. */
export interface AreaSource {
  readonly flash: Flash;
  readonly name: AreaName;
  readonly place: FlashRange;
  /** What the bootloader takes for a sector; the flash's own ones unless given. */
  readonly logicalSectorBytes?: number | undefined;
  readonly listener?: OperationListener | undefined;
}

/** The sectors of a flash that a place covers. */
function sectorsOf(flash: Flash, { offsetBytes, sizeBytes }: FlashRange): FlashRange[] {
  const sectors: FlashRange[] = [];
  let at = 0;
  for (const run of flash.geometry.sectors) {
    for (let n = 0; n < run.count && at < offsetBytes + sizeBytes; n += 1) {
      if (at >= offsetBytes) {
        sectors.push({ offsetBytes: at - offsetBytes, sizeBytes: run.sizeBytes });
      }
      at += run.sizeBytes;
    }
  }
  return sectors;
}

/** As many sectors of one size as a place holds, if each is made of whole ones of the flash. */
function logicalSectors(
  pages: readonly FlashRange[],
  sizeBytes: number,
  logicalBytes: number,
): FlashRange[] | undefined {
  const edges = new Set(pages.map(({ offsetBytes }) => offsetBytes));
  const count = sizeBytes / logicalBytes;
  if (!Number.isInteger(count)) return undefined;
  const offsets = Array.from({ length: count }, (_, n) => n * logicalBytes);
  if (!offsets.every((each) => edges.has(each))) return undefined;
  return offsets.map((offsetBytes) => ({ offsetBytes, sizeBytes: logicalBytes }));
}

/** A part of flash that the bootloader knows by name; offsets are from its start. */
export class Area {
  readonly name: AreaName;
  /** In the flash; the bootloader prints its offset as the chainload offset. */
  readonly place: FlashRange;
  /** What the bootloader takes for sectors, from the start of the area. */
  readonly sectors: readonly FlashRange[];
  /** Why its logical sectors are none that this flash could have; then they are those of the flash. */
  readonly misfit: string | undefined;
  readonly writeUnitBytes: number;
  readonly erasedValue: number;
  readonly #flash: Flash;
  /** What the flash erases at once, from the start of the area. */
  readonly #pages: readonly FlashRange[];
  readonly #listener: OperationListener | undefined;

  /** @throws `DfuError` `INVALID_ARGUMENT` if the place does not begin and end at sectors' edges. */
  constructor({ flash, name, place, logicalSectorBytes, listener }: AreaSource) {
    this.name = name;
    this.place = place;
    this.#flash = flash;
    this.#listener = listener;
    this.#pages = sectorsOf(flash, place);
    const logical =
      logicalSectorBytes === undefined
        ? this.#pages
        : logicalSectors(this.#pages, place.sizeBytes, logicalSectorBytes);
    this.sectors = logical ?? this.#pages;
    this.misfit =
      logical === undefined
        ? `${name}: the flash has no sectors that make up whole ones of ${logicalSectorBytes} bytes`
        : undefined;
    this.writeUnitBytes = flash.geometry.writeUnitBytes;
    this.erasedValue = flash.geometry.erasedValue;
    const [first] = this.#pages;
    const last = this.#pages.at(-1);
    const end = last === undefined ? 0 : last.offsetBytes + last.sizeBytes;
    if (first?.offsetBytes !== 0 || end !== place.sizeBytes) {
      const where = `${hexNumber(place.offsetBytes)}, ${place.sizeBytes} bytes`;
      throw new DfuError(
        'INVALID_ARGUMENT',
        `area ${name} (${where}) must consist of whole sectors`,
      );
    }
  }

  get sizeBytes(): number {
    return this.place.sizeBytes;
  }

  /** Whether these bytes lie inside the area. */
  covers(offsetBytes: number, lengthBytes: number): boolean {
    return offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes;
  }

  /** @throws `DfuError` `OUT_OF_RANGE` beyond the end of the area. */
  read(offsetBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    this.#check(offsetBytes, lengthBytes);
    return this.#flash.read(this.place.offsetBytes + offsetBytes, lengthBytes);
  }

  /** Fills `target` without allocating. */
  readInto(offsetBytes: number, target: Uint8Array): void {
    this.#check(offsetBytes, target.length);
    this.#flash.readInto(this.place.offsetBytes + offsetBytes, target);
  }

  /** One write operation. */
  write(offsetBytes: number, bytes: Uint8Array): void {
    this.#check(offsetBytes, bytes.length);
    const lengthBytes = bytes.length;
    this.#listener?.({ kind: 'write', area: this.name, offsetBytes, lengthBytes, bytes });
    this.#flash.program(this.place.offsetBytes + offsetBytes, bytes);
  }

  /** The sector that holds this byte. */
  sectorAt(offsetBytes: number): FlashRange {
    // equal sectors nearly everywhere: guess, then look
    const guess = this.sectors[Math.floor(offsetBytes / (this.sectors[0]?.sizeBytes ?? 1))];
    const inside = (sector: FlashRange): boolean =>
      offsetBytes >= sector.offsetBytes && offsetBytes < sector.offsetBytes + sector.sizeBytes;
    const found = guess !== undefined && inside(guess) ? guess : this.sectors.find(inside);
    if (found !== undefined) return found;
    throw this.#outside(offsetBytes, 1);
  }

  /**
   * Erases every sector of the flash that the region touches, one operation each, from its first one
   * up, or from its last one down.
   */
  erase(offsetBytes: number, lengthBytes: number, direction: 'up' | 'down' = 'up'): void {
    this.#check(offsetBytes, lengthBytes);
    const touched = this.#pages.filter(
      (each) =>
        each.offsetBytes + each.sizeBytes > offsetBytes &&
        each.offsetBytes < offsetBytes + lengthBytes,
    );
    if (direction === 'down') touched.reverse();
    for (const sector of touched) {
      const operation = { offsetBytes: sector.offsetBytes, lengthBytes: sector.sizeBytes };
      this.#listener?.({ kind: 'erase', area: this.name, ...operation });
      this.#flash.erase(this.place.offsetBytes + sector.offsetBytes, sector.sizeBytes);
    }
  }

  /** Erases the whole area, from its first sector up. */
  eraseAll(): void {
    this.erase(0, this.sizeBytes);
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    if (!this.covers(offsetBytes, lengthBytes)) throw this.#outside(offsetBytes, lengthBytes);
  }

  #outside(offsetBytes: number, lengthBytes: number): DfuError {
    const end = hexNumber(offsetBytes + lengthBytes);
    const size = hexNumber(this.sizeBytes);
    return new DfuError(
      'OUT_OF_RANGE',
      `area ${this.name} ends at ${size}, access from ${hexNumber(offsetBytes)} to ${end}`,
    );
  }
}
