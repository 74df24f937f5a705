import { DfuError } from '../bytes/index.ts';
import type { FlashGeometry } from '../flash/index.ts';

/** How RIOT configures a pin (`gpio_mode_t`): input, with a pull resistor or without, open drain. */
export type PinMode = 'GPIO_IN' | 'GPIO_IN_PD' | 'GPIO_IN_PU' | 'GPIO_OD' | 'GPIO_OD_PU';

/** A push button as it is soldered to the board. */
export interface ButtonModel {
  /** RIOT's name of it, e.g. `BTN0`. */
  readonly name: string;
  /** The pin that it is on, e.g. `P0.11`. */
  readonly pin: string;
  /** What it connects the pin with while it is pressed. */
  readonly closesTo: 'ground' | 'supply';
  /** A pull resistor on the board itself, beside the one in the chip. */
  readonly externalPull?: 'up' | 'down';
  /** RIOT's `BTN0_MODE` of this board. */
  readonly mode: PinMode;
}

/** What a sensor or actuator is, in the words of RIOT's SAUL registry. */
export type SensorClass = 'ACT_SWITCH' | 'SENSE_BTN' | 'SENSE_TEMP';

/** A sensor or actuator of the board. */
export interface SensorModel {
  readonly name: string;
  readonly class: SensorClass;
  /** Power of ten that a reading is to be multiplied with. */
  readonly scale: number;
  /** `°C`, or empty for a bare number. */
  readonly unit: string;
  /** What it reads as after power-on, in units of 10^`scale`. */
  readonly initial: number;
  /** The button behind it, for `SENSE_BTN`. */
  readonly button?: string;
}

/** Memory that the processor sees at an address. */
export interface MemoryRange {
  readonly baseAddress: number;
  readonly sizeBytes: number;
}

/** A board that can be had: what a data sheet would say of it. */
export interface BoardModel {
  /** RIOT's or Zephyr's name of the board; also its USB product string. */
  readonly name: string;
  readonly chip: string;
  readonly flash: FlashGeometry;
  /** Address of the first byte of flash. */
  readonly flashBaseAddress: number;
  readonly ram: MemoryRange;
  /** `RIOTBOOT_HDR_LEN` of its core: what stands between a slot's start and the vector table. */
  readonly riotbootHeaderBytes: number;
  /** The bootloaders that it can be had with; the first one is the default. */
  readonly bootloaders: readonly string[];
  readonly buttons: readonly ButtonModel[];
  readonly sensors: readonly SensorModel[];
}

/**
 * The Xenon of Particle's mesh boards, nRF52840 (nRF52840 Product Specification v1.7: NVMC page erase
 * 85 ms, word write 41 µs). One button to ground on P0.11, an RGB lamp on P0.13 to P0.15.
 */
const particleXenon: BoardModel = {
  name: 'particle-xenon',
  chip: 'nRF52840',
  flash: {
    sectors: [{ count: 256, sizeBytes: 4096 }],
    writeUnitBytes: 4,
    erasedValue: 0xff,
    timing: { eraseSectorMs: 85, programUnitUs: 41 },
  },
  flashBaseAddress: 0,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x40000 },
  riotbootHeaderBytes: 0x400,
  bootloaders: ['riotboot_dfu', 'riotboot'],
  buttons: [{ name: 'BTN0', pin: 'P0.11', closesTo: 'ground', mode: 'GPIO_IN_PU' }],
  sensors: [
    { name: 'Led Red', class: 'ACT_SWITCH', scale: 0, unit: '', initial: 0 },
    { name: 'Led Green', class: 'ACT_SWITCH', scale: 0, unit: '', initial: 0 },
    { name: 'Led Blue', class: 'ACT_SWITCH', scale: 0, unit: '', initial: 0 },
    {
      name: 'MODE Button',
      class: 'SENSE_BTN',
      scale: 0,
      unit: '',
      initial: 0,
      button: 'BTN0',
    },
    { name: 'NRF_TEMP', class: 'SENSE_TEMP', scale: -2, unit: '°C', initial: 2325 },
  ],
};

/** Every board that can be had, by name. */
export const boardModels: readonly BoardModel[] = [particleXenon];

/** The board of that name. Throws `NOT_FOUND` with the names that there are. */
export function boardModel(name: string): BoardModel {
  const model = boardModels.find((each) => each.name === name);
  if (model !== undefined) return model;
  const names = boardModels.map((each) => each.name).join(', ');
  throw new DfuError('NOT_FOUND', `no board "${name}"; there is: ${names}`);
}

/** Bytes of a flash of that geometry. */
export function flashSizeBytes(geometry: FlashGeometry): number {
  return geometry.sectors.reduce((sum, run) => sum + run.count * run.sizeBytes, 0);
}
