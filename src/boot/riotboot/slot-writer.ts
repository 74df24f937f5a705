import { DfuError, hexNumber, toHex } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';
import {
  RIOTBOOT_HEADER_BYTES,
  riotbootChecksum,
  riotbootFault,
  riotbootHeader,
} from '../../image/index.ts';
import type { ImageSlot, RiotbootHeader } from '../../image/index.ts';
import { FLASHWRITE_SKIP_BYTES, magicBytes } from './flashwrite.ts';
import { slotOf } from './layout.ts';
import type { RiotbootLayout } from './layout.ts';
import { chooseSlot, inspectSlot } from './selection.ts';

/** What a `SlotWriter` looks at beyond RIOT. Bounds are always kept. */
export interface SlotWriterOptions {
  /**
   * The header must have its magic and a right checksum, or the slot would never boot. True if left
   * out.
   */
  readonly checkHeader?: boolean | undefined;
  /** The image must have been linked for this slot, or it would crash. True if left out. */
  readonly checkStartAddress?: boolean | undefined;
  /** The image must not be older than the newest one that can boot. False if left out. */
  readonly refuseOlder?: boolean | undefined;
  /** Overwrite the only slot that can boot. False if left out. */
  readonly force?: boolean | undefined;
}

/** Why an image was refused: it would take the only slot that boots, it is for another slot, too old. */
export type SlotRefusal = 'only-slot' | 'address' | 'older';

type Phase =
  /** Nothing was begun, or it is over. */
  | 'closed'
  /** The header is being collected; flash is untouched. */
  | 'header'
  | 'body';

/**
 * Writes images into a slot so that an old riotboot boots them, and without Flashwrite's defects:
 * the header is looked at before anything is erased, no byte beyond the slot is touched, pieces may have
 * any length, and it can be used again and again. The header that stood there is made invalid before
 * its sector is erased, "RIOT" is written last: wherever the power is cut, the slot holds the old
 * image, the new one, or nothing that boots.
 */
export class SlotWriter {
  readonly slot: ImageSlot;
  readonly #flash: Flash;
  readonly #layout: RiotbootLayout;
  readonly #options: SlotWriterOptions;
  /** The header until it is complete; then the write units that hold it. */
  readonly #head: Uint8Array<ArrayBuffer>;
  /** The last, unfinished write unit. */
  readonly #rest: Uint8Array<ArrayBuffer>;
  #phase: Phase = 'closed';
  #refusedBy: SlotRefusal | undefined;
  /** Bytes taken so far. */
  #length = 0;
  /** First byte of the slot that is not erased yet. */
  #erasedTo = 0;

  /** Throws `NOT_FOUND` without such a slot, `INVALID_ARGUMENT` if it shares a sector with others. */
  constructor(
    flash: Flash,
    layout: RiotbootLayout,
    index: number,
    options: SlotWriterOptions = {},
  ) {
    const unit = flash.geometry.writeUnitBytes;
    this.slot = slotOf(layout, index);
    flash.sectors.cut(this.slot.offsetBytes, this.slot.sizeBytes);
    this.#flash = flash;
    this.#layout = layout;
    this.#options = options;
    this.#head = new Uint8Array(Math.max(RIOTBOOT_HEADER_BYTES, unit));
    this.#rest = new Uint8Array(unit);
  }

  /** Why the last image was refused, where an error said `REFUSED`. */
  get refusedBy(): SlotRefusal | undefined {
    return this.#refusedBy;
  }

  /** Bytes taken since `begin`. */
  get lengthBytes(): number {
    return this.#length;
  }

