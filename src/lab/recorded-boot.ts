import type { BootOperation, BootResult } from '../boot/mcuboot/index.ts';
import { MemoryCounters, boot, placeOf } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import type { PowerCutKind } from '../flash/index.ts';
import { dumpOf, forkDevice } from './device.ts';
import type { LabDevice } from './device.ts';
import { ImageNames, runningImages } from './image-names.ts';
import type { RunningSlot } from './image-names.ts';
import type { DoneOperation } from './predict.ts';
import { tear } from './tear.ts';
import { TracedFlash } from './traced-flash.ts';

// One boot written down, so that one can go to any of its operations, forth and back.

/** A line that the bootloader printed. */
export interface LogLine {
  readonly text: string;
  /** Operations that were done before it was printed. */
  readonly operation: number;
}

/** What is wanted of a recording. */
export interface RecordOptions {
  /** The boot before this one: images that it knew go by the same names. */
  readonly after?: RecordedBoot | undefined;
  /** A boot that does more is given up; 100 000 unless given. */
  readonly mostOperations?: number | undefined;
}

/** Flash is kept at each so-manieth operation; what is between is done again. */
const KEPT_EVERY = 128;
const MOST_OPERATIONS = 100_000;

interface Recording {
  readonly device: LabDevice;
  readonly operations: readonly BootOperation[];
  readonly kept: readonly MemoryFlash[];
  readonly log: readonly LogLine[];
  readonly result: BootResult;
  readonly runs: readonly RunningSlot[];
  readonly counters: readonly number[];
  readonly names: ImageNames;
}

/** One boot of MCUboot, operation for operation. */
export class RecordedBoot {
  readonly operations: readonly DoneOperation[];
  readonly log: readonly LogLine[];
  readonly result: BootResult;
  /** What runs, one image of each pair; empty if nothing does. */
  readonly runs: readonly RunningSlot[];
  /** The security counters in hardware afterwards. */
  readonly counters: readonly number[];
  /** @internal */
  readonly names: ImageNames;
  readonly #recording: Recording;

  constructor(recording: Recording) {
    this.#recording = recording;
    const { operations, log, result, runs, counters, names } = recording;
    this.names = names;
    this.operations = operations;
    this.log = log;
    this.result = result;
    this.runs = runs;
    this.counters = counters;
  }

  /**
   * The device as it was before an operation; behind the last one, as the boot left it. A copy: whatever is done with it
   * changes nothing here.
   *
   * @throws `DfuError` `OUT_OF_RANGE` for an operation that there is not.
   */
  at(operation: number): LabDevice {
    const { device, operations, kept } = this.#recording;
    const known = kept[Math.floor(operation / KEPT_EVERY)];
    if (known === undefined || !Number.isInteger(operation) || operation > operations.length) {
      const expected = `expected an operation from 0 to ${operations.length}`;
      throw new DfuError('OUT_OF_RANGE', `boot: ${expected}, got ${operation}`);
    }
    const flash = known.fork();
    const first = operation - (operation % KEPT_EVERY);
    for (const each of operations.slice(first, operation)) redo(flash, device, each);
    const done = operation === operations.length;
    return { ...device, flash, counters: done ? this.counters : device.counters };
  }

  /**
   * The device as a power cut at an operation leaves it.
   *
   * @throws `DfuError` `OUT_OF_RANGE` for an operation that there is not.
   */
  cut(operation: number, kind: PowerCutKind): LabDevice {
    const device = this.at(operation);
    const done = this.#recording.operations[operation];
    if (done === undefined) {
      const expected = `expected an operation below ${this.operations.length} to cut`;
      throw new DfuError('OUT_OF_RANGE', `boot: ${expected}, got ${operation}`);
    }
    const { geometry } = device.flash;
    const start = placeOf(device.config, done.area).offsetBytes + done.offsetBytes;
    const before = TracedFlash.stateOf(geometry, dumpOf(device.flash));
    const { storage } = tear(geometry, before, { operation: done, start, kind });
    return { ...device, flash: new MemoryFlash(geometry, storage.copy()) };
  }

  /** What an operation writes; undefined for an erase. */
  bytesOf(operation: number): Uint8Array | undefined {
    return this.#recording.operations[operation]?.bytes;
  }
}

function redo(flash: MemoryFlash, { config }: LabDevice, operation: BootOperation): void {
  const { area, offsetBytes, lengthBytes, bytes } = operation;
  const start = placeOf(config, area).offsetBytes + offsetBytes;
  if (bytes === undefined) flash.erase(start, lengthBytes);
  else flash.program(start, bytes);
}

/**
 * Boots a copy of a device once, and writes down all that it does. The device itself is not changed.
 *
 * @throws `DfuError` `ABORTED` for a boot with more operations than were allowed.
 */
export async function recordBoot(
  device: LabDevice,
  { after, mostOperations = MOST_OPERATIONS }: RecordOptions = {},
): Promise<RecordedBoot> {
  const names = after?.names ?? new ImageNames();
  names.seeSlots(device);
  const copy = forkDevice(device);
  const { flash, config, judge } = copy;
  const counters = new MemoryCounters(device.counters);
  const operations: BootOperation[] = [];
  const kept: MemoryFlash[] = [];
  const log: LogLine[] = [];
  const keep = (): void => {
    if (operations.length === kept.length * KEPT_EVERY) kept.push(flash.fork());
  };
  const onOperation = ({ bytes, ...rest }: BootOperation): void => {
    if (operations.length === mostOperations) {
      throw new DfuError('ABORTED', `boot: it does more than ${mostOperations} operations`);
    }
    keep();
    operations.push(bytes === undefined ? rest : { ...rest, bytes: bytes.slice() });
  };
  const onLog = (text: string): void => void log.push({ text, operation: operations.length });
  const result = await boot({ flash, config, judge, counters, onOperation, onLog });
  keep();
  const running = runningImages(names, copy, result) ?? [];
  const runs = running.map((image, n) => names.describe(image, n));
  return new RecordedBoot({
    device: forkDevice(device),
    operations,
    kept,
    log,
    result,
    runs,
    counters: counters.values,
    names,
  });
}
