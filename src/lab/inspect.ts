import type {
  Place,
  SlotFinding,
  SlotIndex,
  SwapType,
  SwapUnderWay,
} from '../boot/mcuboot/index.ts';
import {
  areaNames,
  ApplicationSide,
  isSwap,
  placeOf,
  swapUnderWay,
} from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { FlashRange } from '../flash/index.ts';
import type { ImageInspection, Key } from '../image/index.ts';
import { IMAGE_MAGIC, formatVersion } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { imageStart } from './image-place.ts';
import { Inspections } from './inspections.ts';
import { describePair, examinePair } from './state.ts';
import { swapHazards } from './swap-hazards.ts';
import { readTrailer } from './trailer-report.ts';
import type { TrailerReport } from './trailer-report.ts';
import { refusalText } from './why.ts';

/** What a slot holds. */
export interface McubootSlotReport extends FlashRange {
  readonly image: number;
  readonly slot: SlotIndex;
  /** Where the image begins in the slot: one sector up where swap using offset expects it. */
  readonly imageOffsetBytes: number;
  readonly state: SlotFinding['state'];
  readonly version: string | undefined;
  /** Why it is refused. */
  readonly refusal: string | undefined;
  /** Records, hashes, signatures; undefined where there is no readable image. */
  readonly inspection: ImageInspection | undefined;
}

/** Everything that a dump says. */
export interface FlashReport {
  /** One plain sentence for each image pair. */
  readonly sentences: readonly string[];
  /** What a power cut in a swap of these images can lose, whatever the trailers say. */
  readonly hazards: readonly string[];
  readonly slots: readonly McubootSlotReport[];
  readonly trailers: readonly TrailerReport[];
  readonly swaps: readonly {
    readonly image: number;
    /** What the trailers ask for, before any image is looked at. */
    readonly asked: SwapType;
    readonly underWay: SwapUnderWay | undefined;
  }[];
}

const NO_KEYS: readonly Key[] = [];

async function lookInto(
  device: LabDevice,
  offsetBytes: number,
  lengthBytes: number,
): Promise<ImageInspection | undefined> {
  const { keys = NO_KEYS, inspections = new Inspections() } = device;
  try {
    return await inspections.inspect(device.flash.read(offsetBytes, lengthBytes), keys);
  } catch (error) {
    if (DfuError.is(error, 'MALFORMED') || DfuError.is(error, 'TRUNCATED')) return undefined;
    throw error;
  }
}

async function reportSlot(
  device: LabDevice,
  { image, slot }: Place,
  finding: SlotFinding,
): Promise<McubootSlotReport> {
  const place = placeOf(device.config, slot === 0 ? `primary${image}` : `secondary${image}`);
  const start = imageStart(device, image, slot);
  const inspection = await lookInto(device, place.offsetBytes + start, place.sizeBytes - start);
  const refusal =
    finding.state === 'refused'
      ? await refusalText(device, finding.refusal, finding.header)
      : undefined;
  const header = inspection?.image.header ?? finding.header;
  const known = inspection !== undefined || finding.header.magic === IMAGE_MAGIC;
  const version = known ? formatVersion(header.version) : undefined;
  const { state } = finding;
  return {
    image,
    slot,
    ...place,
    imageOffsetBytes: start,
    state,
    version,
    refusal,
    inspection,
  };
}

/** Takes a dump apart: slots, images, trailers, and what state the device is in. Nothing is changed. */
export async function inspectFlash(device: LabDevice): Promise<FlashReport> {
  const { flash, config } = device;
  const side = new ApplicationSide(flash, config);
  const slots: McubootSlotReport[] = [];
  const sentences: string[] = [];
  for (const image of config.images.keys()) {
    const findings = await examinePair(device, image);
    for (const slot of [0, 1] as const)
      slots.push(await reportSlot(device, { image, slot }, findings[slot]));
    sentences.push(await describePair(device, image, findings));
  }
  const swaps = [...config.images.keys()].map((image) => ({
    image,
    asked:
      isSwap(config.algorithm) || config.algorithm === 'overwrite-only'
        ? side.swapType(image)
        : ('none' as const),
    underWay: swapUnderWay(flash, config, image),
  }));
  const trailers = areaNames(config).map((area) => readTrailer(device, area));
  const sizes = slots.map(({ inspection }) => inspection?.image.bytes.length ?? 0);
  const both = sizes.every((size) => size > 0);
  const layout = { geometry: flash.geometry, config };
  const hazards = both ? swapHazards(layout, Math.max(...sizes)) : [];
  return { sentences, hazards, slots, trailers, swaps };
}
