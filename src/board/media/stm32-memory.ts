import { factoryOptionBytes, readProtection, withOptionBytes } from '../../boot/stm32/index.ts';
import type { Stm32SystemMemory } from '../../boot/stm32/index.ts';
import type { DfuSeMemory, MediumResult } from '../../device/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { BoardModel } from '../models/board-model.ts';
import { BusyTime, report } from './medium-report.ts';

/** The option bytes of a chip: what is stored, and what the last reset has loaded. */
export class Stm32Options {
  stored: Uint8Array = factoryOptionBytes();
  #loaded: Uint8Array = this.stored;

  /** A reset: what is stored takes effect (RM0091 §4.1). */
  load(): void {
    this.#loaded = this.stored;
  }

  get isProtected(): boolean {
    return readProtection(this.#loaded) > 0;
  }

  /** Level 2 is for ever. */
  get isLocked(): boolean {
    return readProtection(this.#loaded) === 2;
  }

  unprotect(): void {
    this.stored = factoryOptionBytes();
  }
}

/** ST AN3156: whatever the protection forbids is errVENDOR. */
const PROTECTED: MediumResult = {
  status: 'errVENDOR',
  busyMs: 0,
  reason: 'the flash is read-protected (RDP): read unprotect erases it and takes that off',
};

/** The flash as the loader programs it, by address. */
export class Stm32FlashMemory implements DfuSeMemory {
  readonly layout: string;
  /** Bytes programmed since the loader was started. */
  programmedBytes = 0;
  readonly #flash: Flash;
  readonly #base: number;
  readonly #massEraseMs: number;
  readonly #options: Stm32Options;
  readonly #busy: BusyTime;

  constructor(
    flash: Flash,
    { systemMemory, flashBaseAddress }: SystemModel,
    options: Stm32Options,
  ) {
    this.layout = systemMemory.flashLayout;
    this.#flash = flash;
    this.#base = flashBaseAddress;
    this.#massEraseMs = systemMemory.massEraseMs;
    this.#options = options;
    this.#busy = new BusyTime(flash);
  }

  read(address: number, lengthBytes: number): Uint8Array | MediumResult {
    if (this.#options.isProtected) return PROTECTED;
    return this.#flash.read(address - this.#base, lengthBytes);
  }

  program(address: number, bytes: Uint8Array): MediumResult {
    if (this.#options.isProtected) return PROTECTED;
    this.#busy.take();
    const unit = this.#flash.geometry.writeUnitBytes;
    const odd = bytes.length % unit;
    const whole = odd === 0 ? bytes : padded(bytes, unit - odd);
    const result = report(this.#busy, 'errVENDOR', () =>
      this.#flash.program(address - this.#base, whole),
    );
    if (result.status === 'OK') this.programmedBytes += bytes.length;
    return result;
  }

  erase(address: number): MediumResult {
    if (this.#options.isProtected) return PROTECTED;
    this.#busy.take();
    return report(this.#busy, 'errVENDOR', () => {
      const sector = this.#flash.sectors.at(address - this.#base);
      this.#flash.erase(sector.offsetBytes, sector.sizeBytes);
    });
  }

  massErase(): MediumResult {
    if (this.#options.isProtected) return PROTECTED;
    return this.#eraseAll();
  }

  /** The chip resets itself afterwards (RM0091 §3.3.1). */
  readUnprotect(): MediumResult {
    if (this.#options.isLocked) {
      return { ...PROTECTED, reason: 'read protection of level 2 is for ever' };
    }
    const result = this.#eraseAll();
    if (result.status === 'OK') this.#options.unprotect();
    return result;
  }

  #eraseAll(): MediumResult {
    const result = report(this.#busy, 'errVENDOR', () =>
      this.#flash.erase(0, this.#flash.sizeBytes),
    );
    // All pages at once: less than one after the other.
    return { ...result, busyMs: this.#massEraseMs };
  }
}

/** The erased value behind it. */
function padded(bytes: Uint8Array, count: number): Uint8Array {
  const whole = new Uint8Array(bytes.length + count).fill(0xff);
  whole.set(bytes);
  return whole;
}

/** The option bytes by address. They are written as a whole, and take effect with the next reset. */
export class Stm32OptionMemory implements DfuSeMemory {
  readonly layout: string;
  readonly #base: number;
  readonly #options: Stm32Options;

  constructor({ systemMemory }: SystemModel, options: Stm32Options) {
    this.layout = systemMemory.optionLayout;
    this.#base = systemMemory.optionAddress;
    this.#options = options;
  }

  read(address: number, lengthBytes: number): Uint8Array {
    const at = address - this.#base;
    return this.#options.stored.subarray(at, at + lengthBytes);
  }

  program(address: number, bytes: Uint8Array): MediumResult {
    if (this.#options.isLocked) return PROTECTED;
    this.#options.stored = withOptionBytes(this.#options.stored, address - this.#base, bytes);
    return { status: 'OK', busyMs: ERASE_MS };
  }

  erase(): MediumResult {
    return { status: 'errERASE', busyMs: 0, reason: 'option bytes are erased as they are written' };
  }
}

/** To erase and write the option bytes, in ms. */
const ERASE_MS = 40;

/** A board whose chip has a loader in system memory. */
export type SystemModel = BoardModel & { readonly systemMemory: Stm32SystemMemory };
