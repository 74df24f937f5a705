import { areaNames, isSwap, placeOf } from '../boot/mcuboot/index.ts';
import { hexNumber } from '../bytes/index.ts';
import type { MemoryFlash } from '../flash/index.ts';
import type { FlashLayout } from './device.ts';
import { dumpOf, trailerOf } from './device.ts';
import { survey } from './survey.ts';
import { fitTrailer } from './trailer-fit.ts';

const list = (values: Iterable<number>): string =>
  [...values].map((value) => hexNumber(value)).join(', ');

/** Where this layout lets images begin: at slots' starts, and one sector up. */
function imageStarts({ config }: FlashLayout, flash: MemoryFlash): Set<number> {
  const starts = new Set<number>();
  for (const name of areaNames(config)) {
    const { offsetBytes } = placeOf(config, name);
    // an image lies one sector up with swap using offset, and while swap using move is at work
    const sectorBytes = config.logicalSectorBytes ?? flash.sectors.at(offsetBytes).sizeBytes;
    starts.add(offsetBytes).add(offsetBytes + sectorBytes);
  }
  return starts;
}

/**
 * What in a dump does not go with its layout, one sentence each: images and trailers where there is no
 * slot, bytes in a trailer that no field explains. None if all goes together.
 */
export async function layoutDoubts(
  config: FlashLayout['config'],
  flash: MemoryFlash,
): Promise<string[]> {
  const layout: FlashLayout = { geometry: flash.geometry, config };
  const bytes = dumpOf(flash);
  const { erasedValue, writeUnitBytes: unit } = flash.geometry;
  const { images, ends } = await survey(bytes, erasedValue);
  const doubts: string[] = [];
  const places = areaNames(config).map((name) => placeOf(config, name));
  const starts = imageStarts(layout, flash);
  const slots = list(places.map(({ offsetBytes }) => offsetBytes));
  for (const { offsetBytes, whole } of images) {
    if (starts.has(offsetBytes) || !whole) continue;
    const words = `an image begins at ${hexNumber(offsetBytes)}, where this layout has no slot`;
    doubts.push(`${words} (it has some at ${slots})`);
  }
  const edges = new Set(places.map(({ offsetBytes, sizeBytes }) => offsetBytes + sizeBytes));
  for (const end of ends.keys()) {
    if (edges.has(end)) continue;
    const words = `a trailer ends at ${hexNumber(end)}, where no slot of this layout ends`;
    doubts.push(`${words} (they do at ${list(edges)})`);
  }
  if (!isSwap(config.algorithm)) return doubts;
  for (const name of areaNames(config)) {
    const { offsetBytes, sizeBytes } = placeOf(config, name);
    const area = bytes.subarray(offsetBytes, offsetBytes + sizeBytes);
    const fit = fitTrailer(trailerOf(layout, name), area, { unit, erased: erasedValue });
    if (!ends.has(offsetBytes + sizeBytes) || fit.strays === 0) continue;
    const words = 'are not explained by write unit, alignment and sectors of this layout';
    doubts.push(`${fit.strays} bytes in the trailer of ${name} ${words}`);
  }
  return doubts;
}
