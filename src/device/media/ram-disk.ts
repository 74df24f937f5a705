import { DONE, failed } from './medium.ts';
import type { Medium, MediumResult } from './medium.ts';
import { checkNumber } from '../core/check-number.ts';

/** What a RAM disk is made of. */
export interface RamDiskOptions {
  /** iInterface; default "ramdisk0". */
  readonly name?: string | undefined;
  readonly sizeBytes: number;
  /** What it holds at first, from its start; the rest is 0. */
  readonly content?: Uint8Array | undefined;
  /** Only blocks at multiples of that are written; the last may be shorter. Default 1. */
  readonly alignBytes?: number | undefined;
  /** Default true. */
  readonly writable?: boolean | undefined;
  /** Default true. */
  readonly readable?: boolean | undefined;
  /** How long a block takes, in ms: per write, and per byte of it. Default 0. */
  readonly writeMs?: number | undefined;
  readonly writeMsPerByte?: number | undefined;
  /** How long the end of a download takes, in ms. Default 0. */
  readonly finishMs?: number | undefined;
}

/**
 * Memory that keeps what was downloaded until the power goes. Uploads give what the last complete
 * download left, or all of it before the first. A download that is aborted leaves it as it was.
 */
export class RamDisk implements Medium {
  readonly name: string;
  readonly sizeBytes: number;
  readonly writable: boolean;
  readonly readable: boolean;
  readonly #options: RamDiskOptions;
  #bytes: Uint8Array;
  /** What a download writes to: two buffers take turns. */
  #next: Uint8Array | undefined;
  #length: number;

  /** Throws `INVALID_ARGUMENT`. */
  constructor(options: RamDiskOptions) {
    const { name = 'ramdisk0', sizeBytes, content, writable = true, readable = true } = options;
    this.name = name;
    this.sizeBytes = checkNumber('sizeBytes', sizeBytes, [1, 0x7fffffff]);
    checkNumber('alignBytes', options.alignBytes ?? 1, [1, sizeBytes]);
    checkNumber('content', content?.length ?? 0, [0, sizeBytes]);
    this.writable = writable;
    this.readable = readable;
    this.#options = options;
    this.#bytes = new Uint8Array(sizeBytes);
    if (content !== undefined) this.#bytes.set(content);
    this.#length = sizeBytes;
  }

  /** What it holds; a view that the download after the next one writes over. */
  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  begin(): MediumResult {
    if (!this.writable) return failed('errWRITE', `${this.name} is read-only`);
    this.#next ??= new Uint8Array(this.sizeBytes);
    return DONE;
  }

  write(offsetBytes: number, bytes: Uint8Array): MediumResult {
    const { alignBytes = 1, writeMs = 0, writeMsPerByte = 0 } = this.#options;
    if (offsetBytes % alignBytes !== 0) {
      return failed('errADDRESS', `offset ${offsetBytes} is no multiple of ${alignBytes}`);
    }
    if (offsetBytes + bytes.length > this.sizeBytes) {
      return failed('errADDRESS', `${this.name} ends at ${this.sizeBytes}`);
    }
    this.#next?.set(bytes, offsetBytes);
    const busyMs = writeMs + writeMsPerByte * bytes.length;
    return busyMs === 0 ? DONE : { status: 'OK', busyMs };
  }

  finish(lengthBytes: number): MediumResult {
    const kept = this.#bytes;
    this.#bytes = this.#next ?? kept;
    this.#next = kept;
    this.#length = lengthBytes;
    const { finishMs = 0 } = this.#options;
    return finishMs === 0 ? DONE : { status: 'OK', busyMs: finishMs };
  }

  abort(): void {
    // What was written lies in the buffer that nobody reads.
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    const end = Math.min(this.#length, offsetBytes + lengthBytes);
    return this.#bytes.subarray(Math.min(offsetBytes, end), end);
  }
}
