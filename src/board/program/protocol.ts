import type { Platform } from '../models/board-model.ts';
import type {
  FirmwareDfuFunctional,
  FirmwareDfuMode,
  FirmwareUsbMessage,
} from '../seams/firmware-dfu.ts';
import type { FirmwareDetachReason, FirmwareFlashArea } from '../seams/firmware-api.ts';
import type { RunningImage } from '../seams/peripherals.ts';

/** What the board says to a program: one object a message, whose `bytes` cross the port as they are. */
export type ToProgram =
  /** Are you alive? Answered with `fed` as soon as the program is idle. */
  | { readonly type: 'ping' }
  /** A line typed at the console, in UTF-8. */
  | { readonly type: 'line'; readonly bytes: Uint8Array }
  | ResultMessage
  | { readonly type: 'error'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly type: 'usb'; readonly message: FirmwareUsbMessage }
  /** DFU_DETACH to function `index`: answered with `dfu-allowed`. */
  | DfuAllowMessage
  | {
      readonly type: 'dfu-detach';
      readonly index: number;
      readonly reason: FirmwareDetachReason;
    }
  | ControlMessage;

/** A call is done: what came of it, a value or bytes. */
export interface ResultMessage {
  readonly type: 'result';
  readonly id: number;
  readonly value: string | number | null;
  readonly bytes?: Uint8Array | undefined;
}

/** `FirmwareDfuRuntime.allow` is to be asked. */
export interface DfuAllowMessage {
  readonly type: 'dfu-allow';
  readonly id: number;
  readonly index: number;
  readonly timeoutMs: number;
}

/** A control request to function `index` of the description. */
export interface ControlMessage {
  readonly type: 'control';
  readonly id: number;
  readonly index: number;
  readonly setup: readonly [number, number, number, number, number];
  /** The data stage, if it goes to the device. */
  readonly bytes: Uint8Array;
}

/** What a program says to its board. */
export type FromProgram =
  /** Text for the console, in UTF-8; a character may be cut in two. */
  | { readonly type: 'print'; readonly bytes: Uint8Array }
  | { readonly type: 'fed' }
  /** It has taken a `line`, or a `usb` message. */
  | { readonly type: 'taken' | 'usb-taken' }
  /** From now on somebody listens to `usb` messages. */
  | { readonly type: 'usb-heard' }
  /** Null: refused. */
  | { readonly type: 'dfu-allowed'; readonly id: number; readonly timeoutMs: number | null }
  | CallMessage
  | { readonly type: 'answer'; readonly id: number; readonly stage: 'status' | 'stall' }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly stage: 'in';
      readonly bytes: Uint8Array;
    };

/** The program asks something of its board; answered by `result` or `error`. */
export interface CallMessage {
  readonly type: 'call';
  readonly id: number;
  readonly name: CallName;
  readonly args: readonly unknown[];
  /** For flash, or the descriptors of a USB device one behind the other. */
  readonly bytes?: Uint8Array | undefined;
}

/** What a program can ask of its board. */
export type CallName =
  | 'sleep'
  | 'uptimeUs'
  | 'dfuUnlock'
  | 'dfuLock'
  | 'reboot'
  | 'enterDfuMode'
  | 'usbAttach'
  | 'usbDetach'
  | 'sensorRead'
  | 'sensorWrite'
  | 'flashRead'
  | 'flashProgram'
  | 'flashErase'
  | 'ramRead'
  | 'ramWrite'
  | 'bootRequestUpgrade'
  | 'bootConfirm'
  | 'bootIsConfirmed'
  | 'bootSwapType'
  | 'bootEraseUpgrade';

/** A description of a USB device as it crosses the border: handlers are only said to be there. */
export interface UsbDescriptionMessage {
  readonly idVendor: number;
  readonly idProduct: number;
  readonly bcdDevice: number;
  readonly manufacturer: string;
  readonly product: string;
  /** Undefined: the program does not say. */
  readonly serial: string | undefined;
  readonly configuration: string;
  readonly highSpeedConfiguration: string;
  readonly selfPowered: boolean;
  readonly maxPowerMa: number;
  readonly functions: readonly UsbFunctionMessage[];
}

/** A function of it. */
export type UsbFunctionMessage = UsbInterfaceMessage | UsbRuntimeMessage | UsbDfuModeMessage;

/** `FirmwareDfuRuntime`. */
export interface UsbRuntimeMessage {
  readonly type: 'dfu-runtime';
  readonly name: string;
  readonly functional?: FirmwareDfuFunctional | undefined;
  readonly detach: 'bootloader' | 'message' | 'program';
  /** It has an `allow`. */
  readonly asks: boolean;
  readonly association: boolean;
}

/** `FirmwareDfuMode`. */
export type UsbDfuModeMessage = FirmwareDfuMode;

/** `FirmwareInterface`. */
export interface UsbInterfaceMessage {
  readonly type: 'interface';
  readonly name: string;
  readonly triple: readonly [number, number, number];
  /** How many of the bytes that come with the call each descriptor is, in this order. */
  readonly descriptorLengths: readonly number[];
  readonly answers: boolean;
}

/** The parts of the board that do not change while a program runs. */
export interface BoardInfo {
  readonly name: string;
  readonly chip: string;
  readonly platform: Platform;
  readonly target: string;
  readonly serial: string;
  readonly image: RunningImage;
  readonly flash: {
    readonly areas: readonly FirmwareFlashArea[];
    readonly writeUnitBytes: number;
    readonly sectorBytes: number;
  };
  /** `FirmwareNoInitRam`. */
  readonly noInitRam: { readonly address: number; readonly sizeBytes: number };
  /** Whether the bootloader can be asked anything. */
  readonly bootControl: boolean;
  readonly sensors: readonly {
    readonly name: string;
    readonly class: string;
    readonly scale: number;
    readonly unit: string;
  }[];
}
