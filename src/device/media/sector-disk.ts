import { checkNumber } from '../core/check-number.ts';
import { DONE, failed } from './medium.ts';
import type { BlockCallbacks, Medium, MediumResult, Withheld } from './medium.ts';
import { outOfOrder } from './numbered-blocks.ts';

/** What is done to a disk. */
export type DiskAccess =
  /** A transfer starts from the beginning. */
  | { readonly type: 'opened' }
  /** A block of `bytes` bytes; `total` since the transfer started. */
  | {
      readonly type: 'downloaded' | 'uploaded';
      readonly block: number;
      readonly bytes: number;
      readonly total: number;
    }
  | { readonly type: 'failed'; readonly reason: string };

/** What a disk is made of. */
export interface SectorDiskOptions {
  /** iInterface; default "ramdisk0". */
  readonly name?: string | undefined;
  /** Default 32. */
  readonly sectors?: number | undefined;
  /** Default 512. */
  readonly sectorBytes?: number | undefined;
  readonly onAccess?: ((access: DiskAccess) => void) | undefined;
}

/**
 * A RAM disk, read as a whole whatever was downloaded: Zephyr's `ramdisk0`. To most profiles it is
 * memory that blocks of any size fill. Where the profile leaves block numbers to the medium it is as
 * in Zephyr's sample: a block is a sector, whatever its size.
 */
export class SectorDisk implements Medium {
  readonly name: string;
  readonly sizeBytes: number;
  readonly writable = true;
  readonly readable = true;
  readonly blocks: BlockCallbacks = {
    write: (wBlockNum, bytes) => this.#writeSector(wBlockNum, bytes),
    read: (wBlockNum, lengthBytes) => this.#readSector(wBlockNum, lengthBytes),
  };
  readonly #bytes: Uint8Array;
  readonly #sectorBytes: number;
  readonly #onAccess: (access: DiskAccess) => void;
  /** How many bytes of each sector the host has sent; the original fills the rest with what lies there. */
  readonly #filled: number[] = [];
  #block = 0;
  #total = 0;

  /** Throws `INVALID_ARGUMENT`. */
  constructor({ name = 'ramdisk0', sectors = 32, ...options }: SectorDiskOptions = {}) {
    this.name = name;
    this.#sectorBytes = checkNumber('sectorBytes', options.sectorBytes ?? 512, [1, 0x10000]);
    this.sizeBytes = checkNumber('sectors', sectors, [1, 0x7fff]) * this.#sectorBytes;
    this.#bytes = new Uint8Array(this.sizeBytes);
    this.#onAccess = options.onAccess ?? (() => {});
  }

  /** What it holds; a view. */
  get content(): Uint8Array {
    return this.#bytes;
  }

  begin(): MediumResult {
    this.#open();
    return DONE;
  }

  write(offsetBytes: number, bytes: Uint8Array): MediumResult {
    if (offsetBytes + bytes.length > this.sizeBytes) {
      return this.#failed('errADDRESS', `${this.name} ends at ${this.sizeBytes}`);
    }
    this.#bytes.set(bytes, offsetBytes);
    this.#filled.length = 0;
    this.#accessed('downloaded', this.#block, bytes.length);
    this.#block += 1;
    return DONE;
  }

  finish(): MediumResult {
    return DONE;
  }

  abort(): void {
    // What was written stays, as on any disk.
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    if (offsetBytes === 0) this.#open();
    const end = Math.min(this.sizeBytes, offsetBytes + lengthBytes);
    const read = this.#bytes.subarray(Math.min(offsetBytes, end), end);
    if (read.length > 0) this.#accessed('uploaded', this.#block, read.length);
    this.#block += 1;
    return read;
  }

  #writeSector(wBlockNum: number, bytes: Uint8Array): MediumResult {
    const wrong = this.#count(wBlockNum);
    if (wrong !== undefined) return wrong;
    if (bytes.length === 0) return DONE;
    const at = wBlockNum * this.#sectorBytes;
    if (at >= this.sizeBytes) {
      return this.#failed('errUNKNOWN', `sector ${wBlockNum} is beyond the end`);
    }
    const sector = bytes.subarray(0, this.#sectorBytes);
    this.#bytes.fill(0, at, at + this.#sectorBytes);
    this.#bytes.set(sector, at);
    this.#filled[wBlockNum] = sector.length;
    this.#block = wBlockNum;
    this.#accessed('downloaded', wBlockNum, bytes.length);
    return DONE;
  }

  #readSector(wBlockNum: number, lengthBytes: number): Uint8Array | MediumResult | Withheld {
    const wrong = this.#count(wBlockNum);
    if (wrong !== undefined) return wrong;
    const at = wBlockNum * this.#sectorBytes;
    if (at >= this.sizeBytes) return this.#bytes.subarray(0, 0);
    this.#block = wBlockNum;
    this.#accessed('uploaded', wBlockNum, lengthBytes);
    const sector = `${this.name}, sector ${wBlockNum}`;
    if (lengthBytes < this.#sectorBytes) {
      const size = `${this.#sectorBytes} bytes for a buffer of ${lengthBytes}`;
      return { withheld: `${sector}: ${size}, the original crashes here` };
    }
    const filled = this.#filled[wBlockNum] ?? this.#sectorBytes;
    if (filled < this.#sectorBytes) {
      const rest = `bytes from ${filled} on were never sent`;
      return { withheld: `${sector}: ${rest}, the original gives away memory here` };
    }
    return this.#bytes.subarray(at, at + this.#sectorBytes);
  }

  #count(wBlockNum: number): MediumResult | undefined {
    const wrong = outOfOrder(wBlockNum, this.#block);
    if (wrong !== undefined) return wrong;
    if (wBlockNum === 0) this.#open();
    return undefined;
  }

  #open(): void {
    this.#block = 0;
    this.#total = 0;
    this.#onAccess({ type: 'opened' });
  }

  #accessed(type: 'downloaded' | 'uploaded', block: number, bytes: number): void {
    this.#total += bytes;
    this.#onAccess({ type, block, bytes, total: this.#total });
  }

  #failed(status: 'errADDRESS' | 'errUNKNOWN', reason: string): MediumResult {
    this.#onAccess({ type: 'failed', reason });
    return failed(status, reason);
  }
}
