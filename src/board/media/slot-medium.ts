import { DfuError } from '../../bytes/index.ts';
import { Flashwrite, FLASHWRITE_SKIP_BYTES, SlotWriter } from '../../boot/riotboot/index.ts';
import type {
  FlashwriteOptions,
  RiotbootLayout,
  SlotWriterOptions,
} from '../../boot/riotboot/index.ts';
import type { Medium, MediumResult } from '../../device/index.ts';
import type { Flash } from '../../flash/index.ts';
import { RIOTBOOT_HEADER_BYTES } from '../../image/index.ts';
import type { ImageSlot } from '../../image/index.ts';
import { BusyTime, report } from './medium-report.ts';

/** Who wants to know of downloads. */
interface SlotMediaEvents {
  /** An image was finished: that slot may boot now. */
  readonly onFinished?: ((slot: number, lengthBytes: number) => void) | undefined;
}

/** How riotboot slots look to a host. */
interface SlotMediaOptions extends SlotWriterOptions, SlotMediaEvents {
  /** DFU_UPLOAD gives the whole slot. RIOT has no upload: false if left out. */
  readonly readable?: boolean | undefined;
  /** iInterface of a slot; "RIOT-OS Slot 0" and "RIOT-OS Slot 1" if left out. */
  readonly nameOf?: ((slot: number) => string) | undefined;
}

function riotName(slot: number): string {
  return `RIOT-OS Slot ${slot}`;
}

/** One slot that a `SlotWriter` fills. */
class SlotMedium implements Medium {
  readonly name: string;
  readonly sizeBytes: number;
  readonly writable = true;
  readonly readable: boolean;
  readonly #flash: Flash;
  readonly #writer: SlotWriter;
  readonly #busy: BusyTime;
  readonly #onFinished: SlotMediaEvents['onFinished'];

  constructor(flash: Flash, writer: SlotWriter, options: SlotMediaOptions) {
    this.name = (options.nameOf ?? riotName)(writer.slot.index);
    this.sizeBytes = writer.slot.sizeBytes;
    this.readable = options.readable === true;
    this.#flash = flash;
    this.#writer = writer;
    this.#busy = new BusyTime(flash);
    this.#onFinished = options.onFinished;
  }

  begin(): MediumResult {
    this.#busy.take();
    return this.#report(() => this.#writer.begin());
  }

