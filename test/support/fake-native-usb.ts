import { DevicePort, isIn } from '../../src/usb/index.ts';
import type { SetupPacket, VirtualClock } from '../../src/usb/index.ts';
import type {
  NativeDevice,
  NativeSetup,
  NativeUsb,
  NativeUsbEvent,
} from '../../src/link/node-usb/index.ts';
import { ScriptedDevice } from './scripted-device.ts';

const types = { standard: 0x00, class: 0x20, vendor: 0x40 } as const;
const recipients = { device: 0, interface: 1, endpoint: 2, other: 3 } as const;
const nothing = new Uint8Array(0);

/** The package's behaviour as it was seen, in front of a device in software. */
export class FakeNative implements NativeDevice {
  readonly scripted = new ScriptedDevice();
  vendorId = 0x1209;
  productId = 0x7d02;
  usbVersionMajor = 2;
  usbVersionMinor = 1;
  usbVersionSubminor = 0;
  deviceVersionMajor = 1;
  deviceVersionMinor = 2;
  deviceVersionSubminor = 3;
  deviceClass = 0;
  deviceSubclass = 0;
  deviceProtocol = 0;
  bus = '001';
  address = 5;
  ports = [4, 2];
  speed = 'full' as const;
  opened = false;
  /** What was done to it besides transfers. */
  readonly log: string[] = [];
  /** Thrown by the operation of that name. */
  readonly failures = new Map<string, string>();
  readonly port: DevicePort;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.port = new DevicePort(this.scripted, clock, {
      attached: () => {},
      detached: () => {},
      log: () => {},
    });
    this.port.plug();
  }

  get configurations(): never {
    throw new Error('failed to read string descriptor');
  }

  open = (): Promise<void> => this.#do('open', () => (this.opened = true));
  close = (): Promise<void> => this.#do('close', () => (this.opened = false));
  reset = (): Promise<void> => this.#do('reset', () => this.port.reset());
  selectConfiguration = (value: number): Promise<void> =>
    this.#do(`configuration ${value}`, () => this.scripted.configure(value));
  claimInterface = (number: number): Promise<void> => this.#do(`claim ${number}`);
  releaseInterface = (number: number): Promise<void> => this.#do(`release ${number}`);
  selectAlternateInterface = (number: number, alternate: number): Promise<void> =>
    this.#do(`alternate ${number} ${alternate}`);

  async controlTransferIn(
    setup: NativeSetup,
    length: number,
    timeoutMs: number,
  ): Promise<{ data: DataView; status: string }> {
    const bytes = await this.#transfer(setup, undefined, { length, timeoutMs });
    return { data: new DataView(bytes.slice().buffer), status: 'ok' };
  }

  async controlTransferOut(
    setup: NativeSetup,
    data: Uint8Array,
    timeoutMs: number,
  ): Promise<{ bytesWritten: number; status: string }> {
    if ((data as unknown) === undefined) throw new TypeError('reading undefined');
    await this.#transfer(setup, data, { length: data.length, timeoutMs });
    return { bytesWritten: data.length, status: 'ok' };
  }

  #transfer(
    setup: NativeSetup,
    data: Uint8Array | undefined,
    { length, timeoutMs }: { length: number; timeoutMs: number },
  ): Promise<Uint8Array> {
    const direction = data === undefined ? 0x80 : 0;
    const packet: SetupPacket = {
      bmRequestType: direction | types[setup.requestType] | recipients[setup.recipient],
      bRequest: setup.request,
      wValue: setup.value,
      wIndex: setup.index,
      wLength: length,
    };
    const failure = this.failures.get('transfer');
    if (failure !== undefined) return Promise.reject(new Error(failure));
    return new Promise((resolve, reject) => {
      let ended = false;
      const transfer = this.port.submit(packet, data, (result) => {
        ended = true;
        if (result.end === 'stall') reject(new Error('controlTransfer error: endpoint stalled'));
        else if (result.end === 'lost') reject(new Error('device disconnected'));
        else resolve(result.end === 'in' && isIn(packet) ? result.data : nothing);
      });
      if (ended) return;
      this.#clock.at(this.#clock.now() + timeoutMs, () => {
        this.port.cancel(transfer);
        reject(new Error('transfer was cancelled'));
      });
    });
  }

  #do(name: string, work: () => unknown = () => {}): Promise<void> {
    this.log.push(name);
    const failure = this.failures.get(name.split(' ')[0] ?? '');
    if (failure !== undefined) return Promise.reject(new Error(failure));
    work();
    return Promise.resolve();
  }
}

/** The package's object of that name. */
export class FakeUsb implements NativeUsb {
  devices: FakeNative[] = [];
  failure: string | undefined;
  readonly listeners = new Map<string, (event: NativeUsbEvent) => void>();

  getDevices(): Promise<readonly NativeDevice[]> {
    if (this.failure !== undefined) return Promise.reject(new Error(this.failure));
    return Promise.resolve([...this.devices]);
  }

  addEventListener(type: string, listener: (event: NativeUsbEvent) => void): void {
    this.listeners.set(type, listener);
  }

  removeEventListener(type: string): void {
    this.listeners.delete(type);
  }
}
