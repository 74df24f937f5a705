import type { DfuProfile, FunctionalOptions } from '../../device/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { Clock } from '../../usb/index.ts';
import type { BoardModel, Platform } from '../models/board-model.ts';
import type { FirmwareFlashArea, FirmwareSwapType, FirmwareVersion } from './firmware-api.ts';
import type { ImageInspector } from './image-inspector.ts';
import type { BoardFault } from './board-fault.ts';
import type { BootCause } from './boot-cause.ts';
import type { DownloadEvents } from './download-events.ts';
import type { DfuGuard } from './dfu-policy.ts';
import type { RetainedRam } from '../hardware/retained-ram.ts';
import type { Sensors } from '../hardware/sensors.ts';
import type { UsbController } from '../hardware/usb-controller.ts';
import type { UsbIdentity } from '../hardware/usb-identity.ts';

/** The serial console. */
export interface Uart {
  /** Text from the program; lines end with `\n`. */
  write(text: string): void;
  /** Each line that is typed, without its end. One listener; the last one counts. */
  onLine(listener: (line: string) => void): void;
}

/** The program's side of the watchdog. */
export interface WatchdogFeed {
  feed(): void;
  /** From now on it does not run until `feed`: a runner calls it that takes time to begin. */
  hold(): void;
  /** Called when half of the time has gone without `feed`. One listener; the last one counts. */
  onWarning(listener: () => void): void;
}

/** What the DFU functions of both modes have in common on a board. */
export interface DfuHabits {
  readonly functional: FunctionalOptions;
  readonly profile: DfuProfile;
}

/** The buttons as the chip's pins see them. */
export interface ButtonPins {
  /** Pins that a button or a resistor of the board drives now, and to which level. */
  levels(): Iterable<readonly [pin: string, level: boolean]>;
  /** Told of a pin whose level changes; undefined: nothing drives it any more. One listener; the last one counts. */
  onChange(listener: ((pin: string, level: boolean | undefined) => void) | undefined): void;
}

/** Which image is running, as its header says. */
export interface RunningImage {
  readonly slot: number;
  readonly version: FirmwareVersion;
  readonly entryAddress: number;
  /** The chip comes out of reset by itself, through its ROM: `entryAddress` is where the program's vectors should be. */
  readonly ownStart?: boolean | undefined;
  /** Of an image of machine code, where a firmware stands in for it. */
  readonly sha256?: string | undefined;
}

/** What a program can ask of a bootloader that swaps images. Throws `DfuError` where it cannot be had. */
export interface BootControl {
  /** Where an image that it is asked for comes from. */
  readonly otherSlot: number;
  /** The image in the other slot is to boot next: for good, or until the reset after that. */
  requestUpgrade(permanent: boolean): void;
  /** The running image stays. */
  confirm(): void;
  isConfirmed(): boolean;
  /** What the next boot will be asked to do. */
  swapType(): FirmwareSwapType;
  /** Erases the other slot. */
  eraseUpgrade(): void;
  /**
   * Looks at an image on its way into that area of flash, one inspector an image; undefined for an
   * area that is no slot of an update, or a bootloader that lets anything be written.
   */
  inspector(area: string): ImageInspector | undefined;
}

/** The part of a board that a running program can touch. It outlives no reset. */
export interface Peripherals {
  readonly model: BoardModel;
  /** What started the board; all but `power-on` have left RAM as it was. */
  readonly cause: BootCause;
  /** Serial number of the chip, 16 hex digits unless chosen otherwise. */
  readonly serial: string;
  readonly image: RunningImage;
  readonly platform: Platform;
  /** The board in the platform's words, e.g. `reel_board@1/nrf52840`. */
  readonly target: string;
  readonly clock: Clock;
  /** The whole flash; its first byte is at `model.flashBaseAddress`. */
  readonly flash: Flash;
  /** The bootloader's map of it. */
  readonly areas: readonly FirmwareFlashArea[];
  /** Undefined with a bootloader that has nothing to ask. */
  readonly bootControl: BootControl | undefined;
  readonly usb: UsbController;
  /** How this board's run-time function answers: what it says of itself, and its profile. */
  readonly dfu: DfuHabits;
  /** What it says to operating systems, browsers and whoever tells boards apart. */
  readonly usbIdentity: UsbIdentity;
  /** Who hears of downloads that the program takes. */
  readonly downloads: DownloadEvents;
  /** What must hold for DFU_DETACH and DFU_UPLOAD. */
  readonly dfuGuard: DfuGuard;
  readonly uart: Uart;
  readonly watchdog: WatchdogFeed;
  readonly sensors: Sensors;
  readonly buttons: ButtonPins;
  readonly retainedRam: RetainedRam;
  /**
   * The whole RAM of the board, the same bytes through all resets and zeros after a loss of power; made when first asked
   * for. Its last 64 bytes are `retainedRam`. Other threads see it where there is a `SharedArrayBuffer`.
   */
  readonly ram: Uint8Array;
  /** 256 bytes for registers of the chip that only a loss of power clears, likewise. */
  readonly retainedRegisters: Uint8Array;
  /** The processor resets itself, by its request or its own watchdog. Does not come back to the program. */
  reset(cause?: 'software' | 'watchdog'): void;
  /**
   * The program has jumped into the bootloader: its DFU mode runs, and nothing was reset. A fault with a bootloader that
   * has none. Does not come back to the program.
   */
  enterLoader(): void;
  /** Leaves the bootloader's magic number in RAM and resets: DFU mode is next. */
  enterDfuMode(): void;
  /** The processor has locked up; `core`: where. Nothing runs until the watchdog or a person resets it. */
  fault(message: string, core?: BoardFault): void;
}

/** Which board it is, through all its starts: `usb` is another object for each. */
export type BoardSite = Pick<Peripherals, 'model' | 'serial' | 'usb'>;

/** A program under way. */
export interface RunningProgram {
  /** Ends it, wherever it is. It touches nothing from this call on; resolves when all of it is gone. */
  stop(): Promise<void>;
}

/** Code of the processor, as its vector table and the flash around it show it. */
export interface MachineCode {
  /** The reset vector, bit 0 set (Thumb): where the first instruction would be. */
  readonly entry: number;
  /** The initial stack pointer. */
  readonly stackPointer: number;
  /**
   * SHA-256 of the whole image in 64 hex digits: header, code and records with MCUboot, else from the start of its slot
   * (of flash, without slots) to the last byte that is not erased.
   */
  readonly sha256: string;
}

/** What stands at an image's entry. */
export interface Program {
  /** What it is: `ES_MODULE`, `MACHINE_CODE`. */
  readonly kind: number;
  /** What a box holds; empty for machine code, which runs where it stands. */
  readonly payload: Uint8Array;
  /** What was found out of machine code. */
  readonly machineCode?: MachineCode | undefined;
}

/**
 * What makes programs of some kinds run, with the board's peripherals. A board is given one or several, and which of
 * them runs an image is chosen by what stands at its entry. What cannot run is a fault of the processor, told to
 * `peripherals.fault`, never an exception.
 */
export interface Runner {
  /** The kinds of program that it takes. Left out: whatever there is, looked at by nobody before (a stand-in). */
  readonly takes?: readonly number[] | undefined;
  /** `program` is undefined for a runner that takes whatever there is. */
  start(peripherals: Peripherals, program: Program | undefined): RunningProgram;
  /** The board's bootloader takes its time to decide: what a start would wait for may begin. */
  prepare?(board: BoardSite): void;
  /** The board is put away; resolves when nothing is left of what was kept for its next start. */
  release?(board: BoardSite): Promise<void>;
}
