import { outOfOrder } from '../device/index.ts';
import type { BlockCallbacks, Medium, MediumResult } from '../device/index.ts';
import type { Flash } from '../flash/index.ts';
import { ImageWriter } from './image-writer.ts';
import { BusyTime, report } from './medium-report.ts';

/** A slot for an image, as a medium. */
export interface FlashImageOptions {
  /** iInterface of its alternate setting. */
  readonly name: string;
  /** The slot. */
  readonly area: Flash;
  /**
   * Where Zephyr's `flash_img_init` writes whatever slot was selected; only for the profile that is
   * like it. Default: the slot.
   */
  readonly uploadArea?: Flash;
  /** Where in the slot a download begins, if not at its start (swap using offset). */
  readonly uploadOffsetBytes?: number;
}

/** Zephyr's flash backend for USB DFU, without its defects unless the profile wants them. */
export class FlashImageMedium implements Medium {
  readonly name: string;
  readonly sizeBytes: number;
  readonly writable = true;
  readonly readable = true;
  readonly blocks: BlockCallbacks;
  readonly #area: Flash;
  readonly #writer: ImageWriter;
  readonly #busy: BusyTime;

  constructor(options: FlashImageOptions) {
    this.name = options.name;
    const { area, uploadArea = area, uploadOffsetBytes = 0 } = options;
    this.#area = area;
    this.sizeBytes = area.sizeBytes;
    this.#writer = new ImageWriter(area, uploadOffsetBytes);
    this.#busy = new BusyTime(area);
    this.blocks = new FlashImageBlocks(area, new ImageWriter(uploadArea, uploadOffsetBytes));
  }

  begin(): MediumResult {
    this.#busy.take();
    this.#writer.start();
    return { status: 'OK', busyMs: 0 };
  }

  write(_offsetBytes: number, bytes: Uint8Array): MediumResult {
    return report(this.#busy, 'errWRITE', () => this.#writer.write(bytes));
  }

  finish(): MediumResult {
    return report(this.#busy, 'errWRITE', () => {
      this.#writer.flush();
      this.#writer.eraseRest();
    });
  }

  abort(): void {
    this.#writer.start();
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    const length = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offsetBytes));
    return this.#area.read(Math.min(offsetBytes, this.sizeBytes), length);
  }
}

/** `usbd_dfu_flash.c`: blocks in order from 0 at any time, into the slot that `flash_img` opens. */
class FlashImageBlocks implements BlockCallbacks {
  readonly #area: Flash;
  readonly #writer: ImageWriter;
  readonly #busy: BusyTime;
  #block = 0;
  #readBytes = 0;

  constructor(area: Flash, writer: ImageWriter) {
    this.#area = area;
    this.#writer = writer;
    // The busy time of a part is that of the whole flash.
    this.#busy = new BusyTime(area);
  }

  write(wBlockNum: number, bytes: Uint8Array): MediumResult {
    const wrong = this.#count(wBlockNum);
    if (wrong !== undefined) return wrong;
    return report(this.#busy, 'errUNKNOWN', () => {
      if (bytes.length === 0) this.#writer.flush();
      else this.#writer.write(bytes);
    });
  }

  read(wBlockNum: number, lengthBytes: number): Uint8Array | MediumResult {
    const wrong = this.#count(wBlockNum);
    if (wrong !== undefined) return wrong;
    // A read that reaches beyond the end is an error there, not a short one.
    if (this.#readBytes + lengthBytes > this.#area.sizeBytes) {
      return {
        status: 'errUNKNOWN',
        busyMs: 0,
        reason: `the slot ends at ${this.#area.sizeBytes}`,
      };
    }
    const read = this.#area.read(this.#readBytes, lengthBytes);
    this.#readBytes += lengthBytes;
    return read;
  }

  #count(wBlockNum: number): MediumResult | undefined {
    const wrong = outOfOrder(wBlockNum, this.#block);
    if (wrong !== undefined) return wrong;
    this.#block = wBlockNum;
    if (wBlockNum === 0) {
      this.#busy.take();
      this.#writer.start();
      this.#readBytes = 0;
    }
    return undefined;
  }
}
