import type { DfuStatus } from '../../dfu/index.ts';
import type { PowerCutKind } from '../../flash/index.ts';
import type { BoardFault } from './board-fault.ts';
import type { BootCause } from './boot-cause.ts';
import type { BootReason } from './bootloader.ts';
import type { FirmwareVersion } from './firmware-api.ts';

/** A power cut in the middle of a flash operation. */
export interface BoardPowerCut {
  /** Number of the operation, counted from 0 since the board was made. */
  readonly operation: number;
  readonly type: 'program' | 'erase';
  /** Where the operation began, as the processor sees it. */
  readonly address: number;
  readonly bytes: number;
  readonly kind: PowerCutKind;
}

/** What can be seen of a board from outside. */
export type BoardEvent =
  | {
      readonly type: 'power';
      readonly on: boolean;
      /** Flash operations done since the board was made. */
      readonly operations: number;
      /** The power cut that struck, if one did: at which operation, and what became of that. */
      readonly cut?: BoardPowerCut | undefined;
    }
  | {
      readonly type: 'boot';
      readonly cause: BootCause;
      /** `none`: the bootloader waits for ever. */
      readonly mode: 'dfu' | 'application' | 'none';
      readonly slot?: number | undefined;
      readonly version?: FirmwareVersion | undefined;
      readonly why: BootReason;
    }
  /**
   * What was started is code of the processor. It is executed where there is a model of the chip; else, or where somebody
   * has ordered that, a stand-in plays it. `entry` is its reset vector (bit 0 set, Thumb), `sha256` of the whole image in its slot, in 64 hex digits.
   */
  | {
      readonly type: 'native';
      readonly slot?: number | undefined;
      readonly version?: FirmwareVersion | undefined;
      readonly entry: number;
      readonly stackPointer: number;
      readonly sha256: string;
    }
  /** A line of the console. */
  | { readonly type: 'console'; readonly text: string }
  /** `id` as `1209:7d02`. */
  | { readonly type: 'usb'; readonly state: 'attached' | 'configured'; readonly id: string }
  | { readonly type: 'usb'; readonly state: 'detached' }
  /** The processor has stopped; the watchdog is next. `core` where machine code was executed. */
  | { readonly type: 'fault'; readonly message: string; readonly core?: BoardFault | undefined }
  /** A download was finished, by the bootloader or a program; `slot` is left out for a medium that is no slot. */
  | { readonly type: 'download'; readonly slot?: number | undefined; readonly bytes: number }
  /**
   * DFU mode has told its host that something failed: bStatus, why, where it was to go, and how many bytes of
   * the download had been taken.
   */
  | {
      readonly type: 'refused';
      readonly status: DfuStatus;
      readonly reason: string;
      readonly slot?: number | undefined;
      readonly bytes: number;
    }
  /** A program has asked MCUboot to boot what is in `slot` next: for good, or until the reset after that. */
  | { readonly type: 'upgrade'; readonly slot: number; readonly permanent: boolean }
  /** A program has confirmed its image, which is in `slot`: it stays. */
  | { readonly type: 'confirmed'; readonly slot: number }
  /** A program has set a lamp or another actuator. */
  | { readonly type: 'actuator'; readonly name: string; readonly value: number };
