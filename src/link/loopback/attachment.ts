import { ControlWire, PipeState } from '../../usb/index.ts';
import type { Clock, DevicePort, TransferEnd, Wire, WireTransfer } from '../../usb/index.ts';

/** A device from the moment it attached until it left: what pipes may talk to. */
export class Attachment implements Wire {
  readonly state: PipeState = new PipeState();
  readonly wire: ControlWire;
  readonly #port: DevicePort;

  constructor(port: DevicePort, clock: Clock) {
    this.#port = port;
    this.wire = new ControlWire(this, clock);
  }

  transfer(
    { packet, data }: WireTransfer,
    ended: (how: TransferEnd) => void,
  ): (() => void) | undefined {
    // Another attachment may be at the same port by now.
    if (this.state.over) {
      ended({ end: 'lost' });
      return undefined;
    }
    const transfer = this.#port.submit(packet, data, (result) =>
      // The device may use its bytes again as soon as the transfer has ended.
      ended(result.end === 'in' ? { end: 'in', data: result.data.slice() } : result),
    );
    return () => this.#port.cancel(transfer);
  }
}
