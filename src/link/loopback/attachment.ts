import {
  DescriptorType,
  DIRECTION_IN,
  LANGUAGE_ENGLISH,
  StandardRequest,
  TRANSFER_TIMEOUT_MS,
  setupOf,
  throwIfAborted,
  transferError,
} from '../../usb/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type {
  Clock,
  ControlRequest,
  ControlTransfers,
  DevicePort,
  SetupPacket,
  TransferOptions,
  TransferResult,
} from '../../usb/index.ts';

/** bLength of a string descriptor is one byte. */
const STRING_BYTES = 255;

/** A device from the moment it attached until it left: what a pipe may talk to. */
export class Attachment implements ControlTransfers {
  /** The alternate setting of each interface that was selected. */
  readonly alternates: Map<number, number> = new Map();
  /** Who holds an interface. */
  readonly claims: Map<number, object> = new Map();
  readonly gone: Promise<void>;
  readonly #port: DevicePort;
  readonly #clock: Clock;
  #over = false;
  #resolveGone: () => void = () => {};

  constructor(port: DevicePort, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  end(): void {
    this.#over = true;
    this.#resolveGone();
  }

  async controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array> {
    const packet = setupOf(request, 'in', length);
    const result = await this.#transfer(packet, undefined, options);
    return result.end === 'in' ? result.data : new Uint8Array(0);
  }

  async controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options?: TransferOptions,
  ): Promise<number> {
    const packet = setupOf(request, 'out', data.length);
    const result = await this.#transfer(packet, data, options);
    return result.end === 'out' ? result.taken : 0;
  }

  string(index: number): Promise<Uint8Array> {
    const request = {
      bmRequestType: DIRECTION_IN,
      bRequest: StandardRequest.GET_DESCRIPTOR,
      wValue: DescriptorType.string * 256 + index,
      wIndex: index === 0 ? 0 : LANGUAGE_ENGLISH,
    };
    return this.controlIn(request, STRING_BYTES);
  }

  #transfer(
    packet: SetupPacket,
    data: Uint8Array | undefined,
    { timeoutMs = TRANSFER_TIMEOUT_MS, signal }: TransferOptions = {},
  ): Promise<TransferResult> {
    throwIfAborted(signal);
    if (this.#over) return Promise.reject(transferError.disconnected(packet));
    return new Promise((resolve, reject) => {
      let ended = false;
      let cancelTimer = (): void => {};
      const transfer = this.#port.submit(packet, data, (result) => {
        ended = true;
        cancelTimer();
        signal?.removeEventListener('abort', abort);
        if (result.end === 'stall') reject(transferError.stalled(packet));
        else if (result.end === 'lost') reject(transferError.disconnected(packet));
        // The device may use its bytes again as soon as the transfer has ended.
        else if (result.end === 'in') resolve({ end: 'in', data: result.data.slice() });
        else resolve(result);
      });
      const giveUp = (error: DfuError): void => {
        cancelTimer();
        signal?.removeEventListener('abort', abort);
        this.#port.cancel(transfer);
        reject(error);
      };
      function abort(): void {
        giveUp(new DfuError('ABORTED', 'cancelled', { cause: signal?.reason }));
      }
      if (ended) return;
      signal?.addEventListener('abort', abort);
      cancelTimer = this.#clock.at(this.#clock.now() + timeoutMs, () =>
        giveUp(transferError.timeout(packet, timeoutMs)),
      );
    });
  }
}
