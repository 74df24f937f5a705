import { hexNumber } from '../../bytes/index.ts';
import type { FlashRange } from '../../flash/index.ts';
import type { Devicetree, DevicetreeNode } from './devicetree.ts';
import type { Source } from './inquiry.ts';
import { isCompatible, ownReg, stringOf } from './node-reading.ts';
import type { Settings } from './settings.ts';
import { malformed } from './text-file.ts';

/** A partition of a flash. */
export interface FoundPartition extends FlashRange {
  /** As the build calls it. */
  readonly name: string;
  /** The flash that it is in; undefined where only its name in the partition manager is known. */
  readonly flash: DevicetreeNode | undefined;
  readonly from: Source;
}

/** The partitions that MCUboot and the application know, by what they are for. */
export interface FoundPartitions {
  readonly boot: FoundPartition | undefined;
  /** Of image 0, then of image 1, and so on: the slot that it runs in, the slot for its update. */
  readonly slots: readonly (FoundPartition | undefined)[];
  readonly storage: FoundPartition | undefined;
  readonly scratch: FoundPartition | undefined;
}

const CONTAINER = /^fixed-partitions$/;
const NESTED = /^(?:fixed-subpartitions|zephyr,mapped-partition)$/;
/** As deep as partitions within partitions are followed. */
const MOST_LEVELS = 8;

/** Whether partitions stand in a node. */
function isContainer(node: DevicetreeNode): boolean {
  return isCompatible(node, CONTAINER) || node.name === 'partitions';
}

/** A partition with its offset in its flash: those of `fixed-subpartitions` count from the one that they are in. */
function partitionAt(node: DevicetreeNode): FoundPartition | undefined {
  const reg = ownReg(node);
  if (reg === undefined) return undefined;
  let offsetBytes = reg.address;
  let container = node.parent;
  for (let level = 0; container !== undefined && isCompatible(container, NESTED); level += 1) {
    if (level === MOST_LEVELS) malformed(node.place, 'expected fewer partitions in one another');
    offsetBytes += ownReg(container)?.address ?? 0;
    container = container.parent;
  }
  if (container === undefined || !isContainer(container)) return undefined;
  return {
    name: node.labels[0] ?? node.name,
    flash: container.parent,
    offsetBytes,
    sizeBytes: reg.sizeBytes,
    from: reg.place,
  };
}

/** Every node of a tree once, in order. */
function* allNodes(tree: Devicetree): Generator<DevicetreeNode> {
  yield* tree.paths.values();
}

/** By its node label, as MCUboot looks it up; else by its `label`. */
function find(tree: Devicetree, nodeLabel: string, label: string): FoundPartition | undefined {
  const labelled = tree.labels.get(nodeLabel);
  if (labelled !== undefined) return partitionAt(labelled);
  for (const node of allNodes(tree)) {
    const isIt = node.properties.has('label') && node.properties.has('reg');
    if (!isIt || node.parent === undefined) continue;
    if (!isContainer(node.parent) && !isCompatible(node.parent, NESTED)) continue;
    if (stringOf(node, 'label') === label) return partitionAt(node);
  }
  return undefined;
}

/** The partitions of a devicetree for so many images. */
export function devicetreePartitions(tree: Devicetree, images: number): FoundPartitions {
  const slot = (index: number): FoundPartition | undefined =>
    find(tree, `slot${index}_partition`, `image-${index}`);
  return {
    boot: find(tree, 'boot_partition', 'mcuboot'),
    slots: Array.from({ length: images * 2 }, (_, index) => slot(index)),
    storage: find(tree, 'storage_partition', 'storage'),
    scratch: find(tree, 'scratch_partition', 'image-scratch'),
  };
}

/** The names that nRF Connect SDK's partition manager has for storage. */
const STORAGES = ['SETTINGS_STORAGE', 'NVS_STORAGE', 'LITTLEFS_STORAGE', 'STORAGE'];

/**
 * The partitions of nRF Connect SDK's partition manager (`pm.config`): with it, those of the devicetree are
 * not used.
 */
export function managedPartitions(
  settings: Settings,
  {
    flash,
    images,
    isExternal,
  }: {
    readonly flash: DevicetreeNode;
    readonly images: number;
    /** Whether the slots for updates are said to be in another flash. */
    readonly isExternal: boolean;
  },
): FoundPartitions {
  const part = (name: string): FoundPartition | undefined => {
    const address = settings.number(`PM_${name}_ADDRESS`);
    const size = settings.number(`PM_${name}_SIZE`);
    if (address === undefined || size === undefined) return undefined;
    return {
      name: name.toLowerCase(),
      flash,
      offsetBytes: address.value,
      sizeBytes: size.value,
      from: address.place,
    };
  };
  const pair = (index: number): (FoundPartition | undefined)[] => {
    const suffix = index === 0 ? '' : `_${index}`;
    const primary = part(`MCUBOOT_PRIMARY${suffix}`);
    const secondary = part(`MCUBOOT_SECONDARY${suffix}`);
    // The figures of another flash begin at 0, where MCUboot is in this one.
    const boot = part('MCUBOOT');
    if (secondary === undefined) return [primary, undefined];
    const isElsewhere =
      isExternal || [boot, primary].some((each) => each !== undefined && overlaps(secondary, each));
    return [primary, isElsewhere ? { ...secondary, flash: undefined } : secondary];
  };
  return {
    boot: part('MCUBOOT'),
    slots: Array.from({ length: images }, (_, index) => pair(index)).flat(),
    storage: STORAGES.map(part).find((each) => each !== undefined),
    scratch: part('MCUBOOT_SCRATCH'),
  };
}

/** Whether two ranges have bytes in common. */
export function overlaps(one: FlashRange, other: FlashRange): boolean {
  return (
    one.offsetBytes < other.offsetBytes + other.sizeBytes &&
    other.offsetBytes < one.offsetBytes + one.sizeBytes
  );
}

/** Two partitions at the same place. */
export function isSameRange(one: FlashRange | undefined, other: FlashRange | undefined): boolean {
  return one?.offsetBytes === other?.offsetBytes && one?.sizeBytes === other?.sizeBytes;
}

/** `0xc000 to 0x82000`. */
export function rangeText({ offsetBytes, sizeBytes }: FlashRange): string {
  return `${hexNumber(offsetBytes)} to ${hexNumber(offsetBytes + sizeBytes)}`;
}
