import { DfuError } from '../bytes/index.ts';
import type { BusDevice, ControlPipe, ControlRequest, TransferOptions } from './control-pipe.ts';
import type { ControlWire, Wire } from './control-wire.ts';
import type { PipeState } from './pipe-state.ts';
import { setInterface } from './standard-requests.ts';

/**
 * What a link does for an open device: carry transfers, reset, close. Where a system and not the wire
 * claims, releases and selects, it says how.
 */
export interface PipeLink extends Wire {
  /** As `ControlPipe.reset`. */
  reset(): Promise<'same' | 'gone'>;
  /** Called once, after every interface was released. */
  close(): Promise<void>;
  /** The interface is to be claimed. */
  claim?(interfaceNumber: number): Promise<void>;
  /** The interface was released, with that alternate; of a device that has left, too. */
  release?(interfaceNumber: number, alternate: number): Promise<void>;
  /** Default: SET_INTERFACE. */
  select?(interfaceNumber: number, alternate: number): Promise<void>;
}

/** What a pipe is made of. */
export interface PipeParts {
  readonly device: BusDevice;
  readonly link: PipeLink;
  /** Transfers by way of that link. */
  readonly wire: ControlWire;
  readonly state: PipeState;
}

/**
 * The host's end of an open device, whichever link carries it: the twin of `DevicePort`. It keeps the
 * account of claims and alternates and knows when it is closed; the rest is the link's.
 */
export class LinkedPipe implements ControlPipe {
  readonly device: BusDevice;
  readonly gone: Promise<void>;
  readonly #link: PipeLink;
  readonly #wire: ControlWire;
  readonly #state: PipeState;
  #closed = false;
  #resolveClosed: () => void = () => {};

  constructor({ device, link, wire, state }: PipeParts) {
    this.device = device;
    this.#link = link;
    this.#wire = wire;
    this.#state = state;
    const closed = new Promise<void>((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.gone = Promise.race([state.gone, closed]);
  }

  // The promise of the wire is the caller's: one of its own for every transfer would cost as much again.

  controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array> {
    if (this.#closed) return Promise.reject(closedError());
    return this.#wire.controlIn(request, length, options);
  }

  controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options?: TransferOptions,
  ): Promise<number> {
    if (this.#closed) return Promise.reject(closedError());
    return this.#wire.controlOut(request, data, options);
  }

  async claimInterface(interfaceNumber: number): Promise<void> {
    this.#check();
    if (!this.#state.claim(interfaceNumber, this)) return;
    try {
      await this.#link.claim?.(interfaceNumber);
    } catch (error) {
      this.#state.release(interfaceNumber, this);
      throw error;
    }
  }

  async releaseInterface(interfaceNumber: number): Promise<void> {
    const alternate = this.#state.release(interfaceNumber, this);
    if (alternate !== undefined) await this.#link.release?.(interfaceNumber, alternate);
  }

  async selectAlternate(interfaceNumber: number, alternate: number): Promise<void> {
    this.#check();
    this.#state.demand(interfaceNumber, this);
    if (this.#link.select === undefined) {
      await setInterface(this.#wire, interfaceNumber, alternate);
    } else await this.#link.select(interfaceNumber, alternate);
    this.#state.selected(interfaceNumber, alternate);
  }

  async reset(): Promise<'same' | 'gone'> {
    if (this.#state.over) return 'gone';
    this.#check();
    return this.#link.reset();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#resolveClosed();
    for (const interfaceNumber of this.#state.held(this)) {
      try {
        await this.releaseInterface(interfaceNumber);
      } catch (error) {
        if (!DfuError.is(error)) throw error; // closing ends the claim all the same
      }
    }
    await this.#link.close();
  }

  #check(): void {
    if (this.#state.over) throw new DfuError('DISCONNECTED', 'the device has gone');
    if (this.#closed) throw closedError();
  }
}

/** Of a device that has left, the wire itself says so, and which request was lost. */
function closedError(): DfuError {
  return new DfuError('DISCONNECTED', 'the pipe is closed');
}
