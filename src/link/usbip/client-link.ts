import { DfuError } from '../../bytes/index.ts';
import { DescriptorType, getDescriptor } from '../../usb/index.ts';
import type {
  ControlWire,
  PipeLink,
  PipeState,
  TransferEnd,
  WireTransfer,
} from '../../usb/index.ts';
import type { ClientTransfers } from './client-transfers.ts';
import type { Connection } from './connection.ts';

/** wLength of the first request after a port reset: by it a server knows that there was one. */
const AFTER_RESET_BYTES = 64;

/** What the link to an imported device is made of. */
interface UsbipLinkParts {
  readonly connection: Connection;
  readonly transfers: ClientTransfers;
  readonly wire: ControlWire;
  readonly state: PipeState;
}

/** A device that this process has imported. The importer is alone, so a claim always succeeds. */
export class UsbipLink implements PipeLink {
  readonly #parts: UsbipLinkParts;
  #hasLeft = true;

  constructor(parts: UsbipLinkParts) {
    this.#parts = parts;
  }

  /** Once it is gone: whether the device left, and was not merely given back. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  transfer(what: WireTransfer, ended: (how: TransferEnd) => void): (() => void) | undefined {
    return this.#parts.transfers.transfer(what, ended);
  }

  /**
   * USB/IP carries no reset. This asks for what Linux asks for after one, by which this package's
   * server knows; another server may take no notice, and the device then stays as it is.
   */
  async reset(): Promise<'same' | 'gone'> {
    const { connection, wire, state } = this.#parts;
    try {
      await getDescriptor(wire, DescriptorType.device, 0, AFTER_RESET_BYTES);
      if (await state.comesBack(wire)) return 'same';
    } catch (error) {
      if (!DfuError.is(error)) throw error;
    }
    connection.finish('it came back as another device');
    await connection.closed;
    return 'gone';
  }

  async close(): Promise<void> {
    const { connection } = this.#parts;
    if (!connection.over) this.#hasLeft = false;
    connection.finish('given back');
    await connection.closed;
  }
}
