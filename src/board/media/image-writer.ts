import { DfuError } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';

/** `CONFIG_IMG_BLOCK_BUF_SIZE`: how much is put together before it is programmed, in bytes. */
const BUFFER_BYTES = 512;

/**
 * Writes an image into a part of flash as it comes, in pieces of any size, and erases on the way
 * (Zephyr's `flash_img` with `CONFIG_IMG_ERASE_PROGRESSIVELY`).
 */
export class ImageWriter {
  readonly #flash: Flash;
  /** Where the image begins. */
  readonly #startBytes: number;
  readonly #buffer: Uint8Array;
  /** Bytes in the buffer. */
  #waiting = 0;
  /** Up to where it is programmed. */
  #offsetBytes: number;
  /** Up to where it is erased. */
  #erasedBytes = 0;

  /** `startBytes`: where in it the image begins; what lies in front of it is erased. */
  constructor(flash: Flash, startBytes = 0) {
    this.#flash = flash;
    this.#startBytes = startBytes;
    this.#offsetBytes = startBytes;
    const unit = flash.geometry.writeUnitBytes;
    this.#buffer = new Uint8Array(Math.ceil(BUFFER_BYTES / unit) * unit);
  }

  /** Bytes taken since the start. */
  get lengthBytes(): number {
    return this.#offsetBytes - this.#startBytes + this.#waiting;
  }

  /** From the beginning. Touches no flash; what is in the buffer is dropped. */
  start(): void {
    this.#waiting = 0;
    this.#offsetBytes = this.#startBytes;
    this.#erasedBytes = 0;
  }

  /** Throws `OUT_OF_RANGE` beyond the end, and what flash throws. */
  write(bytes: Uint8Array): void {
    const length = this.lengthBytes + bytes.length;
    const room = this.#flash.sizeBytes - this.#startBytes;
    if (length > room) {
      const most = `expected at most ${room} bytes, got ${length}`;
      throw new DfuError('OUT_OF_RANGE', `the image is too long: ${most}`);
    }
    const buffer = this.#buffer;
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + buffer.length - this.#waiting);
      at += part.length;
      if (part.length === buffer.length) this.#program(part);
      else {
        buffer.set(part, this.#waiting);
        this.#waiting += part.length;
        if (this.#waiting === buffer.length) this.#programBuffer();
      }
    }
  }

  /** Programs what is left; the last piece is filled up. */
  flush(): void {
    if (this.#waiting === 0) return;
    this.#buffer.fill(this.#flash.geometry.erasedValue, this.#waiting);
    this.#programBuffer();
  }

  /** Erases what an older image left behind this one. */
  eraseRest(): void {
    while (this.#erasedBytes < this.#flash.sizeBytes) this.#eraseNext();
  }

  #programBuffer(): void {
    this.#waiting = 0;
    // The last one may reach beyond the end, where the flash is no multiple of the buffer.
    const room = this.#flash.sizeBytes - this.#offsetBytes;
    this.#program(this.#buffer.subarray(0, room));
  }

  #program(bytes: Uint8Array): void {
    if (this.#offsetBytes === this.#startBytes) this.#eraseTrailer();
    while (this.#erasedBytes < this.#offsetBytes + bytes.length) this.#eraseNext();
    this.#flash.program(this.#offsetBytes, bytes);
    this.#offsetBytes += bytes.length;
  }

  #eraseNext(): void {
    const { offsetBytes, sizeBytes } = this.#flash.sectors.at(this.#erasedBytes);
    this.#erase(offsetBytes, sizeBytes);
    this.#erasedBytes = offsetBytes + sizeBytes;
  }

  /** An upgrade that was requested is off as soon as its image is written over. */
  #eraseTrailer(): void {
    const { offsetBytes, sizeBytes } = this.#flash.sectors.at(this.#flash.sizeBytes - 1);
    this.#erase(offsetBytes, sizeBytes);
  }

  #erase(offsetBytes: number, sizeBytes: number): void {
    const { erasedValue } = this.#flash.geometry;
    const bytes = this.#flash.read(offsetBytes, sizeBytes);
    if (bytes.some((byte) => byte !== erasedValue)) this.#flash.erase(offsetBytes, sizeBytes);
  }
}
