import type { UsbSpeed, WebUsbSetup } from '../../usb/index.ts';

// What is used of the npm package `usb` 3.1, written down here so that nothing of it is needed to
// compile or to test.

/** Setup of a control transfer: WebUSB's. */
export type NativeSetup = WebUsbSetup;

/** A device as the package has it; only what does not open it or read its strings. */
export interface NativeDevice {
  readonly vendorId: number;
  readonly productId: number;
  readonly usbVersionMajor: number;
  readonly usbVersionMinor: number;
  readonly usbVersionSubminor: number;
  readonly deviceVersionMajor: number;
  readonly deviceVersionMinor: number;
  readonly deviceVersionSubminor: number;
  readonly deviceClass: number;
  readonly deviceSubclass: number;
  readonly deviceProtocol: number;
  /** Number of the bus on Linux, as text. */
  readonly bus: string;
  readonly address: number;
  readonly ports: readonly number[];
  readonly speed?: UsbSpeed | 'superPlus' | undefined;
  readonly opened: boolean;
  open(): Promise<void>;
  close(): Promise<void>;
  reset(): Promise<void>;
  selectConfiguration(value: number): Promise<void>;
  claimInterface(interfaceNumber: number): Promise<void>;
  releaseInterface(interfaceNumber: number): Promise<void>;
  selectAlternateInterface(interfaceNumber: number, alternate: number): Promise<void>;
  controlTransferIn(
    setup: NativeSetup,
    length: number,
    timeoutMs: number,
  ): Promise<{ readonly data?: DataView | undefined; readonly status?: string | undefined }>;
  controlTransferOut(
    setup: NativeSetup,
    data: Uint8Array,
    timeoutMs: number,
  ): Promise<{ readonly bytesWritten: number; readonly status?: string | undefined }>;
}

export interface NativeUsbEvent {
  readonly device: NativeDevice;
}

/** The package's object of the same name: every device, without asking. */
export interface NativeUsb {
  getDevices(): Promise<readonly NativeDevice[]>;
  addEventListener(type: 'connect' | 'disconnect', listener: (event: NativeUsbEvent) => void): void;
  removeEventListener(
    type: 'connect' | 'disconnect',
    listener: (event: NativeUsbEvent) => void,
  ): void;
}

/** The package itself. */
export interface NativeUsbModule {
  readonly usb: NativeUsb;
}
