import type { BootReason } from './bootloader.ts';
import type { FirmwareVersion } from './firmware-api.ts';

/** What started the board anew. */
export type BootCause = 'power-on' | 'reset-pin' | 'watchdog' | 'software';

/** What can be seen of a board from outside. */
export type BoardEvent =
  | { readonly type: 'power'; readonly on: boolean }
  | {
      readonly type: 'boot';
      readonly cause: BootCause;
      /** `none`: the bootloader waits for ever. */
      readonly mode: 'dfu' | 'application' | 'none';
      readonly slot?: number | undefined;
      readonly version?: FirmwareVersion | undefined;
      readonly why: BootReason;
    }
  /** A line of the console. */
  | { readonly type: 'console'; readonly text: string }
  /** `id` as `1209:7d02`. */
  | { readonly type: 'usb'; readonly state: 'attached' | 'configured'; readonly id: string }
  | { readonly type: 'usb'; readonly state: 'detached' }
  /** The processor has stopped; the watchdog is next. */
  | { readonly type: 'fault'; readonly message: string }
  /** A download was finished; `bytes` of the image. */
  | { readonly type: 'download'; readonly slot: number; readonly bytes: number }
  /** A program has set a lamp or another actuator. */
  | { readonly type: 'actuator'; readonly name: string; readonly value: number };
