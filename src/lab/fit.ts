import type { TrailerLayout } from '../boot/mcuboot/index.ts';
import { buildOf, isSwap, largestImageBytes, placeOf } from '../boot/mcuboot/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import type { FlashLayout } from './device.ts';
import { checkLayout, trailerOf } from './device.ts';
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
  /** Largest image, header and TLVs included. */
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

/**
 * Says how large an image may be in this layout, and lays the slot out.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` for a layout that cannot be.
 */
export function fitImage(layout: FlashLayout, imageBytes?: number, image = 0): FitReport {
  checkLayout(layout);
  const { config, geometry } = layout;
  const name = `secondary${image}` as const;
  const { sizeBytes: slotBytes } = placeOf(config, name);
  const largestBytes = largestImageBytes(new MemoryFlash(geometry), config, { image, slot: 1 });
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
  add('kept free', Math.max(0, largestBytes), end, keptFree[config.algorithm]);
  const overBytes = Math.max(0, (imageBytes ?? 0) - largestBytes);
  return { slotBytes, largestBytes, imageBytes, overBytes, parts: [...parts, ...fields] };
}
