import type { DfuError } from '../bytes/index.ts';
import type { Clock } from './clock.ts';
import { TRANSFER_TIMEOUT_MS } from './control-pipe.ts';
import type { ControlRequest, TransferOptions } from './control-pipe.ts';
import type { TransferResult } from './device-port.ts';
import type { SetupPacket } from './setup.ts';
import { setupOf, transferError } from './standard-requests.ts';
import type { ControlTransfers } from './standard-requests.ts';
import { until } from './until.ts';

/** How a transfer ended, seen from a link; `failed` is what fits none of the other ways. */
export type TransferEnd = TransferResult | { readonly end: 'failed'; readonly error: DfuError };

/** A control transfer that a link is to carry. */
export interface WireTransfer {
  readonly packet: SetupPacket;
  /** The data stage of a control-out, whole; undefined for a control-in. */
  readonly data: Uint8Array | undefined;
  /** Most time that it may take, in ms. */
  readonly timeoutMs: number;
}

/** The one thing that every link does: carry control transfers. */
export interface Wire {
  /**
   * Carries a transfer and calls `ended` once, perhaps before this returns; the bytes of a data stage to
   * the host are the caller's then. What it answers is called once the transfer is over for the host: it
   * gives up what has not ended yet.
   */
  transfer(what: WireTransfer, ended: (how: TransferEnd) => void): (() => void) | undefined;
  /** The link keeps the time itself: its transfers end with a `TIMEOUT` of their own. */
  readonly keepsTime?: boolean | undefined;
}

const NO_DATA: Uint8Array = new Uint8Array(0);

/** Control transfers by way of a link: limits of time, cancelling and the ways to fail, done once. */
export class ControlWire implements ControlTransfers {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  /** `timeoutMs` is for transfers whose caller grants them no other time. */
  constructor(wire: Wire, clock: Clock, timeoutMs: number = TRANSFER_TIMEOUT_MS) {
    this.#wire = wire;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** As `ControlPipe.controlIn`. */
  controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array> {
    try {
      return this.#transfer(setupOf(request, 'in', length), undefined, options, bytesOf);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `ControlPipe.controlOut`. */
  controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options?: TransferOptions,
  ): Promise<number> {
    try {
      return this.#transfer(setupOf(request, 'out', data.length), data, options, takenOf);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Not async, nor what calls it: one promise a transfer is enough. */
  #transfer<T>(
    packet: SetupPacket,
    data: Uint8Array | undefined,
    { timeoutMs = this.#timeoutMs, signal }: TransferOptions = {},
    valueOf: (how: TransferResult) => T,
  ): Promise<T> {
    const late = (): never => {
      throw transferError.timeout(packet, timeoutMs);
    };
    const ms = this.#wire.keepsTime === true ? undefined : timeoutMs;
    return until<T>(this.#clock, { ms, signal, late }, ({ resolve, reject }) =>
      this.#wire.transfer({ packet, data, timeoutMs }, (how) => {
        if (how.end === 'stall') reject(transferError.stalled(packet));
        else if (how.end === 'lost') reject(transferError.disconnected(packet));
        else if (how.end === 'failed') reject(how.error);
        else resolve(valueOf(how));
      }),
    );
  }
}

function bytesOf(how: TransferResult): Uint8Array {
  return how.end === 'in' ? how.data : NO_DATA;
}

function takenOf(how: TransferResult): number {
  return how.end === 'out' ? how.taken : 0;
}
