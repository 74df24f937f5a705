import { DevicePort, deviceDescriptor, isIn } from '../../src/usb/index.ts';
import type { Clock, DeviceFilter, SetupPacket, UsbDevice } from '../../src/usb/index.ts';
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

/** What a browser has read of a device. */
interface Enumerated {
  readonly descriptor: Uint8Array;
  readonly serial: Uint8Array | undefined;
  readonly configuration: Uint8Array | undefined;
}

/** bInterfaceClass, -SubClass and -Protocol of every interface descriptor (USB 2.0 table 9-12). */
function classesIn(configuration: Uint8Array): number[][] {
  const found: number[][] = [];
  for (let at = 0; (configuration[at] ?? 0) > 0; at += configuration[at] ?? 0) {
    if (configuration[at + 1] === 4) found.push([...configuration.subarray(at + 5, at + 8)]);
  }
  return found;
}

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
  readonly serialNumber: string | undefined;
  readonly #port: DevicePort;
  /** Class, subclass and protocol of its interfaces. */
  readonly #classes: readonly (readonly number[])[];

  constructor(port: DevicePort, { descriptor, serial, configuration }: Enumerated) {
    const { idVendor, idProduct } = deviceDescriptor.decode(descriptor);
    this.vendorId = idVendor;
    this.productId = idProduct;
    this.serialNumber =
      serial === undefined ? undefined : new TextDecoder('utf-16le').decode(serial.subarray(2));
    this.#classes = classesIn(configuration ?? nothing);
    this.#port = port;
  }

  /** "Matches a device filter" of WebUSB, with the interfaces as far as Chromium looks at them. */
  fits(filter: DeviceFilter): boolean {
    const { vendorId = this.vendorId, productId = this.productId } = filter;
    if (vendorId !== this.vendorId || productId !== this.productId) return false;
    const { serialNumber = this.serialNumber } = filter;
    if (serialNumber !== this.serialNumber) return false;
    const wanted = [filter.classCode, filter.subclassCode, filter.protocolCode];
    const fitsAll = (codes: readonly number[]): boolean =>
      wanted.every((code, at) => code === undefined || code === codes[at]);
    return filter.classCode === undefined || this.#classes.some(fitsAll);
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

/** Which device a person points at, of those that a chooser shows; nothing: none. */
type Choose = (
  shown: readonly FakeWebDevice[],
) => FakeWebDevice | undefined | Promise<FakeWebDevice | undefined>;

/**
 * `navigator.usb` of a page in front of devices in software: an object of its own for each attachment. The page may use
 * all of them, until `asks` is called: then it has what it was granted (WebUSB, "Device Usage" and "Permissions").
 */
export class FakeWebUsb implements WebUsb {
  readonly devices: FakeWebDevice[] = [];
  /** A device is listed and told of only where the page may use it. */
  permits: (device: FakeWebDevice) => boolean = () => true;
  /** What each chooser asked for. */
  readonly asked: (readonly DeviceFilter[])[] = [];
  readonly #listeners = { connect: new Set<Listener>(), disconnect: new Set<Listener>() };
  readonly #clock: Clock;
  readonly #present = new Map<DevicePort, FakeWebDevice>();
  readonly #attachment = new Map<DevicePort, object>();
  /** Ids and serial number; of a device without one, the attachment. */
  readonly #granted = new Set<string | FakeWebDevice>();
  #choose: Choose = () => undefined;
  #isActive = false;

  constructor(device: UsbDevice, clock: Clock) {
    this.#clock = clock;
    this.plug(device);
  }

  /** One more device; the answer pulls it out. */
  plug(device: UsbDevice): () => void {
    const port: DevicePort = new DevicePort(device, this.#clock, {
      attached: () => queueMicrotask(() => void this.#enumerate(port)),
      detached: () => this.#detached(port),
      log: () => {},
    });
    port.plug();
    return () => port.unplug();
  }

  /** From now on the page may use only what a person has pointed at, by that function. */
  asks(choose: Choose): void {
    this.#choose = choose;
    this.permits = (device) => this.#granted.has(keyOf(device));
  }

  /** A person allowed the page a device before. */
  grant(device: FakeWebDevice | string): void {
    this.#granted.add(typeof device === 'string' ? device : keyOf(device));
  }

  /** What is called there is called from a click. */
  click<T>(work: () => T): T {
    this.#isActive = true;
    try {
      return work();
    } finally {
      this.#isActive = false;
    }
  }

  async requestDevice({
    filters,
  }: {
    readonly filters: readonly DeviceFilter[];
  }): Promise<WebUsbDevice> {
    if (!this.#isActive) {
      throw fault('SecurityError', 'Must be handling a user gesture to show a permission request.');
    }
    this.asked.push(filters);
    const all = [...this.#present.values()];
    const shown = all.filter((each) => filters.some((filter) => each.fits(filter)));
    const chosen = await this.#choose(shown);
    if (chosen === undefined || chosen.isGone) throw fault('NotFoundError', 'No device selected.');
    this.grant(chosen);
    return chosen;
  }

  getDevices(): Promise<readonly WebUsbDevice[]> {
    return Promise.resolve([...this.#present.values()].filter((each) => this.permits(each)));
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

  /** What a browser reads of a device before a page hears of it. */
  async #enumerate(port: DevicePort): Promise<void> {
    const attachment = {};
    this.#attachment.set(port, attachment);
    const descriptor = await readFrom(port, 0x0100, 18);
    if (descriptor === undefined) return;
    const index = deviceDescriptor.decode(descriptor).iSerialNumber;
    const serial = index === 0 ? undefined : await readFrom(port, 0x0300 | index, 255);
    const configuration = await readFrom(port, 0x0200, 0xffff);
    // It may have left meanwhile, and come again.
    if (this.#attachment.get(port) !== attachment) return;
    const known = { descriptor, serial, configuration };
    this.#attached(port, new FakeWebDevice(port, known));
  }

  #attached(port: DevicePort, device: FakeWebDevice): void {
    this.#detached(port);
    this.devices.push(device);
    this.#present.set(port, device);
    if (this.permits(device)) for (const each of this.#listeners.connect) each({ device });
  }

  #detached(port: DevicePort): void {
    this.#attachment.delete(port);
    const device = this.#present.get(port);
    this.#present.delete(port);
    if (device === undefined) return;
    device.leave();
    if (this.permits(device)) for (const each of this.#listeners.disconnect) each({ device });
    this.#granted.delete(device);
  }
}

type Listener = (event: WebUsbEvent) => void;

/** What a permission is for. */
function keyOf(device: FakeWebDevice): string | FakeWebDevice {
  const { vendorId, productId, serialNumber } = device;
  if (serialNumber === undefined) return device;
  return [vendorId.toString(16), productId.toString(16), serialNumber].join(':');
}

/** A descriptor; undefined if it has none, or has left. */
function readFrom(
  port: DevicePort,
  wValue: number,
  wLength: number,
): Promise<Uint8Array | undefined> {
  const wIndex = wValue >= 0x0300 ? 0x0409 : 0;
  const packet = { bmRequestType: 0x80, bRequest: 6, wValue, wIndex, wLength };
  return new Promise((resolve) => {
    port.submit(packet, undefined, (result) => {
      resolve(result.end === 'in' ? result.data : undefined);
    });
  });
}
