import { DfuError } from '../../bytes/index.ts';
import { setInterface } from '../../usb/index.ts';
import type { PipeLink, TransferEnd, WireTransfer } from '../../usb/index.ts';
import type { Attachment } from './attachment.ts';

/** What a pipe needs of the port behind it. */
interface LinkSurroundings {
  readonly reset: () => Promise<'same' | 'gone'>;
  /** Releasing an interface selects its alternate 0. */
  readonly linux: boolean;
}

/** An open device of a `LoopbackBus`. */
export class LoopbackLink implements PipeLink {
  readonly reset: () => Promise<'same' | 'gone'>;
  readonly #attachment: Attachment;
  readonly #linux: boolean;

  constructor(attachment: Attachment, { reset, linux }: LinkSurroundings) {
    this.reset = reset;
    this.#attachment = attachment;
    this.#linux = linux;
  }

  transfer(what: WireTransfer, ended: (how: TransferEnd) => void): (() => void) | undefined {
    return this.#attachment.transfer(what, ended);
  }

  async release(interfaceNumber: number, alternate: number): Promise<void> {
    if (!this.#linux || alternate === 0 || this.#attachment.state.over) return;
    try {
      await setInterface(this.#attachment.wire, interfaceNumber, 0);
    } catch (error) {
      // Linux notes that the driver behind it must set it again, and tells nobody.
      if (!DfuError.is(error)) throw error;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
