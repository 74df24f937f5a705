import type { BootConfig, BootResult, SlotIndex } from '../boot/mcuboot/index.ts';
import { placeOf, swapUnderWay } from '../boot/mcuboot/index.ts';
import { DfuError, crc32, hexNumber, sameBytes, toHex } from '../bytes/index.ts';
import type { Flash, FlashRange } from '../flash/index.ts';
import {
  IMAGE_HEADER_BYTES,
  IMAGE_MAGIC,
  allTlvs,
  decodeImageHeader,
  formatVersion,
  hashTlvs,
  parseImage,
} from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { imagePlace } from './image-place.ts';

// Images are the same if their bytes are. Versions say nothing: every build of Zephyr that was not told
// otherwise is 0.0.0+0.

/** What flash has to be for its images to be named. */
export type ImageBytes = Pick<Flash, 'read'>;

interface KnownImage {
  /** Its image pair: those of different pairs are never mistaken for each other. */
  readonly pair: number;
  readonly bytes: Uint8Array;
  readonly version: string;
  /** Of the image's own hash record, its first bytes in hex; empty where it has none. */
  readonly hash: string;
  /** An encrypted image has one hash and two forms, of which only one runs. */
  ran: boolean;
}

/** The bytes of the image that begins at a place, without what fills up its slot; undefined if none does. */
export function imageAt(
  flash: ImageBytes,
  { offsetBytes, sizeBytes }: FlashRange,
): Uint8Array<ArrayBuffer> | undefined {
  if (sizeBytes < IMAGE_HEADER_BYTES) return undefined;
  const header = decodeImageHeader(flash.read(offsetBytes, IMAGE_HEADER_BYTES));
  if (header.magic !== IMAGE_MAGIC) return undefined;
  const slot = flash.read(offsetBytes, sizeBytes);
  try {
    return slot.subarray(0, parseImage(slot).bytes.length);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    // a build that does not validate runs it all the same
    const { hdrSize, imgSize, protectTlvSize } = header;
    return slot.subarray(
      0,
      Math.min(slot.length, Math.max(IMAGE_HEADER_BYTES, hdrSize + imgSize + protectTlvSize)),
    );
  }
}

/** The first bytes of an image's own hash, as everybody shows it; undefined where it has none. */
export function shortHash(image: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    const types = Object.values(hashTlvs);
    const record = allTlvs(parseImage(image)).find(({ type }) => types.includes(type));
    return record === undefined ? undefined : toHex(record.data.subarray(0, 4));
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/** Names of images, by their bytes. */
export class ImageNames {
  readonly #known: KnownImage[] = [];

  /** The number of the image at a place in a slot of a pair; undefined if none begins there. */
  at(flash: ImageBytes, place: FlashRange, pair: number): number | undefined {
    const bytes = imageAt(flash, place);
    if (bytes === undefined) return undefined;
    const found = this.#known.findIndex(
      (each) => each.pair === pair && sameBytes(each.bytes, bytes),
    );
    if (found >= 0) return found;
    const version = formatVersion(decodeImageHeader(bytes).version);
    return (
      this.#known.push({
        pair,
        bytes: bytes.slice(),
        version,
        hash: shortHash(bytes) ?? '',
        ran: false,
      }) - 1
    );
  }

  /** The number of an image that runs from a place. */
  running(flash: ImageBytes, place: FlashRange, pair: number): number {
    const number = this.at(flash, place, pair);
    const image = this.#known[number ?? -1];
    if (number === undefined || image === undefined) {
      throw new Error(`expected an image where image ${pair} runs`);
    }
    image.ran = true;
    return number;
  }

  /** What stands in all slots of a device. */
  seeSlots(device: Pick<LabDevice, 'flash' | 'config'>): void {
    for (const image of device.config.images.keys()) {
      // of a swap that was cut the slots hold pieces, which are no images that anybody knows
      if (swapUnderWay(device.flash, device.config, image) !== undefined) continue;
      for (const slot of [0, 1] as const) {
        this.at(device.flash, imagePlace(device, { image, slot }), image);
      }
    }
  }

  /** The version of an image, with its hash where another one has the same version. */
  label(number: number): string {
    const image = this.#image(number);
    const { pair, version, hash, bytes, ran } = image;
    const alike = this.#known.filter(
      (each) => each !== image && each.pair === pair && each.version === version,
    );
    const twin = alike.some((each) => each.hash === hash && each.ran && ran);
    const marks = [
      ...(hash !== '' && (twin || alike.some((each) => each.hash !== hash))
        ? [`hash ${hash}…`]
        : []),
      ...(twin || (hash === '' && alike.length > 0)
        ? [`CRC-32 ${hexNumber(crc32(bytes), 8)}`]
        : []),
    ];
    return marks.length === 0 ? version : `${version} (${marks.join(', ')})`;
  }

  /** An image as a report has it. */
  describe({ slot, number }: RunningImage, image: number): RunningSlot {
    const { version, hash } = this.#image(number);
    const name = this.label(number);
    return { image, slot, number, version, hash: hash === '' ? undefined : hash, name };
  }

  #image(number: number): KnownImage {
    const image = this.#known[number];
    if (image === undefined) throw new Error(`expected the number of an image, got ${number}`);
    return image;
  }
}

/** An image that runs, as a report has it. */
export interface RunningSlot {
  readonly image: number;
  readonly slot: SlotIndex;
  /** Equal bytes have equal numbers, whatever the versions are. */
  readonly number: number;
  /** As `1.2.0+3`. */
  readonly version: string;
  /** The first four bytes of its own hash record, in hex; undefined where it has none. */
  readonly hash: string | undefined;
  /** Its version, with its hash where another image of this device has the same version. */
  readonly name: string;
}

/** An image that runs: its number, and the slot that it runs from. */
export interface RunningImage {
  readonly slot: SlotIndex;
  readonly number: number;
}

/** The images that run after a boot, one of each pair; undefined if nothing does. */
export function runningImages(
  names: ImageNames,
  { config, flash }: { readonly config: BootConfig; readonly flash: ImageBytes },
  { outcome, slots }: Pick<BootResult, 'outcome' | 'slots'>,
): readonly RunningImage[] | undefined {
  if (outcome !== 'ok') return undefined;
  return slots.map((slot, n) => {
    const place = placeOf(config, slot === 0 ? `primary${n}` : `secondary${n}`);
    return { slot, number: names.running(flash, place, n) };
  });
}
