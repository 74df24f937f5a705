import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { Flash, Sector } from '../../flash/index.ts';
import { RIOTBOOT_MAGIC } from '../../image/index.ts';
import { slotOf } from './layout.ts';
import type { RiotbootLayout } from './layout.ts';

/** RIOTBOOT_FLASHWRITE_SKIPLEN: the magic, which is not written before the end, in bytes. */
export const FLASHWRITE_SKIP_BYTES = 4;

/** The bytes of the magic. */
export function magicBytes(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FLASHWRITE_SKIP_BYTES);
  new DataView(bytes.buffer).setUint32(0, RIOTBOOT_MAGIC, true);
  return bytes;
}

/** How RIOT was configured. */
export interface FlashwriteOptions {
  /**
   * `raw` (CONFIG_RIOTBOOT_FLASHWRITE_RAW, the default): each write block as soon as it is full.
   * `page`: each page read, changed and written whole.
   */
  readonly mode?: 'raw' | 'page' | undefined;
}

/**
 * RIOT's sys/riotboot/flashwrite.c, operation for operation, with what it lacks: it looks at no
 * bounds, in raw mode it needs every call but the last to be whole write blocks, in page mode
 * what lies behind the end of the image is left over from the page before. `SlotWriter` is the one
 * without these defects. Errors of the flash (`FLASH_RULE`, `OUT_OF_RANGE`) stand where RIOT's own
 * flash driver asserts.
 */
export class Flashwrite {
  readonly #flash: Flash;
  readonly #layout: RiotbootLayout;
  readonly #raw: boolean;
  /** Bytes of the buffer: RIOTBOOT_FLASHPAGE_BUFFER_SIZE. */
  readonly #buffer: Uint8Array<ArrayBuffer>;
  /** The block with the magic, held back until the end. Raw mode only. */
  readonly #firstBlock: Uint8Array<ArrayBuffer>;
  #slotOffset: number;
  /** Bytes from the start of the slot to the next one to be written. */
  #offset = 0;
  #page: Sector;

  /** As a zeroed state: slot 0, offset 0. Throws `UNSUPPORTED` for page mode on unequal sectors. */
  constructor(flash: Flash, layout: RiotbootLayout, options: FlashwriteOptions = {}) {
    const { offsetBytes } = slotOf(layout, 0);
    this.#flash = flash;
    this.#layout = layout;
    this.#raw = options.mode !== 'page';
    const bytes = this.#raw ? Math.max(4, flash.geometry.writeUnitBytes) : pageBytes(flash, layout);
    this.#buffer = new Uint8Array(bytes);
    this.#firstBlock = new Uint8Array(this.#raw ? bytes : 0);
    this.#slotOffset = offsetBytes;
    this.#page = flash.sectors.at(offsetBytes);
  }

  /** Starts an update of that slot behind the magic; in raw mode this erases its first page. */
  init(slot: number): void {
    this.initRaw(slot, FLASHWRITE_SKIP_BYTES);
  }

  /** Starts an update at `offset` in the slot; erases the first page in raw mode if that is not 0. */
  initRaw(slot: number, offset: number): void {
    this.#slotOffset = slotOf(this.#layout, slot).offsetBytes;
    this.#buffer.fill(0);
    this.#firstBlock.fill(0);
    this.#offset = offset;
    this.#page = this.#flash.sectors.at(this.#slotOffset);
    if (this.#raw && offset !== 0) this.#erasePage();
  }

  /** Goes on with these bytes. Without `more` what is in the buffer is written now, full or not. */
  putBytes(bytes: Uint8Array, more: boolean): void {
    const size = this.#buffer.length;
    let done = 0;
    while (done < bytes.length) {
      const inBlock = this.#offset % size;
      const length = Math.min(size - inBlock, bytes.length - done);
      let inPage = this.#offset - (this.#page.offsetBytes - this.#slotOffset);
      if (this.#raw && inPage === this.#page.sizeBytes) {
        this.#page = this.#flash.sectors.at(this.#page.offsetBytes + this.#page.sizeBytes);
        inPage = 0;
        this.#erasePage();
      }
      if (this.#raw && inBlock === 0) this.#buffer.fill(0);
      this.#buffer.set(bytes.subarray(done, done + length), inBlock);
      this.#offset += length;
      done += length;
      if (inBlock + length === size || !more) this.#writeBuffer(inPage);
    }
  }

  /** Writes what is left in the buffer: in raw mode padded with zeros, in page mode always. */
  flush(): void {
    if (!this.#raw) {
      this.#writePage(this.#page, this.#buffer);
      return;
    }
    const inBlock = this.#offset % this.#buffer.length;
    if (inBlock === 0) return;
    this.#flash.program(this.#slotOffset + this.#offset - inBlock, this.#buffer);
  }

  /** Writes the magic: from here on the slot boots. */
  finish(): void {
    this.finishRaw(magicBytes());
  }

  /** Writes the first block with these bytes in front. Throws `INVALID_ARGUMENT` if they do not fit. */
  finishRaw(bytes: Uint8Array): void {
    if (bytes.length > this.#buffer.length) {
      throw new DfuError(
        'INVALID_ARGUMENT',
        `flashwrite: expected at most ${this.#buffer.length} bytes, got ${bytes.length}`,
      );
    }
    if (this.#raw) {
      this.#firstBlock.set(bytes);
      this.#flash.program(this.#slotOffset, this.#firstBlock);
      return;
    }
    this.#buffer.set(bytes);
    this.#flash.readInto(this.#slotOffset + bytes.length, this.#buffer.subarray(bytes.length));
    this.#writePage(this.#flash.sectors.at(this.#slotOffset), this.#buffer);
  }

  #erasePage(): void {
    this.#flash.erase(this.#page.offsetBytes, this.#page.sizeBytes);
  }

  #writeBuffer(inPage: number): void {
    const { offsetBytes, sizeBytes } = this.#page;
    if (!this.#raw) {
      this.#writePage(this.#page, this.#buffer);
      this.#page = this.#flash.sectors.at(offsetBytes + sizeBytes);
    } else if (offsetBytes === this.#slotOffset && this.#offset === this.#buffer.length) {
      this.#firstBlock.set(this.#buffer);
    } else {
      this.#flash.program(offsetBytes + inPage, this.#buffer);
    }
  }

  #writePage(page: Sector, bytes: Uint8Array): void {
    this.#flash.erase(page.offsetBytes, page.sizeBytes);
    this.#flash.program(page.offsetBytes, bytes);
    const written = this.#flash.read(page.offsetBytes, bytes.length);
    const wrong = written.findIndex((byte, at) => byte !== bytes[at]);
    if (wrong < 0) return;
    throw new DfuError(
      'IO',
      `flashwrite: expected ${hexNumber(bytes[wrong] ?? 0, 2)} at ` +
        `${hexNumber(page.offsetBytes + wrong)}, got ${hexNumber(written[wrong] ?? 0, 2)}`,
    );
  }
}

function pageBytes(flash: Flash, layout: RiotbootLayout): number {
  const first = slotOf(layout, 0).offsetBytes;
  const last = slotOf(layout, layout.slots.length - 1);
  const size = flash.sectors.uniformSize(first, last.offsetBytes + last.sizeBytes - first);
  if (size !== undefined) return size;
  throw new DfuError('UNSUPPORTED', 'flashwrite: page mode expects slots of equal sectors');
}