  /**
   * Starts an image; one that was not finished is dropped. Changes nothing in flash. Throws `REFUSED`
   * if this slot is the only one that can boot, unless forced.
   */
  begin(): void {
    this.#phase = 'closed';
    this.#refusedBy = undefined;
    if (this.#options.force !== true) this.#keepOnlySlot();
    this.#length = 0;
    this.#erasedTo = 0;
    this.#phase = 'header';
  }

  /**
   * Goes on with the image. Throws `MALFORMED` if it has no valid header, `REFUSED` if it was linked
   * for another address or is too old, `OUT_OF_RANGE` beyond the slot; then the image is dropped.
   */
  write(bytes: Uint8Array): void {
    this.#mustBeOpen();
    try {
      this.#take(bytes);
    } catch (error) {
      this.#phase = 'closed';
      throw error;
    }
  }

  /** Makes it boot. Throws `TRUNCATED` if the image ended before its header did. */
  finish(): void {
    this.#mustBeOpen();
    const began = this.#phase === 'body';
    this.#phase = 'closed';
    if (!began) {
      throw new DfuError(
        'TRUNCATED',
        `slot ${this.slot.index}: the image ended after ${this.#length} bytes, ` +
          `its header takes ${this.#head.length}`,
      );
    }
    const unit = this.#rest.length;
    const left = this.#length % unit;
    if (left > 0) {
      this.#rest.fill(this.#flash.geometry.erasedValue, left);
      this.#flash.program(this.slot.offsetBytes + this.#length - left, this.#rest);
    }
    this.#head.set(magicBytes());
    const first = Math.max(FLASHWRITE_SKIP_BYTES, unit);
    this.#flash.program(this.slot.offsetBytes, this.#head.subarray(0, first));
  }

  /** Drops the image. The slot does not boot if anything of it was written. */
  abort(): void {
    this.#phase = 'closed';
  }

  #mustBeOpen(): void {
    if (this.#phase !== 'closed') return;
    throw new DfuError('INVALID_ARGUMENT', `slot ${this.slot.index}: no image was begun`);
  }

  #keepOnlySlot(): void {
    const bootable = this.#layout.slots.filter(
      ({ index }) =>
        inspectSlot(this.#flash, this.#layout, index, { checkStartAddress: true }).fault ===
        undefined,
    );
    if (bootable.length !== 1 || bootable[0]?.index !== this.slot.index) return;
    throw this.#refusal(
      'only-slot',
      this.#layout.slots.length === 1
        ? `slot ${this.slot.index} is the only one: force the download to overwrite it`
        : `slot ${this.slot.index} holds the only image that boots: ` +
            'write to the other slot, or force the download',
    );
  }

  #take(bytes: Uint8Array): void {
    const end = this.#length + bytes.length;
    if (end > this.slot.sizeBytes) {
      throw new DfuError(
        'OUT_OF_RANGE',
        `slot ${this.slot.index} holds ${this.slot.sizeBytes} bytes, the image is longer`,
      );
    }
    let done = 0;
    if (this.#phase === 'header') {
      done = Math.min(this.#head.length - this.#length, bytes.length);
      this.#head.set(bytes.subarray(0, done), this.#length);
      this.#length += done;
      if (this.#length < this.#head.length) return;
      this.#startBody();
    }
    if (done < bytes.length) this.#programBody(bytes.subarray(done));
  }

  #startBody(): void {
    this.#checkHeader();
    this.#invalidate();
    this.#eraseTo(this.#head.length);
    const first = Math.max(FLASHWRITE_SKIP_BYTES, this.#rest.length);
    if (first < this.#head.length) {
      this.#flash.program(this.slot.offsetBytes + first, this.#head.subarray(first));
    }
    this.#phase = 'body';
  }

  /** Whole write units straight from the caller's bytes; what is left over waits in `#rest`. */
  #programBody(bytes: Uint8Array): void {
    const unit = this.#rest.length;
    const base = this.slot.offsetBytes;
    this.#eraseTo(this.#length + bytes.length);
    let done = 0;
    const inUnit = this.#length % unit;
    if (inUnit > 0) {
      done = Math.min(unit - inUnit, bytes.length);
      this.#rest.set(bytes.subarray(0, done), inUnit);
      this.#length += done;
      if (inUnit + done < unit) return;
      this.#flash.program(base + this.#length - unit, this.#rest);
    }
    const whole = Math.floor((bytes.length - done) / unit) * unit;
    if (whole > 0) this.#flash.program(base + this.#length, bytes.subarray(done, done + whole));
    this.#length += bytes.length - done;
    this.#rest.set(bytes.subarray(done + whole));
  }

  #eraseTo(lengthBytes: number): void {
    while (this.#erasedTo < lengthBytes) {
      const { offsetBytes, sizeBytes } = this.#flash.sectors.at(
        this.slot.offsetBytes + this.#erasedTo,
      );
      this.#flash.erase(offsetBytes, sizeBytes);
      this.#erasedTo = offsetBytes + sizeBytes - this.slot.offsetBytes;
    }
  }

  /** An erase that is cut short may leave the header and take the image: so the header goes first. */
  #invalidate(): void {
    const head = this.#flash.read(this.slot.offsetBytes, this.#head.length);
    if (riotbootFault(head) !== undefined) return;
    head.fill(~this.#flash.geometry.erasedValue & 0xff, 0, RIOTBOOT_HEADER_BYTES);
    this.#flash.program(this.slot.offsetBytes, head);
  }

  #checkHeader(): void {
    const header = riotbootHeader.decode(this.#head);
    const name = `slot ${this.slot.index}`;
    const { checkHeader = true, checkStartAddress = true } = this.#options;
    const fault = checkHeader ? riotbootFault(this.#head) : undefined;
    if (fault === 'magic') {
      throw new DfuError(
        'MALFORMED',
        `${name}: expected an image that begins with "RIOT", got ${toHex(this.#head.subarray(0, 4))}`,
      );
    }
    if (fault === 'checksum') {
      throw new DfuError(
        'MALFORMED',
        `${name}: expected the header checksum ${hexNumber(riotbootChecksum(this.#head), 8)}, ` +
          `got ${hexNumber(header.checksum, 8)}`,
      );
    }
    if (checkStartAddress) this.#checkAddress(header);
    if (this.#options.refuseOlder === true) this.#checkVersion(header);
  }

  #checkAddress(header: RiotbootHeader): void {
    if (header.startAddress === this.slot.imageAddress) return;
    const name = `slot ${this.slot.index}`;
    const other = this.#layout.slots.find((slot) => slot.imageAddress === header.startAddress);
    throw this.#refusal(
      'address',
      `${name}: expected an image linked for ${hexNumber(this.slot.imageAddress)}, ` +
        `got one for ${hexNumber(header.startAddress)}${other === undefined ? '' : `, slot ${other.index}`}`,
    );
  }
  #checkVersion({ version }: RiotbootHeader): void {
    const newest = chooseSlot(this.#flash, this.#layout, { checkStartAddress: true });
    if (newest === undefined || version >= newest.version) return;
    const expected = `expected version ${newest.version}, as in slot ${newest.slot.index}, or later`;
    throw this.#refusal('older', `slot ${this.slot.index}: ${expected}, got ${version}`);
  }

  #refusal(by: SlotRefusal, message: string): DfuError {
    this.#refusedBy = by;
    return new DfuError('REFUSED', message);
  }
}
