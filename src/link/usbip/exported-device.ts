import { DfuError } from '../../bytes/index.ts';
import { DevicePort, decodeConfiguration, deviceDescriptor } from '../../usb/index.ts';
import type { Clock, InterfaceDescriptor, UsbDevice } from '../../usb/index.ts';
import type { Connection } from './connection.ts';
import { OperationStatus, URB_HEADER_BYTES, deviceIdOf, speedNumber } from './protocol.ts';
import type { DeviceRecord } from './protocol.ts';
import { UrbSession } from './urb-session.ts';

/** A bus id as Linux has it: bus number, hyphen, ports. */
const BUS_ID = /^(\d{1,5})-\d+(\.\d+)*$/;
/** The longest bus id, with room for the NUL. */
const BUS_ID_CHARACTERS = 31;

/** Called when the device comes to the bus and when it leaves. */
export interface ExportListener {
  readonly attached?: (() => void) | undefined;
  readonly detached?: (() => void) | undefined;
}

/** What an exported device needs of the server that it belongs to. */
interface ExportSurroundings {
  readonly busId: string;
  readonly clock: Clock;
  /** A device number that was not used lately. */
  readonly deviceNumber: () => number;
  readonly log: (line: string) => void;
  readonly removed: () => void;
}

/** A device that others may import, one at a time. */
export class ExportedDevice {
  readonly busId: string;
  /** The time that its device lives by. */
  readonly clock: Clock;
  readonly #port: DevicePort;
  readonly #around: ExportSurroundings;
  readonly #listeners = new Set<ExportListener>();
  readonly #busNumber: number;
  #deviceNumber = 0;
  #session: UrbSession | undefined;

  /** @internal Made by `UsbipServer.add`. */
  constructor(device: UsbDevice, around: ExportSurroundings) {
    const match = BUS_ID.exec(around.busId);
    const bus = Number(match?.[1]);
    if (match === null || around.busId.length > BUS_ID_CHARACTERS || bus > 0xffff) {
      const expected = 'expected a bus and a port, e.g. 1-1 or 3-4.2';
      throw new DfuError('INVALID_ARGUMENT', `bus id: ${expected}, got "${around.busId}"`);
    }
    this.busId = around.busId;
    this.clock = around.clock;
    this.#busNumber = bus;
    this.#around = around;
    this.#port = new DevicePort(device, around.clock, {
      attached: () => this.#attached(),
      detached: () => this.#detached(),
      log: (line) => around.log(`${this.busId}: ${line}`),
    });
    this.#port.plug();
  }

  /** Whether it is on the bus; only then can it be imported. */
  get attached(): boolean {
    return this.#port.attached;
  }

  /** Whether somebody has imported it. */
  get imported(): boolean {
    return this.#session !== undefined;
  }

  /**
   * Bus number and device number in one, as URBs carry it; another one for each attachment.
   *
   * @internal
   */
  get deviceId(): number {
    return deviceIdOf(this.#busNumber, this.#deviceNumber);
  }

  /**
   * Speed code of USB/IP and Linux.
   *
   * @internal
   */
  get speed(): number {
    return speedNumber(this.#port.device.speed);
  }

  /** Pulls the cable: no bus, no power from it. */
  unplug(): void {
    this.#port.unplug();
  }

  /** Puts the cable back. */
  replug(): void {
    this.#port.plug();
  }

  /** Takes it off the server for good. */
  remove(): void {
    this.unplug();
    this.#listeners.clear();
    this.#around.removed();
  }

  /** Tells of attachments from now on; the answer stops it. */
  watch(listener: ExportListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * How it is described to those who may import it.
   *
   * @internal
   */
  record(): DeviceRecord {
    const { device, configurationValue } = this.#port.device.descriptors();
    const { idVendor, idProduct, bcdDevice, bNumConfigurations, ...rest } =
      deviceDescriptor.decode(device);
    return {
      path: `/dfukit/${this.busId}`,
      busId: this.busId,
      busNumber: this.#busNumber,
      deviceNumber: this.#deviceNumber,
      speed: this.speed,
      idVendor,
      idProduct,
      bcdDevice,
      bDeviceClass: rest.bDeviceClass,
      bDeviceSubClass: rest.bDeviceSubClass,
      bDeviceProtocol: rest.bDeviceProtocol,
      bConfigurationValue: configurationValue,
      bNumConfigurations,
      bNumInterfaces: this.interfaces().length,
    };
  }

  /**
   * The interfaces of the current configuration, or of the first, each with its alternate 0.
   *
   * @internal
   */
  interfaces(): InterfaceDescriptor[] {
    const { configurations, configurationValue } = this.#port.device.descriptors();
    const all = configurations.map((bytes) => decodeConfiguration(bytes, () => {}));
    const current =
      all.find((each) => each.descriptor.bConfigurationValue === configurationValue) ?? all[0];
    const settings = current?.settings.map(({ descriptor }) => descriptor) ?? [];
    return settings.filter(({ bAlternateSetting }) => bAlternateSetting === 0);
  }

  /**
   * Why it cannot be imported now; `OperationStatus.ok` if it can.
   *
   * @internal
   */
  importStatus(): number {
    if (!this.attached) return OperationStatus.noDevice;
    return this.imported ? OperationStatus.busy : OperationStatus.ok;
  }

  /**
   * Gives it to the peer at that connection, until the connection or the attachment ends. The answer is
   * how many bytes the first part from the peer has.
   *
   * @internal
   */
  lend(connection: Connection): number {
    const session = new UrbSession(connection, this.#port, {
      clock: this.clock,
      deviceId: this.deviceId,
    });
    this.#session = session;
    this.#around.log(`${this.busId}: imported`);
    connection.onEnd((reason) => {
      session.end();
      if (this.#session !== session) return;
      this.#session = undefined;
      this.#around.log(`${this.busId}: given back: ${reason}`);
    });
    return URB_HEADER_BYTES;
  }

  #attached(): void {
    this.#deviceNumber = this.#around.deviceNumber();
    for (const { attached } of this.#listeners) attached?.();
  }

  #detached(): void {
    const session = this.#session;
    this.#session = undefined;
    session?.leave();
    for (const { detached } of this.#listeners) detached?.();
  }
}
