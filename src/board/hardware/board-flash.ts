import { DfuError } from '../../bytes/index.ts';
import type { Flash, FlashGeometry, NorFlash, SectorMap } from '../../flash/index.ts';

/** The board that a flash is soldered to. */
interface FlashOwner {
  /** The power has gone in the middle of an operation. */
  powerLost(): void;
  /** Whether whoever was given this flash still runs. */
  alive(): boolean;
}

/**
 * The flash of a board as one program or bootloader sees it: when its power is lost the board learns
 * of it at once, and after the next reset it does nothing any more but throw `POWER_LOST`.
 */
export class BoardFlash implements Flash {
  readonly geometry: FlashGeometry;
  readonly sectors: SectorMap;
  readonly sizeBytes: number;
  readonly #flash: NorFlash;
  readonly #owner: FlashOwner;

  constructor(flash: NorFlash, owner: FlashOwner) {
    this.geometry = flash.geometry;
    this.sectors = flash.sectors;
    this.sizeBytes = flash.sizeBytes;
    this.#flash = flash;
    this.#owner = owner;
  }

  get busyUs(): number {
    return this.#flash.busyUs;
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    this.#checkAlive();
    return this.#flash.read(offsetBytes, lengthBytes);
  }

  readInto(offsetBytes: number, target: Uint8Array): void {
    this.#checkAlive();
    this.#flash.readInto(offsetBytes, target);
  }

  program(offsetBytes: number, bytes: Uint8Array): void {
    this.#checkAlive();
    try {
      this.#flash.program(offsetBytes, bytes);
    } catch (error) {
      throw this.#noticed(error);
    }
  }

  erase(offsetBytes: number, lengthBytes: number): void {
    this.#checkAlive();
    try {
      this.#flash.erase(offsetBytes, lengthBytes);
    } catch (error) {
      throw this.#noticed(error);
    }
  }

  #checkAlive(): void {
    if (this.#owner.alive()) return;
    throw new DfuError('POWER_LOST', 'flash: the board was reset');
  }

  #noticed(error: unknown): unknown {
    if (DfuError.is(error, 'POWER_LOST')) this.#owner.powerLost();
    return error;
  }
}
