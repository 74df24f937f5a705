import type { TrailerLayout } from '../boot/mcuboot/index.ts';
import {
  areaNames,
  buildOf,
  copyingAlgorithms,
  isSwap,
  largestImageBytes,
  placeOf,
  slotsRefusal,
} from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import type { FlashLayout } from './device.ts';
import { checkPlaces, trailerOf } from './device.ts';
import { trailerFields } from './trailer-fields.ts';

/** A part of a slot, from its start. */
export interface SlotPart {
  readonly name: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** What it is for; empty where the name says it. */
  readonly words: string;
}

/** How an image fits into a slot. */
export interface FitReport {
  readonly slotBytes: number;
  /** Why this build updates no image at all here, in the bootloader's own words; undefined if it does. */
  readonly refusal: string | undefined;
  /** Largest image, header and TLVs included; 0 if there is none. */
  readonly largestBytes: number;
  readonly imageBytes: number | undefined;
  /** By how much the image is too big; 0 if it fits, or if none was given. */
  readonly overBytes: number;
  /** The slot from its start to its end: image, free room, every field of the trailer. */
  readonly parts: readonly SlotPart[];
}

/** The fields of a trailer as parts of the slot; what lies between two of them belongs to the lower. */
function trailerParts(layout: TrailerLayout, { config, geometry }: FlashLayout): SlotPart[] {
  const { maxImgSectors } = buildOf(config);
  const entries = layout.statusBytes / maxImgSectors / geometry.writeUnitBytes;
  const status = `${maxImgSectors} sectors × ${entries} entries × ${geometry.writeUnitBytes} bytes`;
  const fields = trailerFields(layout);
  return fields.map(({ name, offsetBytes, lengthBytes }, n) => {
    const end = fields[n + 1]?.offsetBytes ?? offsetBytes + lengthBytes;
    const words = name === 'swap_status' ? status : '';
    return { name, offsetBytes, lengthBytes: end - offsetBytes, words };
  });
}

/** Why an image may not reach up to the trailer. */
const keptFree: Readonly<Partial<Record<string, string>>> = {
  'swap-using-move': 'the trailer in whole sectors, and one sector to move into',
  'swap-using-offset': 'the trailer in whole sectors, and one sector for the offset',
  'swap-using-scratch': 'what the trailer in scratch needs',
};

/** What the bootloader says of the slots of every image pair; undefined if it says nothing. */
function refusalOf({ config, geometry }: FlashLayout): string | undefined {
  const flash = new MemoryFlash(geometry);
  for (const image of config.images.keys()) {
    const words = slotsRefusal(flash, config, image);
    if (words !== undefined) return config.images.length > 1 ? `image ${image}: ${words}` : words;
  }
  return undefined;
}

/** A layout in which not even the trailer has room. */
function withoutTrailer(
  slotBytes: number,
  imageBytes: number | undefined,
  error: DfuError,
): FitReport {
  return {
    slotBytes,
    refusal: error.message,
    largestBytes: 0,
    imageBytes,
    overBytes: imageBytes ?? 0,
    parts: [],
  };
}

/** The trailers of all areas have room, or the error that says they do not. */
function trailerFault(layout: FlashLayout): DfuError | undefined {
  try {
    for (const name of areaNames(layout.config)) trailerOf(layout, name);
    return undefined;
  } catch (error) {
    if (DfuError.is(error, 'INVALID_ARGUMENT')) return error;
    throw error;
  }
}

/**
 * Says how large an image may be in this layout, and lays the slot out. Whether the bootloader really takes
 * such an image and gives it back is what {@link fitUpdate} tries.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` for a layout that cannot be.
 */
export function fitImage(layout: FlashLayout, imageBytes?: number, image = 0): FitReport {
  checkPlaces(layout);
  const { config } = layout;
  const { sizeBytes: slotBytes } = placeOf(config, `secondary${image}`);
  const fault = trailerFault(layout);
  if (fault !== undefined) return withoutTrailer(slotBytes, imageBytes, fault);
  const refusal = refusalOf(layout);
  const largestBytes = refusal === undefined ? mostOf(layout, image) : 0;
  return layOut(layout, { refusal, imageBytes, largestBytes, image });
}

/** The bootloader's own limit; where images run from their slots, that of the smaller one. */
function mostOf({ config, geometry }: FlashLayout, image: number): number {
  const flash = new MemoryFlash(geometry);
  const inPlace = !copyingAlgorithms.includes(config.algorithm);
  const slots = inPlace ? ([0, 1] as const) : ([1] as const);
  const limits = slots.map((slot) => largestImageBytes(flash, config, { image, slot }));
  return Math.max(0, Math.min(...limits));
}

/** The secondary slot with an image in it, drawn for a limit that is known. */
export function layOut(
  layout: FlashLayout,
  {
    refusal,
    imageBytes,
    largestBytes,
    image,
  }: Pick<FitReport, 'refusal' | 'imageBytes' | 'largestBytes'> & { readonly image: number },
): FitReport {
  const { config } = layout;
  const name = `secondary${image}` as const;
  const { sizeBytes: slotBytes } = placeOf(config, name);
  const trailer = trailerOf(layout, name);
  const fields = trailerParts(trailer, layout).filter(
    // without swaps there is no status, and images may reach up to the flags
    ({ offsetBytes }) => isSwap(config.algorithm) || offsetBytes >= trailer.swapInfo,
  );
  const end = fields[0]?.offsetBytes ?? slotBytes;
  const parts: SlotPart[] = [];
  const add = (part: string, from: number, to: number, words = ''): void => {
    if (to > from) parts.push({ name: part, offsetBytes: from, lengthBytes: to - from, words });
  };
  const used = Math.min(imageBytes ?? 0, largestBytes);
  add('image', 0, used);
  add('free', used, largestBytes);
  add('kept free', largestBytes, end, refusal === undefined ? keptFree[config.algorithm] : '');
  const overBytes = Math.max(0, (imageBytes ?? 0) - largestBytes);
  return { slotBytes, refusal, largestBytes, imageBytes, overBytes, parts: [...parts, ...fields] };
}
