import { DfuError, hexNumber } from '../bytes/index.ts';
import type { Flash } from './flash.ts';
import type { FlashGeometry, Sector } from './geometry.ts';
import { checkRange, SectorMap } from './geometry.ts';
import { doneByte, doneRange } from './power-cut.ts';
import type { PowerCutKind } from './power-cut.ts';

/** Where the bytes of a flash are kept: memory, a file. It knows no rules; `NorFlash` does. */
export interface FlashStorage {
  readonly sizeBytes: number;
  /** The first `lengthBytes` of `target` become the bytes from there. */
  read(offsetBytes: number, target: Uint8Array, lengthBytes: number): void;
  /** Replaces bytes; they belong to the caller again when it returns. */
  write(offsetBytes: number, bytes: Uint8Array): void;
  /** Sets all bytes of a range to one value: what erasing a sector does. */
  fill(offsetBytes: number, lengthBytes: number, value: number): void;
}

/** The smallest thing that flash does, and that a power cut can therefore fall between or into. */
export interface FlashOperation {
  /** Counted from 0 since the flash was made. */
  readonly number: number;
  readonly type: 'program' | 'erase';
  readonly offsetBytes: number;
  /** The write unit, what is programmed within a page at once, or the size of the sector. */
  readonly lengthBytes: number;
  /** What is programmed; nothing for an erase. Only valid during the call that hands it over. */
  readonly bytes?: Uint8Array | undefined;
}

/** A power cut that has struck: the operation that it met, and what became of that. */
export interface PowerCutStruck extends Omit<FlashOperation, 'bytes'> {
  readonly kind: PowerCutKind;
}

/** How much a flash has been used since it was made. */
export interface FlashWear {
  /** How often each sector was erased. */
  readonly erasesBySector: Uint32Array;
  /** Sectors erased, all together. */
  readonly erases: number;
  /** Write units programmed; where there are pages, how often something was programmed into one. */
  readonly programs: number;
}

/** Only ever used within one call. */
const scratch: Uint8Array<ArrayBuffer> = new Uint8Array(4096);

/**
 * The rules of NOR flash over a storage, which is expected to hold as many bytes as the geometry
 * says. Every access is checked whole before anything is changed. One write unit programmed, or one
 * sector erased, is one operation; the power can be cut at any of them. Where the flash has pages, all that a call of
 * `program` puts into one page is one operation.
 */
export class NorFlash implements Flash {
  readonly geometry: FlashGeometry;
  readonly sectors: SectorMap;
  readonly sizeBytes: number;
  /**
   * Called before each operation, while the flash still is as it was; what it throws ends the access
   * there, as in flash that fails. Makes programming slower.
   */
  watch: ((operation: FlashOperation) => void) | undefined = undefined;
  readonly #storage: FlashStorage;
  readonly #erases: Uint32Array;
  #eraseCount = 0;
  #programCount = 0;
  #busyUs = 0;
  #cutAt = Number.POSITIVE_INFINITY;
  #cutKind: PowerCutKind = 'clean';
  #lost = false;
  #struck: PowerCutStruck | undefined;

  constructor(geometry: FlashGeometry, storage: FlashStorage) {
    this.geometry = geometry;
    this.sectors = new SectorMap(geometry);
    this.sizeBytes = this.sectors.sizeBytes;
    if (storage.sizeBytes !== this.sizeBytes) {
      throw new DfuError(
        'INVALID_ARGUMENT',
        `flash: expected a storage of ${this.sizeBytes} bytes, got ${storage.sizeBytes}`,
      );
    }
    this.#storage = storage;
    this.#erases = new Uint32Array(this.sectors.count);
  }

  get busyUs(): number {
    return this.#busyUs;
  }

  /** Operations done since it was made: the number that the next one will have. */
  get operations(): number {
    return this.#eraseCount + this.#programCount;
  }

  get wear(): FlashWear {
    return {
      erasesBySector: this.#erases.slice(),
      erases: this.#eraseCount,
      programs: this.#programCount,
    };
  }

