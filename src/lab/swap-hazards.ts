import { placeOf } from '../boot/mcuboot/index.ts';
import { SectorMap } from '../flash/index.ts';
import type { FlashLayout } from './device.ts';
import { trailerOf } from './device.ts';

/**
 * What a power cut can lose in this layout with images of such a size, one sentence each: defects of MCUboot's own
 * swaps, which no setting of it avoids.
 *
 * @param largestBytes - of the larger of the two images, header and TLVs included
 */
export function swapHazards(layout: FlashLayout, largestBytes: number): string[] {
  const { config, geometry } = layout;
  const sectors = new SectorMap(geometry);
  if (config.algorithm === 'swap-using-offset') {
    const sector =
      config.logicalSectorBytes ?? sectors.at(placeOf(config, 'primary0').offsetBytes).sizeBytes;
    if (largestBytes > sector) return [];
    const words = `images of at most one sector (${sector} bytes) do not survive every power cut`;
    const why =
      'after one right behind the first erase MCUboot looks for the header in the wrong slot';
    return [`${words} with swap using offset: ${why}`];
  }
  const { scratch } = config;
  if (config.algorithm !== 'swap-using-scratch' || scratch === undefined) return [];
  const primary = placeOf(config, 'primary0');
  const { status } = trailerOf(layout, 'primary0');
  const shared = sectors.at(primary.offsetBytes + status).offsetBytes - primary.offsetBytes;
  const single = sectors.at(scratch.offsetBytes).sizeBytes >= scratch.sizeBytes;
  if (!single || largestBytes <= shared) return [];
  const words = `images that reach into the sector of the trailer (over ${shared} bytes) do not survive every power cut`;
  const why =
    'one within the erase of scratch leaves its trailer without the data that it vouches for';
  return [`${words} with scratch of one sector: ${why}`];
}