  write(offsetBytes: number, bytes: Uint8Array): MediumResult {
    return this.#report(() => {
      const expected = this.#writer.lengthBytes;
      if (offsetBytes !== expected) {
        this.#writer.abort();
        throw new DfuError(
          'OUT_OF_RANGE',
          `${this.name}: expected bytes from offset ${expected}, got ${offsetBytes}`,
        );
      }
      this.#writer.write(bytes);
    });
  }

  complete(lengthBytes: number): boolean {
    return lengthBytes >= RIOTBOOT_HEADER_BYTES;
  }

  missing(lengthBytes: number): string {
    const expected = `expected at least the ${RIOTBOOT_HEADER_BYTES} bytes of its header`;
    return `${this.name}: the image is cut short: ${expected}, got ${lengthBytes}`;
  }

  finish(lengthBytes: number): MediumResult {
    return this.#report(() => {
      const written = this.#writer.lengthBytes;
      if (lengthBytes !== written) {
        this.#writer.abort();
        throw new DfuError(
          'TRUNCATED',
          `${this.name}: expected ${lengthBytes} bytes by the end, got ${written}`,
        );
      }
      this.#writer.finish();
      this.#onFinished?.(this.#writer.slot.index, lengthBytes);
    });
  }

  abort(): void {
    this.#writer.abort();
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array | MediumResult {
    return readSlot(this.#flash, this.#writer.slot, { offsetBytes, lengthBytes, medium: this });
  }

  #report(work: () => void): MediumResult {
    const { status, ...result } = report(this.#busy, 'errVENDOR', work);
    const elsewhere = status === 'errVENDOR' && this.#writer.refusedBy === 'address';
    return { ...result, status: elsewhere ? 'errTARGET' : status };
  }
}

function readSlot(
  flash: Flash,
  slot: ImageSlot,
  {
    offsetBytes,
    lengthBytes,
    medium,
  }: { offsetBytes: number; lengthBytes: number; medium: Medium },
): Uint8Array | MediumResult {
  if (!medium.readable) {
    return { status: 'errVENDOR', busyMs: 0, reason: `${medium.name} cannot be read` };
  }
  if (!(offsetBytes >= 0 && offsetBytes <= slot.sizeBytes)) {
    const reason = `${medium.name} holds ${slot.sizeBytes} bytes, not ${offsetBytes}`;
    return { status: 'errADDRESS', busyMs: 0, reason };
  }
  const length = Math.min(Math.max(0, lengthBytes), slot.sizeBytes - offsetBytes);
  return flash.read(slot.offsetBytes + offsetBytes, length);
}

/**
 * The slots of a riotboot as media, one a slot, in order. A download that would not boot is refused
 * while it is sent: errFILE without a valid header, errTARGET linked for another slot, errADDRESS
 * beyond the slot, errVENDOR over the only slot that boots (unless `force`) and, with `refuseOlder`,
 * older than what is there, errNOTDONE without a whole header; the reason is in words. What real flash takes its time for is in `busyMs`. Throws
 * `POWER_LOST` when the power is cut. `INVALID_ARGUMENT` if a slot shares a sector with others.
 */
export function slotMedia(
  flash: Flash,
  layout: RiotbootLayout,
  options: SlotMediaOptions = {},
): Medium[] {
  return layout.slots.map(
    ({ index }) => new SlotMedium(flash, new SlotWriter(flash, layout, index, options), options),
  );
}

/** How riotboot_dfu itself was configured, and who wants to know of its downloads. */
interface OriginalSlotMediaOptions extends FlashwriteOptions, SlotMediaEvents {}

/** One run of RIOT's bootloader: one flashwrite, shared by all alternates. */
class RiotSession {
  readonly flash: Flash;
  readonly busy: BusyTime;
  readonly #onFinished: SlotMediaEvents['onFinished'];
  /** The slot that the writer is in: 0 before it was started. */
  #slot = 0;
  readonly #writer: Flashwrite;
  /** Set at start-up and never again: the next block loses its first four bytes. */
  #skipMagic = true;

  constructor(flash: Flash, layout: RiotbootLayout, options: OriginalSlotMediaOptions) {
    this.flash = flash;
    this.busy = new BusyTime(flash);
    this.#writer = new Flashwrite(flash, layout, options);
    this.#onFinished = options.onFinished;
  }

  write(slot: number, bytes: Uint8Array): void {
    if (!this.#skipMagic) {
      this.#writer.putBytes(bytes, true);
      return;
    }
    if (bytes.length < FLASHWRITE_SKIP_BYTES) {
      throw new DfuError(
        'TRUNCATED',
        `expected a first block of at least ${FLASHWRITE_SKIP_BYTES} bytes, got ${bytes.length}`,
      );
    }
    this.#writer.init(slot);
    this.#slot = slot;
    this.#skipMagic = false;
    this.#writer.putBytes(bytes.subarray(FLASHWRITE_SKIP_BYTES), true);
  }

  finish(lengthBytes: number): void {
    this.#writer.flush();
    this.#writer.finish();
    this.#onFinished?.(this.#slot, lengthBytes);
  }
}

/** A slot as RIOT has it: where the block goes is what the session says. */
class RiotMedium implements Medium {
  readonly name: string;
  /** RIOT keeps no bounds: up to the end of the flash. */
  readonly sizeBytes: number;
  readonly writable = true;
  readonly readable = false;
  readonly #session: RiotSession;
  readonly #slot: number;

  constructor(session: RiotSession, slot: ImageSlot, name: string) {
    this.name = name;
    this.sizeBytes = session.flash.sizeBytes - slot.offsetBytes;
    this.#session = session;
    this.#slot = slot.index;
  }

  begin(): MediumResult {
    return { status: 'OK', busyMs: 0 };
  }

  write(_offsetBytes: number, bytes: Uint8Array): MediumResult {
    return report(this.#session.busy, 'errVENDOR', () => this.#session.write(this.#slot, bytes));
  }

  finish(lengthBytes: number): MediumResult {
    return report(this.#session.busy, 'errVENDOR', () => this.#session.finish(lengthBytes));
  }

  abort(): void {
    // RIOT acknowledges DFU_ABORT and goes on where it was.
  }

  read(): MediumResult {
    return { status: 'errVENDOR', busyMs: 0, reason: `${this.name} cannot be read` };
  }
}

/**
 * The slots as RIOT's own riotboot_dfu treats them, for the personality of that name, defects
 * included: all alternates share one flashwrite; the slot is taken from the first block; the magic is
 * skipped once, whatever it is, so a second download in the same run goes on behind the first, with its
 * magic; no bounds; an end without a download finishes slot 0. Make new ones at each start of the
 * bootloader. Throws `POWER_LOST` when the power is cut.
 */
export function originalSlotMedia(
  flash: Flash,
  layout: RiotbootLayout,
  options: OriginalSlotMediaOptions = {},
): Medium[] {
  const session = new RiotSession(flash, layout, options);
  return layout.slots.map((slot) => new RiotMedium(session, slot, riotName(slot.index)));
}