  /** True from a power cut until `restorePower`. */
  get powerLost(): boolean {
    return this.#lost;
  }

  /** The cut that took the power, until `restorePower`; undefined if none did. */
  get cutStruck(): PowerCutStruck | undefined {
    return this.#struck;
  }

  /** Number of the operation that a cut is due at; undefined: none is. */
  get cutDueAt(): number | undefined {
    return this.#lost || this.#cutAt === Number.POSITIVE_INFINITY ? undefined : this.#cutAt;
  }

  /**
   * Cuts the power at the operation of that number, or at the next one if that has passed: it is not
   * done or half done, it throws `POWER_LOST`, and so does every access after it.
   */
  cutPowerAt(operation: number, kind: PowerCutKind = 'clean'): void {
    this.#cutAt = operation;
    this.#cutKind = kind;
  }

  /** The power is back and no cut is due. What is in flash stays as it is. */
  restorePower(): void {
    this.#lost = false;
    this.#struck = undefined;
    this.#cutAt = Number.POSITIVE_INFINITY;
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    this.#begin('read', offsetBytes, lengthBytes);
    const bytes = new Uint8Array(lengthBytes);
    this.#storage.read(offsetBytes, bytes, lengthBytes);
    return bytes;
  }

  readInto(offsetBytes: number, target: Uint8Array): void {
    this.#begin('read', offsetBytes, target.length);
    this.#storage.read(offsetBytes, target, target.length);
  }

  program(offsetBytes: number, bytes: Uint8Array): void {
    this.#begin('program', offsetBytes, bytes.length);
    this.#checkUnits(offsetBytes, bytes.length);
    this.#checkBits(offsetBytes, bytes);
    const unit = this.#piece;
    const first = bytes.length === 0 ? 0 : Math.min(bytes.length, unit - (offsetBytes % unit));
    const units = Math.ceil((bytes.length - first) / unit) + Math.sign(first);
    if (this.watch === undefined && this.operations + units <= this.#cutAt) {
      this.#storage.write(offsetBytes, bytes);
      this.#countPrograms(units);
      return;
    }
    for (let at = 0, length = first; at < bytes.length; at += length) {
      if (at > 0) length = unit;
      this.#programUnit(offsetBytes + at, bytes.subarray(at, at + length));
    }
  }

  erase(offsetBytes: number, lengthBytes: number): void {
    this.#begin('erase', offsetBytes, lengthBytes);
    this.#checkEdges(offsetBytes, lengthBytes);
    for (const sector of this.sectors.in(offsetBytes, lengthBytes)) this.#eraseSector(sector);
  }

