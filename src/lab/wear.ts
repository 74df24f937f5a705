import type { Algorithm, BootConfig } from '../boot/mcuboot/index.ts';
import {
  areaNames,
  MemoryCounters,
  copyingAlgorithms,
  isSwap,
  placeOf,
} from '../boot/mcuboot/index.ts';
import { DfuError, sameBytes } from '../bytes/index.ts';
import type { FlashGeometry } from '../flash/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import { parseImage } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { checkLayout, forkDevice } from './device.ts';
import type { BootStep } from './predict.ts';
import { uploadOffset } from './image-place.ts';
import { bootStep, stageUpdate } from './predict.ts';
import { bootReason } from './why.ts';

/** How often the sectors of one area were erased, in order of address. */
export interface AreaErases {
  readonly area: string;
  readonly erases: readonly number[];
}

/** What one boot costs. */
export interface BootWear {
  readonly what: 'update' | 'revert';
  readonly operations: number;
  readonly erases: number;
  /** Most erases of one sector. */
  readonly worst: number;
  readonly bytesWritten: number;
  /** By the datasheet's times; 0 where the geometry has none. */
  readonly seconds: number;
  readonly areas: readonly AreaErases[];
}

/** What an algorithm costs for one update and its revert. */
export interface AlgorithmWear {
  readonly algorithm: Algorithm;
  /** Why it cannot do this update; undefined if it can. */
  readonly impossible: string | undefined;
  readonly boots: readonly BootWear[];
}

/** The image at the start of these bytes, no more. */
function imageIn(bytes: Uint8Array, slot: string): Uint8Array {
  try {
    return parseImage(bytes).bytes;
  } catch (cause) {
    if (!DfuError.is(cause)) throw cause;
    const words = `expected an image in both slots, the ${slot} slot has none (${cause.message})`;
    throw new DfuError('MALFORMED', `wear: ${words}`, { cause });
  }
}

function slotImages(device: LabDevice): readonly [Uint8Array, Uint8Array] {
  const { flash, config } = device;
  const primary = placeOf(config, 'primary0');
  const secondary = placeOf(config, 'secondary0');
  const up = uploadOffset(device);
  const read = (from: number, length: number): Uint8Array => flash.read(from, length);
  const old = imageIn(read(primary.offsetBytes, primary.sizeBytes), 'primary');
  const next = imageIn(read(secondary.offsetBytes + up, secondary.sizeBytes - up), 'secondary');
  return [old, next];
}

/** The same slots side by side, with scratch behind them: the layout's own, or one sector. */
function rearranged(
  { flash, config }: LabDevice,
  algorithm: Algorithm,
): { geometry: FlashGeometry; config: BootConfig } {
  const [first] = config.images;
  if (first === undefined) throw new DfuError('INVALID_ARGUMENT', 'wear: expected an image pair');
  const { primary, secondary } = first;
  const runs = [primary, secondary].flatMap(({ offsetBytes, sizeBytes }) =>
    flash.sectors.cut(offsetBytes, sizeBytes),
  );
  const largest = runs.reduce((one, other) => (other.sizeBytes > one.sizeBytes ? other : one));
  const own = config.scratch;
  const scratchRuns =
    own === undefined
      ? [{ ...largest, count: 1 }]
      : flash.sectors.cut(own.offsetBytes, own.sizeBytes);
  const end = primary.sizeBytes + secondary.sizeBytes;
  const scratchBytes = scratchRuns.reduce((sum, run) => sum + run.count * run.sizeBytes, 0);
  const { scratch: _, ...build } = config;
  return {
    geometry: { ...flash.geometry, sectors: [...runs, ...scratchRuns] },
    config: {
      ...build,
      revert: false,
      algorithm,
      images: [
        {
          primary: { offsetBytes: 0, sizeBytes: primary.sizeBytes },
          secondary: { offsetBytes: primary.sizeBytes, sizeBytes: secondary.sizeBytes },
        },
      ],
      scratch:
        algorithm === 'swap-using-scratch'
          ? { offsetBytes: end, sizeBytes: scratchBytes }
          : undefined,
    },
  };
}

function wearOf(device: LabDevice, step: BootStep, what: BootWear['what']): BootWear {
  const { flash, config } = device;
  const erases = new Map(step.erases.map((each) => [each.sector, each.erases]));
  const areas = areaNames(config).map((area) => {
    const { offsetBytes, sizeBytes } = placeOf(config, area);
    const sectors = [...flash.sectors.in(offsetBytes, sizeBytes)];
    return { area, erases: sectors.map(({ index }) => erases.get(index) ?? 0) };
  });
  return {
    what,
    operations: step.operations.length,
    erases: step.erases.reduce((sum, each) => sum + each.erases, 0),
    worst: Math.max(0, ...step.erases.map((each) => each.erases)),
    bytesWritten: step.bytesWritten,
    seconds: step.busyUs / 1e6,
    areas,
  };
}

/** Whether the primary slot begins with these bytes: versions may be equal by chance. */
function holds({ flash, config }: LabDevice, image: Uint8Array): boolean {
  const { offsetBytes } = placeOf(config, 'primary0');
  return sameBytes(flash.read(offsetBytes, image.length), image);
}

async function wearWith(
  original: LabDevice,
  algorithm: Algorithm,
  [old, next]: readonly [Uint8Array, Uint8Array],
): Promise<AlgorithmWear> {
  const { geometry, config } = rearranged(original, algorithm);
  const impossible = (reason: string): AlgorithmWear => ({
    algorithm,
    impossible: reason,
    boots: [],
  });
  try {
    checkLayout({ geometry, config });
    const device: LabDevice = { ...original, flash: new MemoryFlash(geometry), config };
    const { writeUnitBytes, erasedValue } = geometry;
    const padded = new Uint8Array(Math.ceil(old.length / writeUnitBytes) * writeUnitBytes);
    padded.fill(erasedValue).set(old);
    device.flash.program(0, padded);
    stageUpdate(device, next, { permanent: false });
    const counters = new MemoryCounters(original.counters ?? []);
    const failed = async (before: LabDevice, { result }: BootStep): Promise<AlgorithmWear> =>
      impossible((await bootReason(before, result, 0)) ?? 'the bootloader does not take it');
    const staged = forkDevice(device);
    const update = await bootStep(device, counters);
    const [type] = update.result.swapTypes;
    const there = update.version !== undefined && type !== 'none';
    if (!there || (holds(device, old) && !sameBytes(old, next))) return failed(staged, update);
    const boots = [wearOf(device, update, 'update')];
    if (!isSwap(algorithm)) return { algorithm, impossible: undefined, boots };
    const swapped = forkDevice(device);
    const revert = await bootStep(device, counters);
    if (revert.version === undefined || !holds(device, old)) return failed(swapped, revert);
    boots.push(wearOf(device, revert, 'revert'));
    return { algorithm, impossible: undefined, boots };
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return impossible(error.message);
  }
}

/**
 * Compares what the algorithms do to flash when the image in the secondary slot replaces the one in
 * the primary slot on trial, and goes back: erases of each sector, bytes, seconds by the datasheet. The
 * device is not changed; each algorithm gets slots like its own, and scratch.
 *
 * @throws `DfuError` `MALFORMED` if one of the slots has no image.
 */
export async function compareWear(device: LabDevice): Promise<AlgorithmWear[]> {
  const images = slotImages(device);
  const found: AlgorithmWear[] = [];
  for (const algorithm of copyingAlgorithms) found.push(await wearWith(device, algorithm, images));
  return found;
}
