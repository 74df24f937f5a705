import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

/** What is used of npm `usb`. */
interface NativeDevice {
  readonly vendorId: number;
  readonly productId: number;
  open(): Promise<void>;
  close(): Promise<void>;
  claimInterface(interfaceNumber: number): Promise<void>;
  selectAlternateInterface(interfaceNumber: number, alternate: number): Promise<void>;
  controlTransferIn(
    setup: object,
    length: number,
    timeoutMs: number,
  ): Promise<{ readonly data?: DataView; readonly status?: string }>;
  controlTransferOut(
    setup: object,
    data: Uint8Array,
    timeoutMs: number,
  ): Promise<{ readonly bytesWritten: number; readonly status?: string }>;
}

/** What DFU_GETSTATUS said. */
interface Status {
  readonly bStatus: number;
  readonly pollMs: number;
  readonly state: number;
}

const TIMEOUT_MS = 20_000;
const NOTHING: Uint8Array = new Uint8Array(0);

/** Requests to interface 0 of a device, one by one, with nothing in between that knows what DFU is. */
export class RawHost {
  readonly #device: NativeDevice;

  private constructor(device: NativeDevice) {
    this.#device = device;
  }

  /** Opens the device with that id and claims its interface; no alternate is selected. */
  static async open(id: string): Promise<RawHost> {
    const require = createRequire(`${process.env['DFUKIT']}/package.json`);
    const { usb } = (await import(require.resolve('usb'))) as {
      readonly usb: { getDevices(): Promise<readonly NativeDevice[]> };
    };
    const [vendor, product] = id.split(':').map((each) => Number.parseInt(each, 16));
    const device = (await usb.getDevices()).find(
      ({ vendorId, productId }) => vendorId === vendor && productId === product,
    );
    assert.ok(device !== undefined, `${id} is there`);
    await device.open();
    await device.claimInterface(0);
    return new RawHost(device);
  }

  close(): Promise<void> {
    return this.#device.close();
  }

  select(alternate: number): Promise<void> {
    return this.#device.selectAlternateInterface(0, alternate);
  }

  /** A class request with a data stage to the device, or none. */
  async out(request: number, value: number, data: Uint8Array = NOTHING): Promise<void> {
    const setup = { requestType: 'class', recipient: 'interface', request, value, index: 0 };
    const { status = 'ok' } = await this.#device.controlTransferOut(setup, data, TIMEOUT_MS);
    assert.equal(status, 'ok', `request ${request}, wValue ${value}`);
  }

  /** A class request with a data stage to the host. */
  async in(request: number, value: number, length: number): Promise<Buffer> {
    const setup = { requestType: 'class', recipient: 'interface', request, value, index: 0 };
    const { data, status = 'ok' } = await this.#device.controlTransferIn(setup, length, TIMEOUT_MS);
    assert.equal(status, 'ok', `request ${request}, wValue ${value}`);
    return bufferOf(data);
  }

  /** GET_DESCRIPTOR, of the device. */
  async descriptor(type: number, length: number): Promise<Buffer> {
    const standard = { requestType: 'standard', recipient: 'device', request: 6 };
    const setup = { ...standard, value: type * 256, index: 0 };
    const { data } = await this.#device.controlTransferIn(setup, length, TIMEOUT_MS);
    return bufferOf(data);
  }

  /** DFU_GETSTATUS. */
  async status(): Promise<Status> {
    const bytes = await this.in(3, 0, 6);
    return {
      bStatus: bytes.readUInt8(0),
      pollMs: bytes.readUIntLE(1, 3),
      state: bytes.readUInt8(4),
    };
  }

  /** DFU_GETSTATUS, which must tell this state. */
  async expectState(state: number): Promise<Status> {
    const status = await this.status();
    assert.equal(status.state, state, `bState; bStatus is ${status.bStatus}`);
    return status;
  }
}

function bufferOf(data: DataView | undefined): Buffer {
  if (data === undefined) return Buffer.alloc(0);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
