import type { CancelSignal } from './clock.ts';
import type { DeviceDescriptor } from './descriptors.ts';
import type { SetupPacket } from './setup.ts';
import type { UsbSpeed } from './usb-device.ts';

/** A control request; the length of its data stage comes beside it. */
export type ControlRequest = Omit<SetupPacket, 'wLength'>;

/** How long a transfer may take, and who may end it early. */
export interface TransferOptions {
  /** Default 5000 ms. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: CancelSignal | undefined;
}

/** The time that a control transfer may take unless told otherwise, in ms. */
export const TRANSFER_TIMEOUT_MS = 5000;

/** How long opening a device may take. */
export interface OpenLimits extends TransferOptions {
  /** Most time for all the transfers that opening takes, in ms; left out: `timeoutMs` for each of them. */
  readonly totalMs?: number | undefined;
}

/**
 * All that the host needs of an open device. Three ways to fail stay apart, always: `STALLED` (the
 * device said no), `TIMEOUT` (it said nothing), `DISCONNECTED` (it has gone). One transfer at a time.
 */
export interface ControlPipe {
  /** Which device this is. After a reset that changed the descriptors it is a new one. */
  readonly device: BusDevice;
  /** Control transfer, device to host. The answer may be shorter than `length`. */
  controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array>;
  /** Control transfer, host to device. Resolves with the bytes that the device took. */
  controlOut(request: ControlRequest, data: Uint8Array, options?: TransferOptions): Promise<number>;
  /** Throws `BUSY` if a driver or another program holds it, `ACCESS` if the system forbids. */
  claimInterface(interfaceNumber: number): Promise<void>;
  releaseInterface(interfaceNumber: number): Promise<void>;
  /** SET_INTERFACE; the interface must be claimed. */
  selectAlternate(interfaceNumber: number, alternate: number): Promise<void>;
  /**
   * Resets the port. `same`: the device is there with the descriptors it had, and the pipe goes on;
   * `gone`: it left or came back as another device (look for it again; this pipe is closed).
   * Throws `UNSUPPORTED` where the system has no reset (WinUSB).
   */
  reset(): Promise<'same' | 'gone'>;
  close(): Promise<void>;
  /** Resolves when the device has left the bus or the pipe was closed; never rejects. */
  readonly gone: Promise<void>;
}

/** Where a device is plugged in. */
export interface PortLocation {
  readonly bus: number;
  /** The address that the host gave it; changes with each attachment. */
  readonly address: number;
  /**
   * Bus and chain of hub ports, as dfu-util prints it: `1-4.2`. Where several buses are open as one, the station stands
   * in front: `usbip://10.0.0.2/1-4.2`.
   */
  readonly path: string;
  /** Which of several buses that are open as one (`joinedBus`), as its user calls it; undefined for one bus alone. */
  readonly station?: string | undefined;
}

/** A device that a bus knows of; not opened yet. */
export interface BusDevice {
  /** Different for each attachment, even of the same device to the same port. */
  readonly id: string;
  readonly location: PortLocation;
  readonly speed: UsbSpeed;
  readonly descriptor: DeviceDescriptor;
  /** Most bytes of one control transfer, where its system has such a bound (WinUSB: 4096 at full speed); absent: 65535. */
  readonly mostTransferBytes?: number | undefined;
  /** Throws `ACCESS`, `BUSY`, `DISCONNECTED`, and `TIMEOUT` beyond the limits. */
  open(limits?: OpenLimits): Promise<ControlPipe>;
}

/** What a bus tells while it is watched. */
export type BusEvent =
  | { readonly type: 'attached'; readonly device: BusDevice }
  | { readonly type: 'detached'; readonly id: string };

/** Which devices a person is asked for; what is left out may be anything. As WebUSB's `USBDeviceFilter`. */
export interface DeviceFilter {
  readonly vendorId?: number | undefined;
  /** Needs `vendorId`. */
  readonly productId?: number | undefined;
  /** Class of the device or of one of its interfaces. */
  readonly classCode?: number | undefined;
  /** Needs `classCode`. */
  readonly subclassCode?: number | undefined;
  /** Needs `subclassCode`. */
  readonly protocolCode?: number | undefined;
  readonly serialNumber?: string | undefined;
}

/** Where devices are found: the machine's own USB, a USB/IP server, the browser, a loopback. */
export interface UsbBus {
  /**
   * Only there where a person must point at a device before the bus lists it, as in a browser: asks for one of these (several
   * filters: any of them). Has to come from a click. Resolves with the device that is listed from then on, and with nothing
   * if the person chose none. On such a bus a location is no identity: the same port is another path with each attachment.
   *
   * Who watches the bus is told `attached` once the person has allowed a device: a search for one that has restarted waits
   * for that, and not for the answer.
   *
   * Throws `ACCESS` without a click, or where the page must not ask.
   */
  request?(filters: readonly DeviceFilter[]): Promise<BusDevice | undefined>;
  /** Throws `NO_USB` with the remedy where there is none. */
  list(): Promise<BusDevice[]>;
  /** Tells of every attachment from now on; the answer stops it. */
  watch(listener: (event: BusEvent) => void): () => void;
  close(): Promise<void>;
}
