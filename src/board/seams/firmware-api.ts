import type { FirmwareDfuFunctional, FirmwareDfuMode, FirmwareUsbMessage } from './firmware-dfu.ts';

/**
 * What a firmware sees. A firmware is an ES module that exports `main`; it runs on the board with
 * nothing but the object that `main` is called with. It has no clock, no network, no files and no
 * modules to import: only the language itself.
 */
export interface FirmwareModule {
  /** Called once after each reset. The board runs on when it returns. */
  main(board: FirmwareBoard): void | Promise<void>;
}

/** The board, seen from its program. */
export interface FirmwareBoard {
  /** e.g. `particle-xenon`. */
  readonly name: string;
  /** e.g. `nRF52840`. */
  readonly chip: string;
  /** Whose conventions this board follows, by its bootloader. */
  readonly platform: 'riot' | 'zephyr';
  /** The board in the platform's words, e.g. `reel_board@1/nrf52840`. */
  readonly target: string;
  /** Serial number of the chip. */
  readonly serial: string;
  /** The image that is running, as its header says. */
  readonly image: FirmwareImage;
  readonly console: FirmwareConsole;
  readonly usb: FirmwareUsb;
  readonly sensors: FirmwareSensors;
  readonly flash: FirmwareFlash;
  /** Not there with a bootloader that has nothing to ask. */
  readonly boot: FirmwareBootControl | undefined;
  readonly watchdog: FirmwareWatchdog;
  readonly dfu: FirmwareDfuLock;
  readonly noInitRam: FirmwareNoInitRam;
  /** Resolves after `ms` on the board's clock. */
  sleep(ms: number): Promise<void>;
  /** Microseconds since the program started, on the board's clock. */
  uptimeUs(): Promise<number>;
  /** Resets the board. Never resolves. */
  reboot(): Promise<never>;
  /** Asks the bootloader for DFU mode by its magic number, and resets. Never resolves. */
  enterDfuMode(): Promise<never>;
}

/** Version of an image: riotboot's is a number, MCUboot's is text such as `1.2.3+4`. */
export type FirmwareVersion = number | string;

/** Which image this is. Without a bootloader slot and version are 0. */
export interface FirmwareImage {
  readonly slot: number;
  readonly version: FirmwareVersion;
  /** Address of the vector table. */
  readonly entryAddress: number;
  /** SHA-256 of the image, 64 hex digits, for a firmware that stands in for one of machine code. */
  readonly sha256?: string | undefined;
}

/** The serial console. */
export interface FirmwareConsole {
  /**
   * Writes a line. Waits, as a UART does, while the line is busy; where a program's thread cannot wait (a browser's),
   * what is too much is lost, and a line says how much. A line of more than half a million characters is a crash.
   */
  print(line: string): void;
  /**
   * Called with each line that is typed, and with those that were typed before. The next line waits
   * until the promise of the one before has settled; one that rejects is a crash.
   */
  onLine(listener: (line: string) => void | Promise<void>): void;
}

/** A request to an interface of the firmware (USB 2.0 §9.3). */
export interface FirmwareControlRequest {
  readonly bmRequestType: number;
  readonly bRequest: number;
  readonly wValue: number;
  /** Low byte: number of the interface. */
  readonly wIndex: number;
  readonly wLength: number;
  /** The data stage, if it goes to the device. */
  readonly data: Uint8Array;
}

/** Bytes to the host, or an acknowledgement, or a refusal. */
export type FirmwareControlAnswer = Uint8Array | 'status' | 'stall';

/** An interface that the firmware itself answers for. */
export interface FirmwareInterface {
  readonly type: 'interface';
  readonly bInterfaceClass: number;
  readonly bInterfaceSubClass: number;
  readonly bInterfaceProtocol: number;
  /** String of the interface. */
  readonly name?: string | undefined;
  /** Class-specific descriptors, whole. */
  readonly descriptors?: readonly Uint8Array[] | undefined;
  /** Class and vendor requests. Without it all of them are stalled. */
  onControl?(
    request: FirmwareControlRequest,
  ): FirmwareControlAnswer | Promise<FirmwareControlAnswer>;
}

/** `detach`: the device detaches by itself (bitWillDetach); `reset`: after the host's bus reset. */
export type FirmwareDetachReason = 'detach' | 'reset';

/** The DFU run-time interface. */
export interface FirmwareDfuRuntime {
  readonly type: 'dfu-runtime';
  /** String of the interface; default "RIOT-OS bootloader", empty for none. */
  readonly name?: string | undefined;
  /** Default: the bootloader's, as it is in RIOT's `usbus_dfu`. */
  readonly functional?: FirmwareDfuFunctional | undefined;
  /** An interface association in front of it, for a composite device. Default false. */
  readonly association?: boolean | undefined;
  /**
   * Asked at DFU_DETACH, while the host waits: accept with a time in ms, which may be the host's or
   * another one, or refuse with undefined. With bitWillDetach the time passes before the device
   * detaches, without it that is how long the bus reset is waited for. Left out: accepted.
   */
  allow?(timeoutMs: number): number | undefined | Promise<number | undefined>;
  /**
   * What DFU_DETACH leads to: the board's bootloader (default); a `dfu-detach` message to this
   * firmware, which then becomes a device in DFU mode itself; or an action of its own, which is called
   * with the device still on the bus, and ends in `reboot`, `enterDfuMode` or another device.
   */
  readonly detach?:
    'bootloader' | 'message' | ((reason: FirmwareDetachReason) => void | Promise<void>);
}

