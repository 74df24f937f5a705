import { areaNames, buildOf, isSwap, placeOf } from '../boot/mcuboot/index.ts';
import type { AreaName, TrailerLayout } from '../boot/mcuboot/index.ts';
import { DfuError, hexNumber, viewOf } from '../bytes/index.ts';
import { SectorMap } from '../flash/index.ts';
import type { MemoryFlash } from '../flash/index.ts';
import { DEFAULT_MAX_IMG_SECTORS, TRAILER_MAGIC_BYTES, maxAlignOfMagic } from '../image/index.ts';
import type { FlashLayout } from './device.ts';
import { checkLayout, dumpOf, sectorsOfLargestSlot, trailerOf } from './device.ts';
import { imageAt } from './image-names.ts';
import { survey } from './survey.ts';
import { firstExchange, fitTrailer } from './trailer-fit.ts';
import type { TrailerFit } from './trailer-fit.ts';

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
  const { erasedValue } = flash.geometry;
  const { images, ends } = await survey(bytes, erasedValue);
  const doubts: string[] = [];
  const places = areaNames(config).map((name) => placeOf(config, name));
  const starts = imageStarts(layout, flash);
  const slots = list(places.map(({ offsetBytes }) => offsetBytes));
  for (const { offsetBytes, whole, encrypted, partial } of images) {
    // of an encrypted one nobody can say that its hash is right
    const real = whole || (encrypted && !partial);
    if (starts.has(offsetBytes) || !real) continue;
    const words = `an image begins at ${hexNumber(offsetBytes)}, where this layout has no slot`;
    doubts.push(`${words} (it has some at ${slots})`);
  }
  const edges = new Set(places.map(({ offsetBytes, sizeBytes }) => offsetBytes + sizeBytes));
  for (const end of ends.keys()) {
    if (edges.has(end)) continue;
    const words = `a trailer ends at ${hexNumber(end)}, where no slot of this layout ends`;
    doubts.push(`${words} (they do at ${list(edges)})`);
  }
  for (const [name, { strays }] of trailerFits(layout, bytes)) {
    if (strays === 0) continue;
    const words = 'are not explained by write unit, alignment and sectors of this layout';
    doubts.push(`${strays} bytes in the trailer of ${name} ${words}`);
  }
  doubts.push(...foreignStatus(layout, bytes));
  const { maxImgSectors } = buildOf(config);
  const better = sectorsThatFit(layout, bytes, maxImgSectors);
  if (better !== maxImgSectors) {
    const words = `the swap status is that of a build for ${better} sectors`;
    doubts.push(`${words}, this layout has ${maxImgSectors} (--max-sectors)`);
  }
  return doubts;
}

/**
 * Where the sector begins that the trailer begins in, or the image ends that reaches into it: what follows was
 * erased when the trailer was made.
 */
function emptyFrom(
  { geometry }: FlashLayout,
  { area, offsetBytes, trailer }: { area: Uint8Array; offsetBytes: number; trailer: TrailerLayout },
): number {
  const sectors = new SectorMap(geometry);
  const start = sectors.at(offsetBytes + trailer.status).offsetBytes - offsetBytes;
  const { sizeBytes: up } = sectors.at(offsetBytes);
  const read = (from: number, length: number): Uint8Array<ArrayBuffer> =>
    area.slice(from, from + length);
  // while a swap is cut, and with swap using offset, an image lies one sector up
  const ends = [0, up].map((from) => {
    const image = imageAt({ read }, { offsetBytes: from, sizeBytes: area.length - from });
    return from + (image?.length ?? 0);
  });
  const swapSize = viewOf(area).getUint32(trailer.swapSize, true);
  return Math.max(start, ...ends, swapSize < area.length ? swapSize + up : 0);
}

