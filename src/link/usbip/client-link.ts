import { DfuError } from '../../bytes/index.ts';
import type {
  ControlWire,
  PipeLink,
  PipeState,
  TransferEnd,
  WireTransfer,
} from '../../usb/index.ts';
import type { ClientTransfers } from './client-transfers.ts';
import type { Connection } from './connection.ts';
import { portReset } from './port-reset.ts';

/** What the link to an imported device is made of. */
interface UsbipLinkParts {
  readonly connection: Connection;
  readonly transfers: ClientTransfers;
  readonly wire: ControlWire;
  readonly state: PipeState;
}

/** Linux's server carries it out and hands it on to the device all the same, which refuses it. */
async function askForReset(wire: ControlWire): Promise<void> {
  try {
    await wire.controlOut(portReset, new Uint8Array(0));
  } catch (error) {
    if (!DfuError.is(error, 'STALLED')) throw error;
  }
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
   * USB/IP carries no reset, but this package's server and Linux's know one that is asked for as a hub is
   * asked; another server may take no notice, and the device then stays as it is.
   */
  async reset(): Promise<'same' | 'gone'> {
    const { connection, wire, state } = this.#parts;
    try {
      await askForReset(wire);
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
