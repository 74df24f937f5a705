import { fromHex, DfuError } from '../../../src/bytes/index.ts';
import type { BootOperation, BootResult, ImageJudge } from '../../../src/boot/mcuboot/index.ts';
import { ApplicationSide, MemoryCounters, boot } from '../../../src/boot/mcuboot/index.ts';
import type { MemoryFlash } from '../../../src/flash/index.ts';
import { formatVersion } from '../../../src/image/index.ts';
import type { VectorConfig } from '../../../src/lab/index.ts';
import type { BootVector, VectorFolder, VectorStep } from './vector-files.ts';
import { attempt, differ, differInList } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { configOf, contentsOf, flashOf, hashOf } from './vector-files.ts';

const areaIds: Readonly<Record<string, number>> = {
  primary0: 1,
  secondary0: 2,
  scratch: 3,
  primary1: 4,
  secondary1: 5,
};

/** An operation as the vectors write it. */
export function operationText({ kind, area, offsetBytes, lengthBytes }: BootOperation): string {
  return `${kind === 'erase' ? 'e' : 'w'}${areaIds[area]}:${offsetBytes.toString(16)}:${lengthBytes}`;
}

/** The version that runs, as the vectors write it. */
export function versionOf({ image }: BootResult): string | null {
  return image === undefined ? null : formatVersion(image.header.version);
}

/** `fault` is what the engine says where the C code was killed by a signal. */
export function outcomeOf({ outcome }: BootResult): string {
  return outcome === 'fault' ? 'signal' : outcome;
}

function differInTypes(
  what: string,
  expected: VectorStep['swapTypeFinal'],
  found: readonly string[],
): string[] {
  if (expected === undefined) return [];
  const list = typeof expected === 'string' ? [expected] : Object.values(expected);
  return differInList(what, list, found);
}

/** One device while a scenario runs. */
export interface Device {
  readonly vector: BootVector;
  readonly folder: VectorFolder;
  readonly judge: ImageJudge;
  readonly counters: MemoryCounters;
  flash: MemoryFlash;
}

/** The device of a scenario as it was in the beginning. */
export async function openDevice(folder: VectorFolder, name: string): Promise<Device> {
  const vector = folder.json(name) as BootVector;
  const judge = await folder.judge(vector.config);
  const flash = flashOf(vector.config, folder.bytes(vector.flashInitial));
  return { vector, folder, judge, counters: new MemoryCounters(), flash };
}

/** The device of a scenario as it stands before a step. */
export async function deviceBefore(
  folder: VectorFolder,
  name: string,
  step: number,
): Promise<Device> {
  const device = await openDevice(folder, name);
  for (const each of device.vector.steps.slice(0, step)) await replayStep(device, each);
  return device;
}

/** Replays one scenario of `boot/`: a case for the flash that it begins with, and one for each step. */
export async function replayBoot(folder: VectorFolder, name: string): Promise<ReplayedCase[]> {
  const device = await openDevice(folder, name);
  const { vector, flash } = device;
  const found = [
    {
      name: `${name} initial flash`,
      differences: differ('hash', vector.flashInitialSha256, hashOf(flash)),
    },
  ];
  for (const [n, step] of vector.steps.entries()) {
    const lines = await attempt(`${name} step ${n} (${step.op})`, () => replayStep(device, step));
    const left = differ('flash', step.flashAfterSha256, hashOf(device.flash));
    found.push({ name: lines.name, differences: [...lines.differences, ...left] });
    if (left.length > 0) goOnAsRecorded(device, step);
  }
  return found;
}

/** Each step is judged by itself: behind one that left something else the next one finds what was recorded. */
function goOnAsRecorded(device: Device, { flashAfter = '', flashAfterSha256 }: VectorStep): void {
  try {
    const recorded = flashOf(device.vector.config, device.folder.bytes(flashAfter));
    if (hashOf(recorded) === flashAfterSha256) device.flash = recorded;
  } catch {
    // It was not kept; what is there is all that there is.
  }
}

