import type { Stm32SystemMemory } from '../../boot/stm32/index.ts';
import type { FlashGeometry, FlashRange, MemoryRange } from '../../flash/index.ts';
import type { McubootBuild } from './mcuboot-build.ts';
import type { RiotbootBuild } from './riotboot-build.ts';

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
  readonly externalPull?: 'up' | 'down' | undefined;
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
  readonly button?: string | undefined;
  /** The pin that a lamp is on, for `ACT_SWITCH`: where machine code is executed, a high level lights it. */
  readonly pin?: string | undefined;
}

/** What Zephyr's devicetree and configuration say of a board. */
export interface ZephyrBoard {
  /** Board, revision and chip, as Zephyr's build names them; default: the board's name. */
  readonly target?: string | undefined;
  /** `CONFIG_ROM_START_OFFSET` with MCUboot: room for the image header in front of the vectors. */
  readonly romStartOffset: number;
  /** `boot_partition`. */
  readonly boot: FlashRange;
  /** `slot0_partition`, `slot1_partition`, and two more for each image besides. */
  readonly slots: readonly [FlashRange, FlashRange, ...FlashRange[]];
  /** `storage_partition`. */
  readonly storage?: FlashRange | undefined;
  /** `scratch_partition`, for swap using scratch; default: `storage` serves as one there. */
  readonly scratch?: FlashRange | undefined;
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
  /** What riotboot is built with for it. */
  readonly riotboot?: RiotbootBuild | undefined;
  /** The loader that the chip's maker has put into it, if it is used here. */
  readonly systemMemory?: Stm32SystemMemory | undefined;
  /** Left out where Zephyr's part is not played here. */
  readonly zephyr?: ZephyrBoard | undefined;
  /** What MCUboot is built with for it, where that is not Zephyr's default. */
  readonly mcuboot?: McubootBuild | undefined;
  /** The bootloaders that it can be had with; the first one is the default. */
  readonly bootloaders: readonly string[];
  readonly buttons: readonly ButtonModel[];
  readonly sensors: readonly SensorModel[];
}

/** Whose conventions the programs of a board follow: what they print, and how it is named. */
export type Platform = 'riot' | 'zephyr';

/** What a platform calls this board. */
export function targetOf({ name, zephyr }: BoardModel, platform: Platform): string {
  return platform === 'zephyr' ? (zephyr?.target ?? name) : name;
}

/** Bytes of a flash of that geometry. */
export function flashSizeBytes(geometry: FlashGeometry): number {
  return geometry.sectors.reduce((sum, run) => sum + run.count * run.sizeBytes, 0);
}
