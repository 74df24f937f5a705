import { DfuError } from '../bytes/index.ts';
import type { Flash, FlashGeometry, NorFlash, SectorMap } from '../flash/index.ts';

/** The flash of a board: as it is, but when its power is lost the board learns of it at once. */
export class BoardFlash implements Flash {
  readonly geometry: FlashGeometry;
  readonly sectors: SectorMap;
  readonly sizeBytes: number;
  readonly #flash: NorFlash;
  readonly #powerLost: () => void;

  constructor(flash: NorFlash, powerLost: () => void) {
    this.geometry = flash.geometry;
    this.sectors = flash.sectors;
    this.sizeBytes = flash.sizeBytes;
    this.#flash = flash;
    this.#powerLost = powerLost;
  }

  get busyUs(): number {
    return this.#flash.busyUs;
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    return this.#flash.read(offsetBytes, lengthBytes);
  }

  readInto(offsetBytes: number, target: Uint8Array): void {
    this.#flash.readInto(offsetBytes, target);
  }

  program(offsetBytes: number, bytes: Uint8Array): void {
    try {
      this.#flash.program(offsetBytes, bytes);
    } catch (error) {
      throw this.#noticed(error);
    }
  }

  erase(offsetBytes: number, lengthBytes: number): void {
    try {
      this.#flash.erase(offsetBytes, lengthBytes);
    } catch (error) {
      throw this.#noticed(error);
    }
  }

  #noticed(error: unknown): unknown {
    if (DfuError.is(error, 'POWER_LOST')) this.#powerLost();
    return error;
  }
}
