import { outOfOrder } from '../../device/index.ts';
import type { BlockCallbacks, Medium, MediumResult } from '../../device/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { ImageInspector } from '../seams/image-inspector.ts';
import { ImageWriter } from './image-writer.ts';
import { BusyTime, report } from './medium-report.ts';

/** A slot for an image, as a medium. */
interface FlashImageOptions {
  /** iInterface of its alternate setting. */
  readonly name: string;
  /** The slot. */
  readonly area: Flash;
  /**
   * Where Zephyr's `flash_img_init` writes whatever slot was selected; only for the profile that is
   * like it. Default: the slot.
   */
  readonly uploadArea?: Flash | undefined;
  /** Where in the slot a download begins, if not at its start (swap using offset). */
  readonly uploadOffsetBytes?: number | undefined;
  /** Who looks at the image that is about to be sent; left out, or undefined: nobody. */
  readonly inspect?: () => ImageInspector | undefined;
}

/**
 * Zephyr's flash backend for USB DFU, without its defects unless the profile wants them. With an
 * inspector, what the bootloader could not boot is refused: while it is sent if that can be told, by
 * its header before anything is erased; else at the end, by the bootloader's own checks.
 */
export class FlashImageMedium implements Medium {
  readonly name: string;
  readonly sizeBytes: number;
  readonly writable = true;
  readonly readable = true;
  readonly blocks: BlockCallbacks;
  readonly #area: Flash;
  readonly #writer: ImageWriter;
  readonly #busy: BusyTime;
  readonly #inspect: FlashImageOptions['inspect'];
  #inspector: ImageInspector | undefined;

  constructor(options: FlashImageOptions) {
    this.name = options.name;
    const { area, uploadArea = area, uploadOffsetBytes = 0 } = options;
    this.#area = area;
    this.sizeBytes = area.sizeBytes;
    this.#writer = new ImageWriter(area, uploadOffsetBytes);
    this.#busy = new BusyTime(area);
    this.#inspect = options.inspect;
    this.blocks = new FlashImageBlocks(area, new ImageWriter(uploadArea, uploadOffsetBytes));
  }

  begin(): MediumResult {
    this.#busy.take();
    this.#writer.start();
    this.#inspector = this.#inspect?.();
    return { status: 'OK', busyMs: 0 };
  }

  write(_offsetBytes: number, bytes: Uint8Array): MediumResult {
    const refusal = this.#inspector?.take(bytes);
    if (refusal !== undefined) return { ...refusal, busyMs: this.#busy.take() };
    return report(this.#busy, 'errWRITE', () => this.#writer.write(bytes));
  }

  complete(lengthBytes: number): boolean {
    return this.#inspector?.missing(lengthBytes) === undefined;
  }

  missing(lengthBytes: number): string {
    return this.#inspector?.missing(lengthBytes) ?? '';
  }

  finish(): MediumResult {
    const written = report(this.#busy, 'errWRITE', () => {
      this.#writer.flush();
      this.#writer.eraseRest();
    });
    const inspector = this.#inspector;
    if (written.status !== 'OK' || inspector === undefined) return written;
    return { ...written, later: verdictOf(inspector) };
  }

  abort(): void {
    this.#writer.start();
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    const length = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offsetBytes));
    return this.#area.read(Math.min(offsetBytes, this.sizeBytes), length);
  }
}

/** Asks for the verdict at once; what is returned says it as soon as it is there. */
function verdictOf(inspector: ImageInspector): () => MediumResult | undefined {
  let result: MediumResult | undefined;
  const ask = async (): Promise<void> => {
    try {
      result = { status: 'OK', ...(await inspector.judge()), busyMs: 0 };
    } catch (error) {
      // A board that was reset or lost its power meanwhile asks no more.
      const reason = `the image could not be checked: ${String(error)}`;
      result = { status: 'errUNKNOWN', busyMs: 0, reason };
    }
  };
  void ask();
  return () => result;
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
