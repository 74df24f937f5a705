import { SectorMap } from '../../flash/index.ts';
import type { FlashRange } from '../../flash/index.ts';
import type { Inquiry } from './inquiry.ts';
import { nodeText } from './node-reading.ts';
import type { FoundFlash } from './zephyr-flash.ts';
import { isSameRange, overlaps, rangeText } from './zephyr-partitions.ts';
import type { FoundPartition, FoundPartitions } from './zephyr-partitions.ts';

/** Where everything lies in the flash. */
interface ZephyrPlaces {
  readonly boot: FlashRange;
  readonly slots: readonly [FlashRange, FlashRange, ...FlashRange[]];
  readonly storage: FlashRange | undefined;
  readonly scratch: FlashRange | undefined;
}

/** In place of what has been asked for. */
const NOWHERE: FlashRange = { offsetBytes: 0, sizeBytes: 0 };

/** What the partitions are looked for in. */
interface Search {
  readonly flash: FoundFlash;
  readonly partitions: FoundPartitions;
  /** The file that says which partitions there are. */
  readonly from: string;
  readonly needsScratch: boolean;
}

function placed(inquiry: Inquiry, partition: FoundPartition, name: string): FlashRange {
  const { offsetBytes, sizeBytes, from } = partition;
  const range = { offsetBytes, sizeBytes };
  return inquiry.found(name, range, { from, text: rangeText(range) });
}

/** The partitions in that flash. Those that must be there and are not, or are in another, are noted as unsupported. */
export function zephyrPlaces(
  inquiry: Inquiry,
  { flash, partitions, from, needsScratch }: Search,
): ZephyrPlaces {
  const { boot, slots, storage, scratch } = partitions;
  const elsewhere = ({ flash: other }: FoundPartition, name: string): string => {
    const where = other === undefined ? 'external flash' : nodeText(other);
    return `${name} in ${where}, not in ${flash.node.labels[0] ?? flash.node.path}`;
  };
  const needed = (partition: FoundPartition | undefined, name: string): FlashRange | undefined => {
    if (partition === undefined) return inquiry.unsupported(`no partition ${name}`, from);
    if (partition.flash === flash.node) return placed(inquiry, partition, name);
    return inquiry.unsupported(elsewhere(partition, name), partition.from);
  };
  const maybe = (partition: FoundPartition | undefined, name: string): FlashRange | undefined => {
    if (partition === undefined) return undefined;
    if (partition.flash === flash.node) return placed(inquiry, partition, name);
    inquiry.doubt(`${elsewhere(partition, name)}: it is left out`);
    return undefined;
  };
  const found = slots.map((slot, index) => needed(slot, `slot${index}_partition`));
  const [primary = NOWHERE, secondary = NOWHERE, ...more] = found.map((range) => range ?? NOWHERE);
  const range = needed(boot, 'boot_partition') ?? NOWHERE;
  const ifNeeded = needsScratch ? needed : maybe;
  return {
    slots: [primary, secondary, ...more],
    storage: maybe(storage, 'storage_partition'),
    scratch: ifNeeded(scratch, 'scratch_partition'),
    boot: wholeSectors(inquiry, flash, { range, slots: found }),
  };
}

/**
 * MCUboot in whole sectors: on an RP2040 it shares its first one with the second stage of the boot ROM, and
 * need not end with one.
 */
function wholeSectors(
  inquiry: Inquiry,
  { geometry, sizeBytes }: FoundFlash,
  {
    range,
    slots,
  }: { readonly range: FlashRange; readonly slots: readonly (FlashRange | undefined)[] },
): FlashRange {
  const end = range.offsetBytes + range.sizeBytes;
  if (geometry === undefined || range.sizeBytes === 0 || end > sizeBytes) return range;
  const map = new SectorMap(geometry);
  const first = map.at(range.offsetBytes);
  const last = map.at(end - 1);
  const offsetBytes = first.offsetBytes;
  const whole = { offsetBytes, sizeBytes: last.offsetBytes + last.sizeBytes - offsetBytes };
  const isShared = slots.some((slot) => slot !== undefined && overlaps(slot, whole));
  if (isShared || isSameRange(whole, range)) return range;
  const text = `${rangeText(whole)}, for ${rangeText(range)}`;
  return inquiry.found('MCUboot in whole sectors', whole, { from: 'the sectors', text });
}
