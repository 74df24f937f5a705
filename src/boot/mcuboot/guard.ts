import { hexNumber } from '../../bytes/index.ts';
import { formatVersion } from '../../image/index.ts';
import type { UnmetDependency } from './dependencies.ts';
import type { Hazard, Machine } from './machine.ts';
import type { Pair, Progress } from './session.ts';
import { freshProgress, isFresh } from './session.ts';
import { findStatusArea } from './swap-common.ts';
import { isOnTrial } from './trailer.ts';
import type { SwapType } from './trailer.ts';
import { isHeaderErased, refusalOf } from './validate-slot.ts';

// What a guarded build does differently: it refuses what is known to go wrong, changes nothing in
// flash for it, and says why on the console and in the result.

function refuse(
  { session, hazards }: Machine,
  { index }: Pair,
  { hazard, reason }: { readonly hazard: Hazard; readonly reason: string },
): true {
  hazards.push({ hazard, image: index, reason });
  session.warn(`Refused: image ${index}: ${reason}`);
  return true;
}

/** A swap that cannot have been cut here is taken for none. */
export function guardProgress(machine: Machine, pair: Pair, progress: Progress): void {
  const { session } = machine;
  const { build } = session;
  if (build.guarded !== true || isFresh(progress, build)) return;
  const area = findStatusArea(session, pair);
  const size = area.swapSize();
  const most = Math.min(pair.primary.area.sizeBytes, pair.secondary.area.sizeBytes);
  if (area.state().magic === 'good' && size > 0 && size <= most) return;
  const hazard = 'status-out-of-bounds';
  const reason = `a swap of ${hexNumber(size)} bytes was never begun here; its status is ignored`;
  Object.assign(progress, freshProgress(build));
  refuse(machine, pair, { hazard, reason });
}

/** Says what an empty primary slot means for an update. */
export function guardPrimary(machine: Machine, pair: Pair, progress: Progress): void {
  const { build } = machine.session;
  if (build.guarded !== true || !isFresh(progress, build) || !isHeaderErased(pair, 0)) return;
  if (pair.secondary.area.state().magic !== 'good') return;
  const reason = `an update is pending, but ${build.algorithm} cannot swap into an empty primary slot`;
  refuse(machine, pair, { hazard: 'primary-erased', reason });
}

/** True if a request is refused; the trailers stay as they are. */
export async function guardRequest(
  machine: Machine,
  pair: Pair,
  { asked, progress }: { readonly asked: SwapType; readonly progress: Progress },
): Promise<boolean> {
  if (machine.session.build.guarded !== true) return false;
  if (asked === 'revert') return guardRevert(machine, pair, progress);
  if (!isOnTrial(pair.primary.area.state())) return false;
  const reason = 'the running image was never confirmed; confirm it before the next update';
  return refuse(machine, pair, { hazard: 'unconfirmed-replaced', reason });
}

async function guardRevert(machine: Machine, pair: Pair, progress: Progress): Promise<boolean> {
  if (isHeaderErased(pair, 1)) {
    const reason = 'a revert is due, but the old image is gone; the running one stays';
    return refuse(machine, pair, { hazard: 'stuck-revert', reason });
  }
  const damage = await refusalOf(machine, pair, { slot: 1, progress });
  if (damage === undefined) return false;
  machine.refusals.push(damage);
  const reason = `a revert is due, but the old image is damaged (${damage.reason}); it is not erased`;
  return refuse(machine, pair, { hazard: 'revert-to-damaged', reason });
}

/** Says which dependency keeps every update from being done. */
export function guardDependencies(machine: Machine, found: UnmetDependency | undefined): void {
  if (machine.session.build.guarded !== true || found === undefined) return;
  const { pair, unmet } = found;
  const what =
    unmet === 'unreadable'
      ? 'its dependencies cannot be read'
      : `it needs image ${unmet.imageId} at ${formatVersion(unmet.minVersion)} or later`;
  const reason = `${what}; no image is updated, and the requests stay`;
  refuse(machine, pair, { hazard: 'unmet-dependency', reason });
}
