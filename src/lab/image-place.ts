import type { SlotIndex } from '../boot/mcuboot/index.ts';
import { placeOf } from '../boot/mcuboot/index.ts';
import { viewOf } from '../bytes/index.ts';
import type { FlashRange } from '../flash/index.ts';
import { IMAGE_MAGIC } from '../image/index.ts';
import type { LabDevice } from './device.ts';

type Slots = Pick<LabDevice, 'flash' | 'config'>;

/** Where an image goes that is to be the next update: one of the bootloader's sectors up with swap using offset. */
export function uploadOffset({ flash, config }: Slots, image = 0): number {
  const { offsetBytes } = placeOf(config, `secondary${image}`);
  if (config.algorithm !== 'swap-using-offset') return 0;
  return config.logicalSectorBytes ?? flash.sectors.at(offsetBytes).sizeBytes;
}

/** Where the image of a slot begins: swap using offset looks at the second sector, then at the first. */
export function imageStart(device: Slots, image: number, slot: SlotIndex): number {
  if (slot === 0) return 0;
  const up = uploadOffset(device, image);
  const { offsetBytes } = placeOf(device.config, `secondary${image}`);
  const magicAt = (at: number): boolean =>
    viewOf(device.flash.read(offsetBytes + at, 4)).getUint32(0, true) === IMAGE_MAGIC;
  return up > 0 && !magicAt(up) && magicAt(0) ? 0 : up;
}

/** The part of a slot from its image on. */
export function imagePlace(
  device: Slots,
  { image, slot }: { readonly image: number; readonly slot: SlotIndex },
): FlashRange {
  const place = placeOf(device.config, slot === 0 ? `primary${image}` : `secondary${image}`);
  const start = imageStart(device, image, slot);
  return { offsetBytes: place.offsetBytes + start, sizeBytes: place.sizeBytes - start };
}