/** How each trailer that there is goes with a layout. */
function trailerFits(layout: FlashLayout, bytes: Uint8Array): [AreaName, TrailerFit][] {
  const { config, geometry } = layout;
  if (!isSwap(config.algorithm)) return [];
  return areaNames(config).flatMap((name): [AreaName, TrailerFit][] => {
    const { offsetBytes, sizeBytes } = placeOf(config, name);
    const area = bytes.subarray(offsetBytes, offsetBytes + sizeBytes);
    // What ends before the area does is no dump of it, and is refused where it is opened.
    if (area.length < sizeBytes) return [];
    if (maxAlignOfMagic(area.subarray(-TRAILER_MAGIC_BYTES), ['little']) === undefined) return [];
    const trailer = trailerOf(layout, name);
    const fit = fitTrailer(trailer, area, {
      unit: geometry.writeUnitBytes,
      erased: geometry.erasedValue,
      exchangeFrom: firstExchange(config),
      emptyFrom: emptyFrom(layout, { area, offsetBytes, trailer }),
      // scratch serves every pair
      isPair: (number) =>
        name === 'scratch'
          ? number < config.images.length
          : name === `primary${number}` || name === `secondary${number}`,
    });
    return [[name, fit]];
  });
}

/** Swap status in a trailer that this algorithm never writes any to: the slots are others, or the algorithm is. */
function foreignStatus({ geometry, config }: FlashLayout, bytes: Uint8Array): string[] {
  const { algorithm } = config;
  // offset marks the secondary slot of a revert, too
  if (algorithm === 'swap-using-offset') return [];
  const swaps = isSwap(algorithm);
  const swapping = swaps ? config : { ...config, algorithm: 'swap-using-move' as const };
  const layout: FlashLayout = { geometry, config: swapping };
  if (!isPossible(layout)) return [];
  return trailerFits(layout, bytes).flatMap(([name, { entries, strays }]) => {
    if (entries === 0 || strays > 0 || (swaps && !name.startsWith('secondary'))) return [];
    // the end of an image that is too large looks like anything
    const { offsetBytes, sizeBytes } = placeOf(config, name);
    const area = bytes.subarray(offsetBytes, offsetBytes + sizeBytes);
    const trailer = trailerOf(layout, name);
    if (emptyFrom(layout, { area, offsetBytes, trailer }) > trailer.status) return [];
    return [
      `the trailer of ${name} holds the status of a swap, and ${algorithm} writes none there`,
    ];
  });
}

/** Whether a layout and the trailers of all its areas can be. */
function isPossible(layout: FlashLayout): boolean {
  try {
    checkLayout(layout);
    return true;
  } catch (error) {
    if (DfuError.is(error, 'INVALID_ARGUMENT')) return false;
    throw error;
  }
}

/** Of the usual numbers of sectors, the one that explains most of the swap status; the first of equal ones. */
function sectorsThatFit(layout: FlashLayout, dump: Uint8Array, first: number): number {
  const { geometry, config } = layout;
  const explained = (maxImgSectors: number): number => {
    const other = { geometry, config: { ...config, maxImgSectors } };
    if (!isPossible(other)) return -Infinity;
    const fits = trailerFits(other, dump);
    // one byte that has no meaning outweighs what else may look like an entry
    return fits.reduce((sum, [, { entries, strays }]) => sum + entries - 1000 * strays, 0);
  };
  let best = first;
  for (const count of [sectorsOfLargestSlot(layout), DEFAULT_MAX_IMG_SECTORS]) {
    if (explained(count) > explained(best)) best = count;
  }
  return best;
}

/**
 * BOOT_MAX_IMG_SECTORS of a layout that does not say it: as many sectors as the larger slot has, which is Zephyr's
 * default, unless the trailers of a dump are those of a build for 128, which is MCUboot's own.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` for a layout that cannot be.
 */
export function maxSectorsFor(layout: FlashLayout, dump?: Uint8Array): number {
  const auto = sectorsOfLargestSlot(layout);
  return dump === undefined ? auto : sectorsThatFit(layout, dump, auto);
}