/** A function of the USB device. */
export type FirmwareUsbFunction = FirmwareInterface | FirmwareDfuRuntime | FirmwareDfuMode;

/** The USB device that a firmware wants to be. */
export interface FirmwareUsbDescription {
  readonly idVendor: number;
  readonly idProduct: number;
  /** Binary-coded decimal; default 0x0100. */
  readonly bcdDevice?: number | undefined;
  readonly manufacturer?: string | undefined;
  readonly product?: string | undefined;
  /** Default: the chip's; empty for none. A board may be told to show it never, or always. */
  readonly serial?: string | undefined;
  /** String of the configuration. */
  readonly configuration?: string | undefined;
  /** And at high speed, if it is another one there. */
  readonly highSpeedConfiguration?: string | undefined;
  /** The board has power of its own, whatever comes from the bus. Default false. */
  readonly selfPowered?: boolean | undefined;
  /** Most that it takes from the bus, in mA. Default 100. */
  readonly maxPowerMa?: number | undefined;
  /** In the order of their interfaces; there may be none. */
  readonly functions: readonly FirmwareUsbFunction[];
}

/** What a board may demand before DFU_DETACH or DFU_UPLOAD: that its application has allowed it. */
export interface FirmwareDfuLock {
  /** From now on, until `lock` or the next reset that is none by software. */
  unlock(): Promise<void>;
  lock(): Promise<void>;
}

/**
 * RAM that no start-up code initialises: it keeps its value through a reset, as long as there is power.
 * Where bootloaders and start-up code look for magic numbers.
 */
export interface FirmwareNoInitRam {
  /** Address of its first byte. */
  readonly address: number;
  readonly sizeBytes: number;
  /** The little-endian word at that address. Rejects outside. */
  readWord(address: number): Promise<number>;
  writeWord(address: number, value: number): Promise<void>;
}

/** The USB port. */
export interface FirmwareUsb {
  /** Becomes that device; what it was before leaves the bus. */
  attach(description: FirmwareUsbDescription): Promise<void>;
  detach(): Promise<void>;
  /** Called with what happens at the port, from now on; first of all, if so, that there is power on it. */
  onMessage(listener: (message: FirmwareUsbMessage) => void | Promise<void>): void;
}

/** A sensor or actuator, in the words of RIOT's SAUL registry. */
export interface FirmwareSensor {
  readonly name: string;
  readonly class: string;
  /** Power of ten that a reading is to be multiplied with. */
  readonly scale: number;
  readonly unit: string;
}

/** The sensors and actuators of the board. */
export interface FirmwareSensors {
  readonly list: readonly FirmwareSensor[];
  read(index: number): Promise<number>;
  /** Rejects for what is no actuator. */
  write(index: number, value: number): Promise<void>;
}

/** A part of flash that has a name: `mcuboot`, `image-0`, `image-1`, `storage` in Zephyr's words. */
export interface FirmwareFlashArea {
  readonly name: string;
  readonly address: number;
  readonly sizeBytes: number;
  /** Where in it an uploaded image begins, if not at its start (swap using offset). */
  readonly uploadOffsetBytes?: number | undefined;
}

/** The flash of the board, by address. Its rules are those of NOR flash; breaking one rejects. */
export interface FirmwareFlash {
  readonly areas: readonly FirmwareFlashArea[];
  /** Smallest part that can be programmed, in bytes. */
  readonly writeUnitBytes: number;
  /** Smallest part that can be erased, in bytes; the largest of them where they differ. */
  readonly sectorBytes: number;
  read(address: number, lengthBytes: number): Promise<Uint8Array>;
  /** Whole write units, into erased flash. */
  program(address: number, bytes: Uint8Array): Promise<void>;
  /** Whole sectors. */
  erase(address: number, lengthBytes: number): Promise<void>;
}

/** What the next boot is asked to do, in MCUboot's words. */
export type FirmwareSwapType = 'none' | 'test' | 'perm' | 'revert' | 'fail' | 'panic';

/** The application's side of MCUboot, as Zephyr's `dfu/mcuboot.h` has it. Rejects where flash refuses. */
export interface FirmwareBootControl {
  /**
   * `boot_request_upgrade`: the image in the other slot boots after the next reset. Not permanent: the
   * reset behind that brings this image back, unless the new one confirms itself.
   */
  requestUpgrade(permanent: boolean): Promise<void>;
  /** `boot_write_img_confirmed`: this image stays. */
  confirm(): Promise<void>;
  /** `boot_is_img_confirmed`. */
  isConfirmed(): Promise<boolean>;
  /** `mcuboot_swap_type`: what the next boot will be asked to do. */
  swapType(): Promise<FirmwareSwapType>;
  /** `boot_erase_img_bank` of the other slot. */
  eraseUpgrade(): Promise<void>;
}

/** The watchdog. It is fed whenever the program is idle, unless the program takes that over. */
export interface FirmwareWatchdog {
  /** From now on only `feed` counts. */
  takeOver(): void;
  feed(): void;
}
