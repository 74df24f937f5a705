import { DfuError } from '../bytes/index.ts';
import type { Flash } from './flash.ts';
import type { FlashGeometry } from './geometry.ts';
import { checkRange, SectorMap } from './geometry.ts';

/** A window onto another flash: offsets count from its own start, errors carry its name. */
class Partition implements Flash {
  readonly geometry: FlashGeometry;
  readonly sectors: SectorMap;
  readonly sizeBytes: number;
  readonly #flash: Flash;
  readonly #offset: number;
  readonly #name: string;

  constructor(flash: Flash, offsetBytes: number, [lengthBytes, name]: readonly [number, string]) {
    this.geometry = { ...flash.geometry, sectors: flash.sectors.cut(offsetBytes, lengthBytes) };
    this.sectors = new SectorMap(this.geometry);
    this.sizeBytes = lengthBytes;
    this.#flash = flash;
    this.#offset = offsetBytes;
    this.#name = name;
  }

  get busyUs(): number {
    return this.#flash.busyUs;
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    this.#check('read', offsetBytes, lengthBytes);
    return this.#flash.read(this.#offset + offsetBytes, lengthBytes);
  }

  readInto(offsetBytes: number, target: Uint8Array): void {
    this.#check('read', offsetBytes, target.length);
    this.#flash.readInto(this.#offset + offsetBytes, target);
  }

  program(offsetBytes: number, bytes: Uint8Array): void {
    this.#check('program', offsetBytes, bytes.length);
    this.#flash.program(this.#offset + offsetBytes, bytes);
  }

  erase(offsetBytes: number, lengthBytes: number): void {
    this.#check('erase', offsetBytes, lengthBytes);
    this.#flash.erase(this.#offset + offsetBytes, lengthBytes);
  }

  #check(what: string, offsetBytes: number, lengthBytes: number): void {
    checkRange(`${this.#name}: ${what}`, this.sizeBytes, [offsetBytes, lengthBytes]);
  }
}

/**
 * The part of a flash from `offsetBytes`, as a flash of its own called `name` in errors. Wear, power
 * and busy time are those of the whole. Throws `OUT_OF_RANGE` beyond the end, `INVALID_ARGUMENT`
 * if the part is empty or does not begin and end at the edge of a sector.
 */
export function partition(
  flash: Flash,
  offsetBytes: number,
  lengthBytes: number,
  name: string,
): Flash {
  checkRange(name, flash.sizeBytes, [offsetBytes, lengthBytes]);
  if (lengthBytes === 0) {
    throw new DfuError('INVALID_ARGUMENT', `${name}: expected at least one sector, got 0 bytes`);
  }
  return new Partition(flash, offsetBytes, [lengthBytes, name]);
}
