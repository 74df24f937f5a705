import { DevicePort, deviceDescriptor, isIn } from '../../src/usb/index.ts';
import type { Clock, SetupPacket, UsbDevice } from '../../src/usb/index.ts';
import type {
  WebUsb,
  WebUsbDevice,
  WebUsbEvent,
  WebUsbSetup,
} from '../../src/link/web-usb/index.ts';

const types = { standard: 0x00, class: 0x20, vendor: 0x40 } as const;
const recipients = { device: 0, interface: 1, endpoint: 2, other: 3 } as const;
const nothing = new Uint8Array(0);

const fault = (name: string, message: string): Error => new DOMException(message, name);

/** A device as a page of Chromium has it, of one attachment. */
export class FakeWebDevice implements WebUsbDevice {
  readonly vendorId: number;
  readonly productId: number;
  readonly usbVersionMajor = 2;
  readonly usbVersionMinor = 1;
  readonly usbVersionSubminor = 0;
  readonly deviceVersionMajor = 1;
  readonly deviceVersionMinor = 0;
  readonly deviceVersionSubminor = 0;
  readonly deviceClass = 0;
  readonly deviceSubclass = 0;
  readonly deviceProtocol = 0;
  opened = false;
  configuration: object | null = null;
  isGone = false;
  readonly claimed = new Set<number>();
  /** What was done to it besides transfers. */
  readonly log: string[] = [];
  /** Thrown by the operation of that name: name and words of the DOMException. */
  readonly failures = new Map<string, readonly [name: string, message: string]>();
  readonly #port: DevicePort;

  constructor(port: DevicePort, descriptor: Uint8Array) {
    const { idVendor, idProduct } = deviceDescriptor.decode(descriptor);
    this.vendorId = idVendor;
    this.productId = idProduct;
    this.#port = port;
  }

  open(): Promise<void> {
    return this.#do('open', () => {
      this.opened = true;
    });
  }

  close(): Promise<void> {
    return this.#do('close', () => {
      this.opened = false;
    });
  }

  /** Chromium resets by way of the system, and puts nothing back. */
  reset(): Promise<void> {
    return this.#do('reset', () => {
      this.configuration = null;
      this.#port.reset();
    });
  }

  selectConfiguration(value: number): Promise<void> {
    return this.#do(`configuration ${value}`, async () => {
      this.configuration = {};
      const setup = { requestType: 'standard', recipient: 'device', request: 9, value, index: 0 };
      await this.#transfer(setup as WebUsbSetup, nothing, 0);
    });
  }

  claimInterface(number: number): Promise<void> {
    return this.#do(`claim ${number}`, () => void this.claimed.add(number));
  }

  releaseInterface(number: number): Promise<void> {
    return this.#do(`release ${number}`, () => void this.claimed.delete(number));
  }

  selectAlternateInterface(index: number, value: number): Promise<void> {
    return this.#do(`alternate ${index} ${value}`, async () => {
      const setup = { requestType: 'standard', recipient: 'interface', request: 11, value, index };
      await this.#transfer(setup as WebUsbSetup, nothing, 0);
    });
  }

  async controlTransferIn(
    setup: WebUsbSetup,
    length: number,
  ): Promise<{ readonly data?: DataView; readonly status: string }> {
    const bytes = await this.#transfer(setup, undefined, length);
    if (bytes === 'stall') return { status: 'stall' };
    return { data: new DataView(bytes.slice().buffer), status: 'ok' };
  }

  async controlTransferOut(
    setup: WebUsbSetup,
    data: Uint8Array,
  ): Promise<{ readonly bytesWritten: number; readonly status: string }> {
    const taken = await this.#transfer(setup, data, data.length);
    if (taken === 'stall') return { bytesWritten: 0, status: 'stall' };
    return { bytesWritten: data.length, status: 'ok' };
  }

  /** It leaves: what is under way breaks before the page is told. */
  leave(): void {
    this.isGone = true;
    this.opened = false;
  }

  async #transfer(
    setup: WebUsbSetup,
    data: Uint8Array | undefined,
    length: number,
  ): Promise<Uint8Array | 'stall'> {
    this.#demand('transfer');
    if (setup.recipient === 'interface' && !this.claimed.has(setup.index & 0xff)) {
      throw fault('InvalidStateError', 'The specified interface has not been claimed.');
    }
    const direction = data === undefined ? 0x80 : 0;
    const packet: SetupPacket = {
      bmRequestType: direction | types[setup.requestType] | recipients[setup.recipient],
      bRequest: setup.request,
      wValue: setup.value,
      wIndex: setup.index,
      wLength: length,
    };
    return new Promise((resolve, reject) => {
      this.#port.submit(packet, data?.slice(), (result) => {
        if (result.end === 'stall') resolve('stall');
        else if (result.end === 'lost') {
          reject(fault('NetworkError', 'A transfer error has occurred.'));
        } else resolve(result.end === 'in' && isIn(packet) ? result.data : nothing);
      });
    });
  }

  #demand(name: string): void {
    if (this.isGone) throw fault('NotFoundError', 'The device was disconnected.');
    const failure = this.failures.get(name.split(' ')[0] ?? '');
    if (failure !== undefined) throw fault(...failure);
    if (name !== 'open' && !this.opened) {
      throw fault('InvalidStateError', 'The device must be opened first.');
    }
  }

  async #do(name: string, work: () => unknown): Promise<void> {
    this.log.push(name);
    this.#demand(name);
    await work();
  }
}

/** `navigator.usb` of a page in front of a device in software: an object of its own for each attachment. */
export class FakeWebUsb implements WebUsb {
  readonly devices: FakeWebDevice[] = [];
  /** A device is listed and told of only where the page may use it. */
  permits: (device: FakeWebDevice) => boolean = () => true;
  readonly #listeners = { connect: new Set<Listener>(), disconnect: new Set<Listener>() };
  #all: FakeWebDevice[] = [];

  constructor(device: UsbDevice, clock: Clock) {
    const port: DevicePort = new DevicePort(device, clock, {
      attached: () => queueMicrotask(() => this.#enumerate(port)),
      detached: () => this.#detached(),
      log: () => {},
    });
    port.plug();
  }

  getDevices(): Promise<readonly WebUsbDevice[]> {
    return Promise.resolve(this.#all.filter((each) => this.permits(each)));
  }

  addEventListener(type: 'connect' | 'disconnect', listener: Listener): void {
    this.#listeners[type].add(listener);
  }

  removeEventListener(type: 'connect' | 'disconnect', listener: Listener): void {
    this.#listeners[type].delete(listener);
  }

  get listening(): number {
    return this.#listeners.connect.size + this.#listeners.disconnect.size;
  }

  #enumerate(port: DevicePort): void {
    const packet = { bmRequestType: 0x80, bRequest: 6, wValue: 0x100, wIndex: 0, wLength: 18 };
    port.submit(packet, undefined, (result) => {
      if (result.end === 'in') this.#attached(new FakeWebDevice(port, result.data));
    });
  }

  #attached(device: FakeWebDevice): void {
    this.#detached();
    this.devices.push(device);
    this.#all = [device];
    if (this.permits(device)) for (const each of this.#listeners.connect) each({ device });
  }

  #detached(): void {
    const [device] = this.#all;
    this.#all = [];
    if (device === undefined) return;
    device.leave();
    if (this.permits(device)) for (const each of this.#listeners.disconnect) each({ device });
  }
}

type Listener = (event: WebUsbEvent) => void;
