import { DfuError } from '../../bytes/index.ts';
import {
  DescriptorType,
  getDescriptor,
  readIdentity,
  sameIdentity,
  setConfiguration,
  setInterface,
} from '../../usb/index.ts';
import type {
  BusDevice,
  ControlPipe,
  ControlRequest,
  DeviceIdentity,
  TransferOptions,
} from '../../usb/index.ts';
import type { ClientTransfers } from './client-transfers.ts';
import type { Connection } from './connection.ts';

/** wLength of the first request after a port reset: by it a server knows that there was one. */
const AFTER_RESET_BYTES = 64;

/** What a pipe is made of. */
export interface UsbipPipeParts {
  readonly device: BusDevice;
  readonly connection: Connection;
  readonly transfers: ClientTransfers;
  readonly identity: DeviceIdentity;
}

/** A device that this process has imported. The importer is alone, so a claim always succeeds. */
export class UsbipPipe implements ControlPipe {
  readonly device: BusDevice;
  readonly gone: Promise<void>;
  readonly #connection: Connection;
  readonly #transfers: ClientTransfers;
  readonly #identity: DeviceIdentity;
  /** Claimed interfaces, each with the alternate that was selected. */
  readonly #claims = new Map<number, number>();
  #hasLeft = true;

  constructor({ device, connection, transfers, identity }: UsbipPipeParts) {
    this.device = device;
    this.gone = transfers.gone;
    this.#connection = connection;
    this.#transfers = transfers;
    this.#identity = identity;
  }

  /** Once it is gone: whether the device left, and was not merely given back. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array> {
    return this.#transfers.controlIn(request, length, options);
  }

  controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options?: TransferOptions,
  ): Promise<number> {
    return this.#transfers.controlOut(request, data, options);
  }

  claimInterface(interfaceNumber: number): Promise<void> {
    if (this.#connection.over) {
      return Promise.reject(new DfuError('DISCONNECTED', 'the device has gone'));
    }
    if (!this.#claims.has(interfaceNumber)) this.#claims.set(interfaceNumber, 0);
    return Promise.resolve();
  }

  releaseInterface(interfaceNumber: number): Promise<void> {
    this.#claims.delete(interfaceNumber);
    return Promise.resolve();
  }

  async selectAlternate(interfaceNumber: number, alternate: number): Promise<void> {
    if (!this.#claims.has(interfaceNumber)) {
      const message = `interface ${interfaceNumber} must be claimed before its alternate is selected`;
      throw new DfuError('INVALID_ARGUMENT', message);
    }
    await setInterface(this.#transfers, interfaceNumber, alternate);
    this.#claims.set(interfaceNumber, alternate);
  }

  /**
   * USB/IP carries no reset. This asks for what Linux asks for after one, by which this package's
   * server knows; another server may take no notice, and the device then stays as it is.
   */
  async reset(): Promise<'same' | 'gone'> {
    try {
      await getDescriptor(this.#transfers, DescriptorType.device, 0, AFTER_RESET_BYTES);
      if (sameIdentity(this.#identity, await readIdentity(this.#transfers))) {
        await configure(this.#transfers, this.#identity);
        for (const [interfaceNumber, alternate] of this.#claims) {
          if (alternate !== 0) await setInterface(this.#transfers, interfaceNumber, alternate);
        }
        return 'same';
      }
    } catch (error) {
      if (!DfuError.is(error)) throw error;
    }
    this.#connection.finish('it came back as another device');
    await this.#connection.closed;
    return 'gone';
  }

  async close(): Promise<void> {
    if (!this.#connection.over) this.#hasLeft = false;
    this.#claims.clear();
    this.#connection.finish('given back');
    await this.#connection.closed;
  }
}

/** Selects the first configuration, if there is one. */
export async function configure(
  transfers: ClientTransfers,
  { configurations }: DeviceIdentity,
): Promise<void> {
  const value = configurations[0]?.[5];
  if (value !== undefined) await setConfiguration(transfers, value);
}
