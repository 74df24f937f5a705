import type {
  ApplicationResult,
  BootOperation,
  BootResult,
  SwapState,
  AreaName,
} from '../boot/mcuboot/index.ts';
import {
  areaNames,
  ApplicationSide,
  MemoryCounters,
  boot,
  placeOf,
} from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import { formatVersion } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { forkDevice } from './device.ts';
import { ImageNames, runningImages } from './image-names.ts';
import type { RunningSlot } from './image-names.ts';
import { uploadOffset } from './image-place.ts';
import { refusalTexts } from './why.ts';

/** One operation of a boot, with its bytes counted and not kept. */
export interface DoneOperation {
  readonly kind: BootOperation['kind'];
  readonly area: AreaName;
  /** From the start of the area. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** How often a sector was erased. */
export interface SectorErases {
  /** Of the flash, from 0. */
  readonly sector: number;
  readonly offsetBytes: number;
  readonly erases: number;
}

/** One boot, and what it did to flash. */
export interface BootStep {
  readonly type: 'boot';
  readonly result: BootResult;
  /** `1.2.0+3`; undefined if nothing runs. */
  readonly version: string | undefined;
  /** What runs, one image of each pair; empty if nothing does. */
  readonly runs: readonly RunningSlot[];
  /** What it refused, one sentence each: the slot, the check, and what is wrong. */
  readonly refused: readonly string[];
  readonly operations: readonly DoneOperation[];
  readonly bytesWritten: number;
  /** Sectors that were erased, in order of address. */
  readonly erases: readonly SectorErases[];
  /** By the datasheet's times; 0 where the geometry has none. */
  readonly busyUs: number;
  /** What the trailers say afterwards. */
  readonly trailers: readonly { readonly area: AreaName; readonly state: SwapState }[];
}

/** The application confirms the image that runs. */
export interface ConfirmStep {
  readonly type: 'confirm';
  readonly image: number;
  readonly result: ApplicationResult;
}

/** What happened, in order. */
export type Step = BootStep | ConfirmStep;

/** What the next boots are to be. */
export interface AheadOptions {
  /** Boots; 1 unless given. */
  readonly times?: number | undefined;
  /** Boots, from 1, after which the application confirms what runs. */
  readonly confirmAfter?: ((boot: number) => boolean) | undefined;
  /** Called with each console line as it appears. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/** The version that runs, in words. */
function runningVersion({ image, outcome }: BootResult): string | undefined {
  if (image === undefined || outcome !== 'ok') return undefined;
  return formatVersion(image.header.version);
}

/** Boots the device once; its flash is changed. */
export async function bootStep(
  device: LabDevice,
  counters: MemoryCounters,
  {
    names = new ImageNames(),
    onLog,
  }: {
    readonly names?: ImageNames | undefined;
    readonly onLog?: ((line: string) => void) | undefined;
  } = {},
): Promise<BootStep> {
  const { flash, config, judge } = device;
  const operations: DoneOperation[] = [];
  const before = { wear: flash.wear.erasesBySector, busyUs: flash.busyUs };
  let bytesWritten = 0;
  const onOperation = ({ kind, area, offsetBytes, lengthBytes }: BootOperation): void => {
    operations.push({ kind, area, offsetBytes, lengthBytes });
    if (kind === 'write') bytesWritten += lengthBytes;
  };
  const found = forkDevice(device);
  const result = await boot({ flash, config, judge, counters, onOperation, onLog });
  const side = new ApplicationSide(flash, config);
  const runs = runningImages(names, device, result) ?? [];
  return {
    type: 'boot',
    result,
    version: runningVersion(result),
    runs: runs.map((image, n) => names.describe(image, n)),
    refused: await refusalTexts(found, result),
    operations,
    bytesWritten,
    erases: erasesSince(device, before.wear),
    busyUs: flash.busyUs - before.busyUs,
    trailers: areaNames(config).map((area) => ({ area, state: side.state(area) })),
  };
}

function erasesSince({ flash }: LabDevice, before: Uint32Array): SectorErases[] {
  const found: SectorErases[] = [];
  flash.wear.erasesBySector.forEach((count, sector) => {
    const erases = count - (before[sector] ?? 0);
    if (erases > 0)
      found.push({ sector, erases, offsetBytes: flash.sectors.get(sector).offsetBytes });
  });
  return found;
}

/** Boots as often as asked; the device's flash is changed, so hand over a fork of it. */
export async function bootAhead(device: LabDevice, options: AheadOptions = {}): Promise<Step[]> {
  const { times = 1, confirmAfter, onLog } = options;
  const counters = new MemoryCounters(device.counters ?? []);
  const steps: Step[] = [];
  const names = new ImageNames();
  names.seeSlots(device);
  for (let n = 1; n <= times; n += 1) {
    const step = await bootStep(device, counters, { names, onLog });
    steps.push(step);
    if (step.version === undefined || confirmAfter?.(n) !== true) continue;
    const side = new ApplicationSide(device.flash, device.config);
    for (const image of device.config.images.keys()) {
      steps.push({ type: 'confirm', image, result: side.setConfirmed(image) });
    }
  }
  return steps;
}

/**
 * Puts an image into the secondary slot and asks for it, as an application does. The device's flash is
 * changed.
 *
 * @throws `DfuError` `OUT_OF_RANGE` if it is larger than the slot, `REFUSED` by a guarded build.
 */
export function stageUpdate(
  device: LabDevice,
  bytes: Uint8Array,
  { permanent, image = 0 }: { readonly permanent: boolean; readonly image?: number },
): ApplicationResult {
  const { flash, config } = device;
  const { writeUnitBytes, erasedValue } = flash.geometry;
  const place = placeOf(config, `secondary${image}`);
  const padded = new Uint8Array(Math.ceil(bytes.length / writeUnitBytes) * writeUnitBytes);
  padded.fill(erasedValue).set(bytes);
  const room = place.sizeBytes - uploadOffset(device, image);
  if (padded.length > room) {
    const words = `expected at most ${room} bytes, the secondary slot, got ${bytes.length}`;
    throw new DfuError('OUT_OF_RANGE', `update: ${words}`);
  }
  const side = new ApplicationSide(flash, config);
  side.eraseImageBank(`secondary${image}`);
  flash.program(place.offsetBytes + uploadOffset(device, image), padded);
  return side.setPending({ image, permanent });
}
