import type { Clock } from './clock.ts';
import { isIn } from './setup.ts';
import type { SetupPacket } from './setup.ts';
import { DeviceTicker, STALL } from './usb-device.ts';
import type { SetupAnswer, UsbDevice } from './usb-device.ts';

/** How a control transfer ended, seen from the host. */
export type TransferResult =
  /** Data stage to the host, never more than wLength. A view that the device may reuse later. */
  | { readonly end: 'in'; readonly data: Uint8Array }
  /** Data stage to the device, or none: how many bytes it took. */
  | { readonly end: 'out'; readonly taken: number }
  /** The device refused. */
  | { readonly end: 'stall' }
  /** A bus reset or the end of the attachment came first. */
  | { readonly end: 'lost' };

/** A transfer that was submitted; a handle to cancel it with. */
export interface Transfer {
  readonly packet: SetupPacket;
}

/** What a {@link DevicePort} tells the link that owns it. */
export interface PortListener {
  /** The device is on the bus: enumerate it. Called from inside the device: do it later. */
  attached(): void;
  /** The device has left the bus. Its transfers have ended as `lost` before. */
  detached(): void;
  /** A line from the device. */
  log(line: string): void;
}

interface PendingTransfer extends Transfer {
  readonly data: Uint8Array;
  readonly ended: (result: TransferResult) => void;
  /** Bytes of the data stage that the device has been given. */
  taken: number;
  over: boolean;
}

const NO_DATA: Uint8Array = new Uint8Array(0);
const STALLED: TransferResult = { end: 'stall' };
const LOST: TransferResult = { end: 'lost' };

/**
 * The link's end of a device in software: what a hub's port and a host controller do. It takes
 * transfers one after the other, drives each through the stages of {@link UsbDevice}, waits for the
 * held ones, and keeps the device's clock going. It is the one place that calls a `UsbDevice`.
 */
export class DevicePort {
  readonly device: UsbDevice;
  readonly #listener: PortListener;
  readonly #ticker: DeviceTicker;
  readonly #queue: PendingTransfer[] = [];
  #current: PendingTransfer | undefined;
  /** The device has answered the current transfer with `held`. */
  #held = false;
  /** True while the device has the word, so that what it causes waits its turn. */
  #running = false;
  #plugged = false;
  #attached = false;

  constructor(device: UsbDevice, clock: Clock, listener: PortListener) {
    this.device = device;
    this.#listener = listener;
    this.#ticker = new DeviceTicker(device, clock);
  }

  /** Whether the device is on the bus. */
  get attached(): boolean {
    return this.#attached;
  }

  /** Transfers that have not ended yet. */
  get pending(): number {
    return this.#queue.length + (this.#current === undefined ? 0 : 1);
  }

  /** Plugs the device in. It attaches now or later, as it likes. */
  plug(): void {
    if (this.#plugged) return;
    this.#plugged = true;
    this.device.connect({
      attach: () => this.#attach(),
      detach: () => this.#detach(),
      resume: (answer) => this.#resume(answer),
      log: (line) => this.#listener.log(line),
      wake: () => this.#ticker.now(),
    });
    this.#ticker.now();
  }

  /** Pulls the cable. */
  unplug(): void {
    if (!this.#plugged) return;
    this.#plugged = false;
    this.#ticker.stop();
    this.#detach();
    this.device.disconnect();
  }

  /**
   * Submits a control transfer; `data` is the data stage of a control-out, whole. `ended` is called
   * once, perhaps before this returns, unless the transfer is cancelled.
   */
  submit(
    packet: SetupPacket,
    data: Uint8Array | undefined,
    ended: (result: TransferResult) => void,
  ): Transfer {
    const transfer = { packet, data: data ?? NO_DATA, ended, taken: 0, over: false };
    if (this.#attached) {
      this.#queue.push(transfer);
      this.#pump();
    } else {
      transfer.over = true;
      ended(LOST);
    }
    return transfer;
  }

  /** Gives a transfer up; true if it had not ended. `ended` is not called any more. */
  cancel(transfer: Transfer): boolean {
    const pending = transfer as PendingTransfer;
    if (pending.over) return false;
    pending.over = true;
    const at = this.#queue.indexOf(pending);
    if (at >= 0) this.#queue.splice(at, 1);
    if (this.#current === pending) {
      this.#current = undefined;
      this.#pump();
    }
    return true;
  }

  /** Bus reset. Every transfer under way is lost. */
  reset(): void {
    this.#loseAll();
    if (!this.#attached) return;
    this.#ticker.now();
    this.device.reset();
    this.#ticker.now();
  }

  #attach(): void {
    if (!this.#plugged || this.#attached) return;
    this.#attached = true;
    this.#listener.attached();
  }

  #detach(): void {
    if (!this.#attached) return;
    this.#attached = false;
    this.#loseAll();
    this.#listener.detached();
  }

  #loseAll(): void {
    const lost = this.#queue.splice(0);
    if (this.#current !== undefined) lost.unshift(this.#current);
    this.#current = undefined;
    for (const transfer of lost) {
      transfer.over = true;
      transfer.ended(LOST);
    }
  }

  #pump(): void {
    if (this.#running || this.#current !== undefined) return;
    this.#running = true;
    try {
      while (this.#current === undefined) {
        const next = this.#queue.shift();
        if (next === undefined) return;
        this.#current = next;
        this.#held = false;
        this.#ticker.now();
        // The tick may have taken the device off the bus, and this transfer with it.
        if (!next.over) this.#take(next, this.device.setup(next.packet));
        this.#ticker.now();
      }
    } catch (error) {
      // A defect of the device: it must not be taken for an answer, nor block what comes next.
      this.#current = undefined;
      throw error;
    } finally {
      this.#running = false;
    }
  }

  #resume(answer: SetupAnswer): void {
    const current = this.#current;
    if (current === undefined || !this.#held) return;
    const running = this.#running;
    this.#running = true;
    this.#held = false;
    try {
      this.#take(current, answer);
    } finally {
      this.#running = running;
    }
    this.#pump();
    if (!running) this.#ticker.now();
  }

  /** The device's answer to the transfer that it has before it. */
  #take(transfer: PendingTransfer, first: SetupAnswer): void {
    let answer = first;
    if (answer.stage === 'out' && !transfer.over) {
      // Only a control-out with a data stage can be answered that way; else the device is at fault.
      if (!isIn(transfer.packet) && transfer.packet.wLength > 0) {
        transfer.taken = transfer.data.length;
        answer = this.device.data(transfer.data);
      } else answer = STALL;
    }
    if (transfer.over) return;
    if (answer.stage === 'held') this.#held = true;
    else this.#end(transfer, resultOf(transfer, answer));
  }

  #end(transfer: PendingTransfer, result: TransferResult): void {
    transfer.over = true;
    this.#current = undefined;
    transfer.ended(result);
    if (result.end !== 'stall' && this.#attached) this.device.done();
  }
}

function resultOf(transfer: PendingTransfer, answer: SetupAnswer): TransferResult {
  const { packet, taken } = transfer;
  if (answer.stage === 'status') {
    return isIn(packet) ? { end: 'in', data: NO_DATA } : { end: 'out', taken };
  }
  if (answer.stage !== 'in' || !isIn(packet)) return STALLED;
  const { data } = answer;
  return {
    end: 'in',
    data: data.length > packet.wLength ? data.subarray(0, packet.wLength) : data,
  };
}
