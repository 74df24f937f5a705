import { createHash } from 'node:crypto';
import type { BoardModel, ProgramLayout } from '../board/index.ts';
import type { MemoryFlash } from '../flash/index.ts';

/** One slot, as it is in flash. */
export interface SlotView {
  readonly index: number;
  /** Where it begins, as the processor sees it. */
  readonly address: number;
  readonly sizeBytes: number;
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The flash of a bench's board, as it was when it was asked for. */
export class FlashView {
  readonly #flash: MemoryFlash;
  readonly #layout: ProgramLayout;

  /** For a bench. */
  constructor({
    flash,
    layout,
  }: {
    readonly model: BoardModel;
    readonly flash: MemoryFlash;
    readonly layout: ProgramLayout;
  }) {
    this.#flash = flash.fork();
    this.#layout = layout;
  }

  /** All of it. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#flash.read(0, this.#flash.sizeBytes);
  }

  /** SHA-256 of all of it, in hex. */
  get sha256(): string {
    return createHash('sha256').update(this.bytes).digest('hex');
  }

  /** The slots, by number. */
  get slots(): readonly SlotView[] {
    return this.#layout.slots.map(({ index, address, offsetBytes, sizeBytes }) => ({
      index,
      address,
      sizeBytes,
      bytes: this.#flash.read(offsetBytes, sizeBytes),
    }));
  }
}
