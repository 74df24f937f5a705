import { placeOf } from '../boot/mcuboot/index.ts';
import type { SlotIndex } from '../boot/mcuboot/index.ts';
import { hexNumber } from '../bytes/index.ts';
import { ENCRYPTED_FLAGS, ImageFlag, decodeImageHeader, recognise } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { imageAt } from './image-names.ts';
import { imagePlace } from './image-place.ts';

const slotNames = ['primary', 'secondary'] as const;

/** Enough for the vectors of a Cortex-M's system. */
const TABLE_BYTES = 64;

/** What cannot be read where it lies: a payload that is encrypted or compressed. */
const UNREADABLE = ENCRYPTED_FLAGS | ImageFlag.COMPRESSED_LZMA1 | ImageFlag.COMPRESSED_LZMA2;

/** The reset vector of the image in a slot, if it begins as a program of a Cortex-M does. */
function resetVectorOf(device: LabDevice, image: number, slot: SlotIndex): number | undefined {
  const bytes = imageAt(device.flash, imagePlace(device, { image, slot }));
  if (bytes === undefined) return undefined;
  const { hdrSize, flags } = decodeImageHeader(bytes);
  if (slot === 1 && (flags & UNREADABLE) !== 0) return undefined;
  const found = recognise(bytes.subarray(hdrSize, hdrSize + TABLE_BYTES));
  return found.format === 'binary' ? found.vectors?.resetHandler : undefined;
}

/**
 * Images that are linked for another place than the one that they run from, one sentence each. Most bootloaders do
 * not look at that, and such an image crashes. Where the processor sees the flash matters little: unless it is told,
 * any address is taken for one that the size of the flash divides.
 */
export function vectorDoubts(device: LabDevice, baseAddress?: number): string[] {
  const { config, flash } = device;
  if (config.algorithm === 'ram-load') return [];
  const span = 2 ** Math.ceil(Math.log2(flash.sizeBytes));
  const doubts: string[] = [];
  for (const image of config.images.keys()) {
    for (const slot of [0, 1] as const) {
      const vector = resetVectorOf(device, image, slot);
      if (vector === undefined) continue;
      const runs = config.algorithm === 'direct-xip' ? slot : 0;
      const { offsetBytes, sizeBytes } = placeOf(config, `${slotNames[runs]}${image}`);
      const at = baseAddress === undefined ? vector % span : vector - baseAddress;
      if (at >= offsetBytes && at < offsetBytes + sizeBytes) continue;
      const range = `${hexNumber(offsetBytes)} to ${hexNumber(offsetBytes + sizeBytes)} of the flash`;
      doubts.push(
        `the image in ${slotNames[slot]}${image} is linked for another address: its reset vector is ` +
          `${hexNumber(vector, 8)}, outside of the slot that it runs from (${range})`,
      );
    }
  }
  return doubts;
}
