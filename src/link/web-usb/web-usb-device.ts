import type { DeviceFilter, WebUsbSetup } from '../../usb/index.ts';

// What is used of WebUSB, written down here so that it can be had without a browser's types.

/** A device as WebUSB has it: a `USBDevice` is one. */
export interface WebUsbDevice {
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
  readonly opened: boolean;
  /** Nothing while the device is not configured. */
  readonly configuration?: object | null | undefined;
  open(): Promise<void>;
  close(): Promise<void>;
  reset(): Promise<void>;
  selectConfiguration(value: number): Promise<void>;
  claimInterface(interfaceNumber: number): Promise<void>;
  releaseInterface(interfaceNumber: number): Promise<void>;
  selectAlternateInterface(interfaceNumber: number, alternate: number): Promise<void>;
  controlTransferIn(
    setup: WebUsbSetup,
    length: number,
  ): Promise<{ readonly data?: DataView | undefined; readonly status?: string | undefined }>;
  controlTransferOut(
    setup: WebUsbSetup,
    data: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly bytesWritten: number; readonly status?: string | undefined }>;
}

/** A device came or went. */
export interface WebUsbEvent {
  readonly device: WebUsbDevice;
}

/** The browser's `navigator.usb`: the devices that the page may use. */
export interface WebUsb {
  getDevices(): Promise<readonly WebUsbDevice[]>;
  /** Asks a person; a worker has it not. */
  requestDevice?(options: { readonly filters: DeviceFilter[] }): Promise<WebUsbDevice>;
  addEventListener(type: 'connect' | 'disconnect', listener: (event: WebUsbEvent) => void): void;
  removeEventListener(type: 'connect' | 'disconnect', listener: (event: WebUsbEvent) => void): void;
}
