import { sameBytes } from '../bytes/index.ts';
import type { ImageInspection, Key } from '../image/index.ts';
import { inspectImage } from '../image/index.ts';

interface Remembered {
  readonly keys: readonly Key[];
  readonly inspection: ImageInspection;
  /** Of the slot whose bytes the inspection is a view of. */
  readonly sizeBytes: number;
}

/** Most bytes of slots that are remembered; the one that was looked into last is in any case. */
const MOST_BYTES = 64 << 20;

/**
 * Looks into images and remembers what it has found: of one that was there before neither hash nor signature is computed again.
 * Images are compared byte by byte.
 */
export class Inspections {
  #remembered: readonly Remembered[] = [];

  /**
   * The image that a slot begins with, judged with these keys. Keeps the slot's bytes, and knows a list of keys by being the
   * same one.
   *
   * @throws `DfuError` `MALFORMED` or `TRUNCATED` for what is no image.
   */
  async inspect(slot: Uint8Array, keys: readonly Key[]): Promise<ImageInspection> {
    const known = this.#remembered.find(
      (each) => each.keys === keys && beginsWith(slot, each.inspection.image.bytes),
    );
    if (known !== undefined) return known.inspection;
    const inspection = await inspectImage(slot, { keys });
    this.#remember({ keys, inspection, sizeBytes: slot.length });
    return inspection;
  }

  #remember(found: Remembered): void {
    let room = MOST_BYTES - found.sizeBytes;
    const others = this.#remembered.filter(({ sizeBytes }) => (room -= sizeBytes) >= 0);
    this.#remembered = [found, ...others];
  }
}

function beginsWith(bytes: Uint8Array, image: Uint8Array): boolean {
  return sameBytes(bytes.subarray(0, image.length), image);
}
