import { DfuError } from '../../bytes/index.ts';
import { setInterface } from '../../usb/index.ts';
import type { BusDevice, ControlPipe, ControlRequest, TransferOptions } from '../../usb/index.ts';
import type { Attachment } from './attachment.ts';

/** What a pipe needs of the port behind it. */
export interface PipeSurroundings {
  readonly reset: () => Promise<'same' | 'gone'>;
  readonly linux: boolean;
}

/** An open device of a {@link LoopbackBus}. */
export class LoopbackPipe implements ControlPipe {
  readonly device: BusDevice;
  readonly gone: Promise<void>;
  readonly #attachment: Attachment;
  readonly #around: PipeSurroundings;
  #closed = false;
  #resolveClosed: () => void = () => {};

  constructor(device: BusDevice, attachment: Attachment, around: PipeSurroundings) {
    this.device = device;
    this.#attachment = attachment;
    this.#around = around;
    const closed = new Promise<void>((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.gone = Promise.race([attachment.gone, closed]);
  }

  async controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array> {
    this.#check();
    return this.#attachment.controlIn(request, length, options);
  }

  async controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options?: TransferOptions,
  ): Promise<number> {
    this.#check();
    return this.#attachment.controlOut(request, data, options);
  }

  claimInterface(interfaceNumber: number): Promise<void> {
    return this.#soon(() => {
      const { claims } = this.#attachment;
      const holder = claims.get(interfaceNumber);
      if (holder !== undefined && holder !== this) {
        throw new DfuError('BUSY', `interface ${interfaceNumber} is held by another pipe`);
      }
      claims.set(interfaceNumber, this);
    });
  }

  async releaseInterface(interfaceNumber: number): Promise<void> {
    this.#check();
    const { alternates, claims } = this.#attachment;
    if (claims.get(interfaceNumber) !== this) return;
    claims.delete(interfaceNumber);
    if (!this.#around.linux || (alternates.get(interfaceNumber) ?? 0) === 0) return;
    alternates.delete(interfaceNumber);
    try {
      await setInterface(this.#attachment, interfaceNumber, 0);
    } catch (error) {
      // Linux notes that the driver behind it must set it again, and tells nobody.
      if (!DfuError.is(error)) throw error;
    }
  }

  async selectAlternate(interfaceNumber: number, alternate: number): Promise<void> {
    this.#check();
    const { alternates, claims } = this.#attachment;
    if (claims.get(interfaceNumber) !== this) {
      const message = `interface ${interfaceNumber} must be claimed before its alternate is selected`;
      throw new DfuError('INVALID_ARGUMENT', message);
    }
    await setInterface(this.#attachment, interfaceNumber, alternate);
    alternates.set(interfaceNumber, alternate);
  }

  async reset(): Promise<'same' | 'gone'> {
    if (this.#attachment.over) return 'gone';
    this.#check();
    return this.#around.reset();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const held = [...this.#attachment.claims].filter(([, holder]) => holder === this);
    if (!this.#attachment.over) {
      for (const [interfaceNumber] of held) await this.releaseInterface(interfaceNumber);
    }
    this.#closed = true;
    this.#resolveClosed();
  }

  async #soon(work: () => void): Promise<void> {
    this.#check();
    await Promise.resolve();
    work();
  }

  #check(): void {
    if (this.#attachment.over) throw new DfuError('DISCONNECTED', 'the device has gone');
    if (this.#closed) throw new DfuError('DISCONNECTED', 'the pipe is closed');
  }
}
