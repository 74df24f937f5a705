import { DfuError, hexNumber } from '../bytes/index.ts';
import { parseMemoryLayout } from '../dfu/index.ts';
import type { MemoryLayout } from '../dfu/index.ts';
import type { FirmwareTarget } from '../image/index.ts';
import { formatUsbId } from '../usb/index.ts';
import { memoryLayoutOf } from './memory-layout.ts';
import { printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { right, unknown, wrong } from './expected-finding.ts';
import type { Finding } from './expected-finding.ts';

/** Sectors one behind the other, and how large they are. */
interface SectorRun {
  readonly address: number;
  count: number;
  readonly sizeBytes: number;
}

/** Where the sectors are, however the text puts them together. What may be done to them may change with protection. */
function sectorRuns({ regions }: MemoryLayout): SectorRun[] {
  const runs: SectorRun[] = [];
  for (const region of regions) {
    let { address } = region;
    for (const { count, sizeBytes } of region.runs) {
      const last = runs.at(-1);
      const end = last === undefined ? undefined : last.address + last.count * last.sizeBytes;
      if (last?.sizeBytes === sizeBytes && end === address) last.count += count;
      else runs.push({ address, count, sizeBytes });
      address += count * sizeBytes;
    }
  }
  return runs;
}

/** Runs that are told of a layout; of more there is but a number. */
const MOST_TOLD = 4;

function layoutText(layout: MemoryLayout): string {
  const runs = sectorRuns(layout);
  const told = runs
    .slice(0, MOST_TOLD)
    .map(
      ({ address, count, sizeBytes }) =>
        `${count} × ${sizeBytes} bytes at ${hexNumber(address, 8)}`,
    );
  const more = runs.length - told.length;
  return `${told.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A layout as whoever describes the device gave it. Throws `INVALID_ARGUMENT`. */
export function expectedLayout(text: string): MemoryLayout {
  try {
    return parseMemoryLayout(text);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    throw new DfuError('INVALID_ARGUMENT', `expected: ${error.message}`, { cause: error });
  }
}

function idFinding({ dfuId, name }: FirmwareTarget, entry: DfuInterface): Finding {
  if (dfuId === undefined) return unknown("in DFU mode a device has its firmware's own ids");
  const own = formatUsbId(entry);
  const its = formatUsbId(dfuId);
  if (own === its) return right(`ids ${own}`);
  return wrong(`the device is ${own} in DFU mode, ${name} is ${its}`, 'other-device');
}

/** Loaders of one maker have the same ids on all chips, and say which memory they have. */
function memoryFinding(
  { memories = [], name }: FirmwareTarget,
  entry: DfuInterface,
): Finding | undefined {
  const memory = memories.find(({ alternate }) => alternate === entry.alternate);
  if (memory === undefined) return undefined;
  const where = `alternate ${entry.alternate} "${printable(entry.name)}"`;
  const its = memoryLayoutOf(entry);
  if (its === undefined) return unknown(`${where} does not say which memory it is`);
  const [has, should] = [layoutText(its), layoutText(expectedLayout(memory.layout))];
  if (has === should) return right(`the memory of alternate ${entry.alternate}`);
  return wrong(`${where} has ${has}, ${name} has ${should}`, 'other-device');
}

/** A bootloader that has an alternate setting for each slot. */
function slotsFinding(
  { slots, name }: FirmwareTarget,
  { alternates }: DfuInterface,
): Finding | undefined {
  const own = slots.filter(({ alternate }) => alternate !== undefined).length;
  if (own === 0) return undefined;
  const settings = (count: number): string => `${count} alternate setting${count === 1 ? '' : 's'}`;
  if (alternates === own) return right(settings(own));
  return wrong(`the device has ${settings(alternates)}, ${name} has ${own}`, 'other-device');
}

/** What a device says of itself against what is expected: in run-time mode that is its firmware's, and says nothing. */
export function deviceFindings(target: FirmwareTarget, entry: DfuInterface): Finding[] {
  if (entry.mode === 'runtime') return [];
  return [
    idFinding(target, entry),
    memoryFinding(target, entry),
    slotsFinding(target, entry),
  ].filter((each) => each !== undefined);
}
