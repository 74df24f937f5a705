import type { Dependency, Tlv } from '../../image/index.ts';
import { TlvType, compareVersions, readDependency } from '../../image/index.ts';
import type { Machine } from './machine.ts';
import { imageOf, slotAfterUpdate } from './machine.ts';
import type { Pair, SlotIndex } from './session.ts';
import { isUpgrade, slotOf } from './session.ts';
import { readProtectedTlvs } from './slot-image.ts';

/** Bytes of a DEPENDENCY record's value: image, three of padding, version. */
const DEPENDENCY_BYTES = 12;

/** An image that would run without what it depends on. */
export interface UnmetDependency {
  readonly pair: Pair;
  readonly unmet: Dependency | 'unreadable';
}

/** What a record says; undefined if it has another length. */
function dependencyOf(record: Tlv): Dependency | undefined {
  return record.data.length === DEPENDENCY_BYTES ? readDependency(record) : undefined;
}

/** What an image asks for; undefined if that cannot be read, or asks for an image that is not there. */
function dependenciesOf(machine: Machine, pair: Pair, slot: SlotIndex): Dependency[] | undefined {
  const records = readProtectedTlvs(imageOf(machine, pair, slot));
  const found = records?.filter(({ type }) => type === TlvType.DEPENDENCY).map(dependencyOf);
  const count = machine.session.pairs.length;
  if (found?.every((each) => each !== undefined && each.imageId < count) !== true) return undefined;
  return found as Dependency[];
}

/** The dependency of a slot's image that is not met by what will run, or `unreadable`. */
export function unmetDependency(
  machine: Machine,
  { pair, slot }: { readonly pair: Pair; readonly slot: SlotIndex },
  willRun: (pair: Pair) => SlotIndex,
): Dependency | 'unreadable' | undefined {
  const { session } = machine;
  const wanted = dependenciesOf(machine, pair, slot);
  if (wanted === undefined) return 'unreadable';
  return wanted.find(({ imageId, minVersion }) => {
    const other = session.pairs[imageId];
    if (other === undefined) return true;
    const found = slotOf(other, willRun(other)).header.version;
    const withBuild = session.build.compareBuildNumber === true;
    return compareVersions(found, minVersion, { withBuild }) < 0;
  });
}

/**
 * boot_verify_dependencies: if any image would run without what it depends on, no image is updated
 * in this boot. Nothing is erased and nothing printed: the request stays.
 */
export function dropUnmetUpdates(machine: Machine): UnmetDependency | undefined {
  const { pairs } = machine.session;
  for (const pair of pairs) {
    const slot = isUpgrade(pair.swapType) ? 1 : 0;
    const unmet = unmetDependency(machine, { pair, slot }, slotAfterUpdate);
    if (unmet === undefined) continue;
    for (const each of pairs) each.swapType = 'none';
    return { pair, unmet };
  }
  return undefined;
}
