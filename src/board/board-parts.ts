import type { NorFlash } from '../flash/index.ts';
import type { Clock } from '../usb/index.ts';
import type { ButtonConfiguration } from './hardware/button.ts';
import type { UsbIdentity } from './hardware/usb-identity.ts';
import type { BoardModel } from './models/board-model.ts';
import type { Bootloader } from './seams/bootloader.ts';
import type { DfuPolicy } from './seams/dfu-policy.ts';
import type { Runner } from './seams/peripherals.ts';

/** What a board is put together from. */
export interface BoardParts {
  readonly model: BoardModel;
  readonly flash: NorFlash;
  readonly clock: Clock;
  /** What runs its programs; of several, the first that takes what stands at the image's entry. */
  readonly runner: Runner | readonly Runner[];
  readonly bootloader: Bootloader;
  /** Serial number of the chip. */
  readonly serial: string;
  /** How the bootloader looks at the button; default: as the board's own definitions say. */
  readonly button?: ButtonConfiguration | undefined;
  /** Most time between two feeds of the watchdog, in ms; default 4000. */
  readonly watchdogMs?: number | undefined;
  /** Names the function at an address of its machine code. */
  readonly symbols?: ((address: number) => string | undefined) | undefined;
  /** What its USB devices say of themselves; default: what their programs tell. */
  readonly usbIdentity?: UsbIdentity | undefined;
  /** What must hold for DFU_DETACH and DFU_UPLOAD; default: nothing. */
  readonly policy?: DfuPolicy | undefined;
}
