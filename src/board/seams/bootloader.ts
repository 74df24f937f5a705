import type { Flash } from '../../flash/index.ts';
import type { UsbDevice } from '../../usb/index.ts';
import type { BoardModel, Platform } from '../models/board-model.ts';
import type { DownloadEvents } from './download-events.ts';
import type { FirmwareFlashArea, FirmwareVersion } from './firmware-api.ts';
import type { BootControl, DfuHabits } from './peripherals.ts';
import type { RetainedRam } from '../hardware/retained-ram.ts';

/**
 * Why a bootloader decided as it did: riotboot's reasons, then what MCUboot did with its two slots
 * (`primary slot`: nothing), then those of a board without a bootloader, then those of a chip with a loader
 * in ROM (`jump to the loader`: a program called it by itself,
 * without a reset), then that of a chip that starts by itself.
 */
export type BootReason =
  | 'newest slot'
  | 'no valid slot'
  | 'button'
  | 'magic number'
  | 'primary slot'
  | 'test swap'
  | 'permanent swap'
  | 'revert'
  | 'no bootable image'
  | 'bootloader stopped'
  | 'no bootloader'
  | 'erased flash'
  | 'application'
  | 'no application'
  | 'left the loader'
  | 'jump to the loader'
  | 'what is in flash';

const everyReason: Readonly<Record<BootReason, true>> = {
  'newest slot': true,
  'no valid slot': true,
  button: true,
  'magic number': true,
  'primary slot': true,
  'test swap': true,
  'permanent swap': true,
  revert: true,
  'no bootable image': true,
  'bootloader stopped': true,
  'no bootloader': true,
  'erased flash': true,
  application: true,
  'no application': true,
  'left the loader': true,
  'jump to the loader': true,
  'what is in flash': true,
};

/** All of them: the compiler misses one that is new. */
export const bootReasons = Object.keys(everyReason) as readonly BootReason[];

/** What a bootloader decides at a start. */
export type BootDecision =
  | {
      readonly mode: 'application';
      readonly why: BootReason;
      /** Undefined, like `version`, where there are no slots and headers. */
      readonly slot?: number | undefined;
      readonly version?: FirmwareVersion | undefined;
      /** Where it jumps to. */
      readonly entryAddress: number;
      /** Nobody jumps: the chip starts it by itself, through its ROM. */
      readonly ownStart?: boolean | undefined;
    }
  | { readonly mode: 'dfu'; readonly why: BootReason }
  /** It waits for ever; `fault` says what stopped it, if it did not stop of its own will. */
  | { readonly mode: 'none'; readonly why: BootReason; readonly fault?: string };

/** The part of a board that a bootloader looks at. */
export interface BootSurroundings {
  readonly model: BoardModel;
  /** Dead as soon as the board is reset or loses its power: `POWER_LOST` then. */
  readonly flash: Flash;
  /** Prints a line on the console. */
  readonly print: (line: string) => void;
  readonly retainedRam: RetainedRam;
  /** Whether the button that it is compiled for is held. */
  readonly buttonPressed: boolean;
}

/** What DFU mode tells the board. */
export interface DfuModeEvents extends DownloadEvents {
  /** It is over: the board is to reset. */
  left(): void;
  /** The same, and DFU mode is to follow (RIOT's answer to DFU_DETACH). */
  again(): void;
}

/** A bootloader of a board. It runs inside a reset. */
export interface Bootloader {
  readonly name: string;
  readonly platform: Platform;
  /** What the run-time function of its applications has in common with DFU mode. */
  readonly dfu: DfuHabits;
  /** Its map of the flash. */
  readonly areas: readonly FirmwareFlashArea[];
  /**
   * Looks and decides; clears a magic number that it has followed. One that takes its time answers
   * with a promise; a reset or a loss of power meanwhile ends it by its flash.
   */
  decide(around: BootSurroundings): BootDecision | Promise<BootDecision>;
  /** Leaves the word in RAM that the next `decide` follows into DFU mode, if it has one. */
  requestDfuMode?(around: Pick<BootSurroundings, 'model' | 'retainedRam'>): void;
  /** The USB device of DFU mode; needed by one that decides for it. */
  dfuMode?(flash: Flash, events: DfuModeEvents): UsbDevice;
  /** What the program in `slot` can ask of it. */
  bootControl?(flash: Flash, slot: number): BootControl;
}
