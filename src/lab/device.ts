import type { AreaName, BootConfig, ImageJudge, TrailerLayout } from '../boot/mcuboot/index.ts';
import { areaNames, buildOf, placeOf, trailerLayout } from '../boot/mcuboot/index.ts';
import { DfuError, hexNumber } from '../bytes/index.ts';
import type { FlashGeometry } from '../flash/index.ts';
import { MemoryFlash, SectorMap } from '../flash/index.ts';
import type { Key } from '../image/index.ts';
import type { Inspections } from './inspections.ts';

/** Where a device's slots lie and which bootloader is in it. */
export interface FlashLayout {
  readonly geometry: FlashGeometry;
  readonly config: BootConfig;
}

/** A device on the bench: flash to look at, and what its bootloader is built with. */
export interface LabDevice {
  readonly flash: MemoryFlash;
  readonly config: BootConfig;
  /** Judges images; share one over all that is asked, so that no image is hashed twice. */
  readonly judge: ImageJudge;
  /** Looks into images; shared in the same way. Without one each is looked into anew. */
  readonly inspections?: Inspections | undefined;
  /** The keys that the judge knows, to name them. */
  readonly keys?: readonly Key[] | undefined;
  /** The bootloader checks signatures, but nobody has said with which keys; the judge takes any. */
  readonly signaturesUnchecked?: boolean | undefined;
  /** Security counters in hardware, by image; 0 where there is none. */
  readonly counters?: readonly number[] | undefined;
}

/**
 * Where the trailer of an area lies.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` if it is larger than the area.
 */
export function trailerOf({ geometry, config }: FlashLayout, name: AreaName): TrailerLayout {
  return trailerLayout(buildOf(config).shape, {
    sizeBytes: placeOf(config, name).sizeBytes,
    writeUnitBytes: geometry.writeUnitBytes,
    scratch: name === 'scratch',
  });
}

/**
 * Checks that every area lies within the flash, at sectors' edges, apart from the others, and holds
 * its trailer.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` with what was expected of which area.
 */
export function checkLayout(layout: FlashLayout): void {
  checkPlaces(layout);
  for (const name of areaNames(layout.config)) trailerOf(layout, name);
}

/**
 * Checks where the areas lie, and leaves it open whether their trailers fit.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` with what was expected of which area.
 */
export function checkPlaces({ config, geometry }: FlashLayout): void {
  const sectors = new SectorMap(geometry);
  if (config.algorithm === 'swap-using-scratch' && config.scratch === undefined) {
    throw wrong('swap-using-scratch needs a scratch area, and none was given');
  }
  const { maxAlign } = buildOf(config);
  if (geometry.writeUnitBytes > maxAlign) {
    const unit = geometry.writeUnitBytes;
    throw wrong(`expected a maximum alignment of at least the write unit ${unit}, got ${maxAlign}`);
  }
  const places = areaNames(config).map((name) => {
    const { offsetBytes, sizeBytes } = placeOf(config, name);
    return { name, offsetBytes, sizeBytes };
  });
  for (const { name, offsetBytes, sizeBytes } of places) {
    const end = offsetBytes + sizeBytes;
    if (sizeBytes < 1 || end > sectors.sizeBytes) {
      const range = `${hexNumber(offsetBytes)} to ${hexNumber(end)}`;
      throw wrong(
        `expected ${name} within ${hexNumber(sectors.sizeBytes)} bytes of flash, got ${range}`,
      );
    }
    for (const edge of [offsetBytes, end]) {
      if (sectors.isEdge(edge)) continue;
      const { offsetBytes: from, sizeBytes: size } = sectors.at(edge);
      const edges = `${hexNumber(from)} or ${hexNumber(from + size)}`;
      throw wrong(
        `expected ${name} to begin and end at sectors' edges (${edges}), got ${hexNumber(edge)}`,
      );
    }
  }
  places.sort((one, other) => one.offsetBytes - other.offsetBytes);
  for (const [n, place] of places.entries()) {
    const before = places[n - 1];
    if (before === undefined || before.offsetBytes + before.sizeBytes <= place.offsetBytes)
      continue;
    throw wrong(`expected areas apart from each other; ${before.name} reaches into ${place.name}`);
  }
}

function wrong(words: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', `layout: ${words}`);
}

/**
 * Sectors of the largest slot: what Zephyr builds MCUboot for (`CONFIG_BOOT_MAX_IMG_SECTORS_AUTO`).
 *
 * @throws `DfuError` `INVALID_ARGUMENT` for a layout that cannot be.
 */
export function sectorsOfLargestSlot(layout: FlashLayout): number {
  checkPlaces(layout);
  const sectors = new SectorMap(layout.geometry);
  const { logicalSectorBytes: logical } = layout.config;
  const counts = layout.config.images.flatMap(({ primary, secondary }) =>
    [primary, secondary].map(({ offsetBytes, sizeBytes }) =>
      logical === undefined
        ? [...sectors.in(offsetBytes, sizeBytes)].length
        : Math.ceil(sizeBytes / logical),
    ),
  );
  return Math.max(...counts);
}

/**
 * The flash that a dump is of.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` for a layout that cannot be, `TRUNCATED` or
 * `OUT_OF_RANGE` if the dump is shorter or longer than the flash.
 */
export function openDump(layout: FlashLayout, dump: Uint8Array): MemoryFlash {
  checkLayout(layout);
  return openFlash(layout.geometry, dump);
}

/**
 * A flash with the contents of a dump, wherever its slots may lie.
 *
 * @throws `DfuError` `TRUNCATED` or `OUT_OF_RANGE` if the dump is shorter or longer than the flash.
 */
export function openFlash(geometry: FlashGeometry, dump: Uint8Array): MemoryFlash {
  const { sizeBytes } = new SectorMap(geometry);
  if (dump.length !== sizeBytes) {
    const runs = geometry.sectors.map((run) => `${run.count} sectors of ${run.sizeBytes}`);
    const words = `expected ${sizeBytes} bytes (${runs.join(', ')}), got ${dump.length}`;
    const short = dump.length < sizeBytes;
    const why = short ? 'it is cut short, or of another layout' : 'it is of another layout';
    throw new DfuError(short ? 'TRUNCATED' : 'OUT_OF_RANGE', `dump: ${words}: ${why}`);
  }
  return new MemoryFlash(geometry, dump);
}

/** A copy of a device that can be booted without changing the first one. */
export function forkDevice(device: LabDevice): LabDevice {
  return { ...device, flash: device.flash.fork() };
}

/** Everything in a flash, as a dump has it. */
export function dumpOf(flash: MemoryFlash): Uint8Array<ArrayBuffer> {
  return flash.read(0, flash.sizeBytes);
}