  /** The most that one operation programs, in bytes. */
  get #piece(): number {
    return this.geometry.pageBytes ?? this.geometry.writeUnitBytes;
  }

  /** Takes over the counters of another flash: this one goes on where that one is now. */
  protected continueFrom(other: NorFlash): void {
    this.#erases.set(other.#erases);
    this.#eraseCount = other.#eraseCount;
    this.#programCount = other.#programCount;
    this.#busyUs = other.#busyUs;
  }

  #begin(what: string, offsetBytes: number, lengthBytes: number): void {
    if (this.#lost) {
      throw new DfuError('POWER_LOST', `flash: ${what}: the power was cut`);
    }
    checkRange(`flash: ${what}`, this.sizeBytes, [offsetBytes, lengthBytes]);
  }

  #checkUnits(offsetBytes: number, lengthBytes: number): void {
    const unit = this.geometry.writeUnitBytes;
    if (offsetBytes % unit === 0 && lengthBytes % unit === 0) return;
    throw new DfuError(
      'FLASH_RULE',
      `flash: program: expected whole ${unit}-byte units, ` +
        `got ${lengthBytes} bytes at ${hexNumber(offsetBytes)}`,
    );
  }

  #checkEdges(offsetBytes: number, lengthBytes: number): void {
    for (const edge of [offsetBytes, offsetBytes + lengthBytes]) {
      if (this.sectors.isEdge(edge)) continue;
      const { offsetBytes: from, sizeBytes } = this.sectors.at(edge);
      throw new DfuError(
        'FLASH_RULE',
        `flash: erase: expected whole sectors, got ${lengthBytes} bytes at ` +
          `${hexNumber(offsetBytes)}, which cuts the sector of ${sizeBytes} bytes at ${hexNumber(from)}`,
      );
    }
  }

  /** Programming only ever takes a bit away from the erased value. */
  #checkBits(offsetBytes: number, bytes: Uint8Array): void {
    const old = scratch;
    const erasedOnes = this.geometry.erasedValue === 0xff;
    for (let from = 0; from < bytes.length; from += old.length) {
      const length = Math.min(old.length, bytes.length - from);
      this.#storage.read(offsetBytes + from, old, length);
      for (let at = 0; at < length; at += 1) {
        const was = old[at] ?? 0;
        const wanted = bytes[from + at] ?? 0;
        const back = erasedOnes ? wanted & ~was : was & ~wanted;
        if (back !== 0) throw this.#bitError(offsetBytes + from + at, was, wanted);
      }
    }
  }

  #bitError(offsetBytes: number, was: number, wanted: number): DfuError {
    const change = this.geometry.erasedValue === 0xff ? '0 to 1' : '1 to 0';
    return new DfuError(
      'FLASH_RULE',
      `flash: program at ${hexNumber(offsetBytes)}: expected bits that ${hexNumber(was, 2)} still ` +
        `has, got ${hexNumber(wanted, 2)}; only erasing turns ${change}`,
    );
  }

  #programUnit(offsetBytes: number, bytes: Uint8Array): void {
    this.#announce('program', offsetBytes, bytes);
    this.#storage.write(offsetBytes, bytes);
    this.#countPrograms(1);
  }

  #eraseSector({ index, offsetBytes, sizeBytes, eraseMs }: Sector): void {
    this.#announce('erase', offsetBytes, sizeBytes);
    this.#storage.fill(offsetBytes, sizeBytes, this.geometry.erasedValue);
    this.#erases[index] = (this.#erases[index] ?? 0) + 1;
    this.#eraseCount += 1;
    this.#busyUs += eraseMs * 1000;
  }

  /** Tells who watches, and cuts the power if it is due. `what` is the bytes or the sector's size. */
  #announce(type: FlashOperation['type'], offsetBytes: number, what: Uint8Array | number): void {
    const number = this.operations;
    if (this.watch === undefined && number < this.#cutAt) return;
    const operation: FlashOperation =
      typeof what === 'number'
        ? { number, type, offsetBytes, lengthBytes: what }
        : { number, type, offsetBytes, lengthBytes: what.length, bytes: what };
    this.watch?.(operation);
    if (number < this.#cutAt) return;
    this.#tear(operation);
    this.#lost = true;
    const { lengthBytes } = operation;
    this.#struck = { number, type, offsetBytes, lengthBytes, kind: this.#cutKind };
    throw new DfuError(
      'POWER_LOST',
      `flash: the power was cut at operation ${number}, ` +
        `${type} ${operation.lengthBytes} bytes at ${hexNumber(offsetBytes)}`,
    );
  }

  /** Does half of an operation: what a torn one leaves behind. */
  #tear({ offsetBytes, lengthBytes, bytes }: FlashOperation): void {
    const kind = this.#cutKind;
    if (kind === 'clean') return;
    const { from, to } = doneRange(lengthBytes, kind);
    if (bytes === undefined) {
      this.#storage.fill(offsetBytes + from, to - from, this.geometry.erasedValue);
    } else if (lengthBytes > 1) {
      this.#storage.write(offsetBytes + from, bytes.subarray(from, to));
    } else {
      this.#storage.read(offsetBytes, scratch, 1);
      const byte = doneByte(scratch[0] ?? 0, bytes[0] ?? 0, kind);
      this.#storage.write(offsetBytes, Uint8Array.of(byte));
    }
  }

  #countPrograms(units: number): void {
    this.#programCount += units;
    this.#busyUs += units * (this.geometry.timing?.programUnitUs ?? 0);
  }
}
