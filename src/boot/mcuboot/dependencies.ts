import { viewOf } from '../../bytes/index.ts';
import type { ImageVersion } from '../../image/index.ts';
import { TlvType, compareVersions } from '../../image/index.ts';
import type { Machine } from './machine.ts';
import { imageOf, slotAfterUpdate } from './machine.ts';
import type { Pair, SlotIndex } from './session.ts';
import { isUpgrade, slotOf } from './session.ts';
import { readProtectedTlvs } from './slot-image.ts';

/** A version of another image that an image needs at least. */
export interface Dependency {
  readonly image: number;
  readonly version: ImageVersion;
}

/** Bytes of a DEPENDENCY record: image, three of padding, version. */
const DEPENDENCY_BYTES = 12;

/** Takes a DEPENDENCY record apart; undefined if it has another length. */
export function decodeDependency(data: Uint8Array): Dependency | undefined {
  if (data.length !== DEPENDENCY_BYTES) return undefined;
  const view = viewOf(data);
  return {
    image: view.getUint8(0),
    version: {
      major: view.getUint8(4),
      minor: view.getUint8(5),
      revision: view.getUint16(6, true),
      build: view.getUint32(8, true),
    },
  };
}

/** What an image asks for; undefined if that cannot be read, or asks for an image that is not there. */
function dependenciesOf(machine: Machine, pair: Pair, slot: SlotIndex): Dependency[] | undefined {
  const records = readProtectedTlvs(imageOf(machine, pair, slot));
  const found = records
    ?.filter(({ type }) => type === TlvType.DEPENDENCY)
    .map(({ data }) => decodeDependency(data));
  const count = machine.session.pairs.length;
  if (found?.every((each) => each !== undefined && each.image < count) !== true) return undefined;
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
  return wanted.find(({ image, version }) => {
    const other = session.pairs[image];
    if (other === undefined) return true;
    const found = slotOf(other, willRun(other)).header.version;
    const withBuild = session.build.compareBuildNumber === true;
    return compareVersions(found, version, { withBuild }) < 0;
  });
}

/**
 * boot_verify_dependencies: if any image would run without what it depends on, no image is updated
 * in this boot. Nothing is erased and nothing printed: the request stays.
 */
export function dropUnmetUpdates(machine: Machine): Dependency | 'unreadable' | undefined {
  const { pairs } = machine.session;
  for (const pair of pairs) {
    const slot = isUpgrade(pair.swapType) ? 1 : 0;
    const unmet = unmetDependency(machine, { pair, slot }, slotAfterUpdate);
    if (unmet === undefined) continue;
    for (const each of pairs) each.swapType = 'none';
    return unmet;
  }
  return undefined;
}