/** Does a step; what of it differs, but for the flash. */
export async function replayStep(device: Device, step: VectorStep): Promise<string[]> {
  switch (step.op) {
    case 'boot':
      return replayOneBoot(device, step);
    case 'poke':
      device.flash = poked(device.vector.config, device.flash, [[step.addr ?? 0, step.hex ?? '']]);
      return [];
    case 'eraseAndWrite':
      eraseAndWrite(device, step);
      return [];
    case 'setPending':
    case 'setConfirmed':
    case 'setNext':
      return replayApplication(device, step);
    default:
      throw new Error(`expected a step that is known here, got ${String(step.op satisfies never)}`);
  }
}

function eraseAndWrite(
  { vector, folder, flash }: Device,
  { area = 'scratch', image, offset = 0 }: VectorStep,
): void {
  const place = vector.config.areas[area];
  const file = vector.images?.[String(image)]?.file;
  if (place === undefined) throw new Error(`expected an area of the device, got ${area}`);
  if (file === undefined) throw new Error(`expected an image of the file, got ${String(image)}`);
  const bytes = folder.bytes(file);
  const { writeAlign, erasedVal } = vector.config;
  const padded = new Uint8Array(Math.ceil(bytes.length / writeAlign) * writeAlign).fill(erasedVal);
  padded.set(bytes);
  flash.erase(place.off, place.size);
  flash.program(place.off + offset, padded);
}

function replayApplication({ vector, flash }: Device, step: VectorStep): string[] {
  const ops: string[] = [];
  const side = new ApplicationSide(flash, configOf(vector.config), (operation) => {
    ops.push(operationText(operation));
  });
  const image = typeof step.image === 'number' ? step.image : 0;
  const { area = `secondary${image}`, active = false, confirm = false, permanent = false } = step;
  const rc =
    step.op === 'setPending'
      ? side.setPending({ image, permanent })
      : step.op === 'setConfirmed'
        ? side.setConfirmed(image)
        : side.setNext(area, { active, confirm });
  return [...differ('rc', step.rc, rc), ...differ('ops', step.ops, ops.join(' '))];
}

async function replayOneBoot(device: Device, step: VectorStep): Promise<string[]> {
  const { vector, judge, flash, counters } = device;
  const config = configOf(vector.config);
  const ops: string[] = [];
  const side = new ApplicationSide(flash, config);
  const predicted = config.images.map((_, n) => side.swapType(n));
  const before = step.securityCountersBefore;
  if (before !== undefined) counters.values.splice(0, counters.values.length, ...before);
  const onOperation = (operation: BootOperation): void => void ops.push(operationText(operation));
  const result = await boot({ flash, config, judge, counters, onOperation });
  const { header, offsetBytes, slot } = result.image ?? {};
  const expectedOps = step.ops === undefined || step.ops === '' ? [] : step.ops.split(' ');
  return [
    ...differ('outcome', step.outcome, outcomeOf(result)),
    ...differInList('log', step.log ?? [], result.log),
    ...differInList('ops', expectedOps, ops),
    ...differInTypes('predicted', step.swapTypePredicted, predicted),
    ...differInTypes('final', step.swapTypeFinal, result.swapTypes),
    ...differ('offset', step.bootOffset, offsetBytes),
    ...differ('version', step.bootVersion ?? null, versionOf(result)),
    ...differ('header size', step.imageHeaderSize, header?.hdrSize),
    ...differ('image size', step.imageSize, header?.imgSize),
    ...(step.activeSlot === undefined ? [] : differ('slot', step.activeSlot, slot ?? -1)),
    ...(step.securityCountersAfter === undefined
      ? []
      : differ(
          'counters',
          step.securityCountersAfter,
          step.securityCountersAfter.map((_, n) => counters.read(n)),
        )),
  ];
}

/** The flash with bytes changed as no flash access could. */
export function poked(
  config: VectorConfig,
  flash: MemoryFlash,
  pokes: readonly (readonly [number, string])[],
): MemoryFlash {
  const contents = contentsOf(flash);
  for (const [address, hex] of pokes) {
    // `ff*16` is a byte and how often
    const [digits = '', times = '1'] = hex.split('*');
    contents.set(fromHex(digits.repeat(Number(times))), address);
  }
  return flashOf(config, contents);
}

/** Thrown by a listener: the power is gone. */
export function powerLost(): DfuError {
  return new DfuError('POWER_LOST', 'the power was cut');
}
