import { raiseCounter } from './counters.ts';
import { prepareKey, restoreKeys } from './encryption.ts';
import type { Machine } from './machine.ts';
import { imageOf } from './machine.ts';
import { overwritePrimary } from './overwrite.ts';
import type { Pair, Progress, SlotIndex } from './session.ts';
import { isFresh, isUpgrade, slotOf } from './session.ts';
import { hasImage, readImageSize } from './slot-image.ts';
import { attempt, findStatusArea } from './swap-common.ts';
import { isHeaderErased, validateSlot } from './validate-slot.ts';

/** Does the update that was decided on. */
export async function performUpdate(
  machine: Machine,
  pair: Pair,
  progress: Progress,
): Promise<void> {
  const { session } = machine;
  session.work = { stage: 'update', image: pair.index, progress };
  await carryOut(machine, pair, progress);
  session.work = undefined;
}

/** boot_perform_update. */
async function carryOut(machine: Machine, pair: Pair, progress: Progress): Promise<void> {
  const { build } = machine.session;
  if (build.algorithm === 'overwrite-only') {
    await overwritePrimary(machine, pair, progress);
    return;
  }
  if (build.bootstrap === true && (await needsBootstrap(machine, pair, progress))) {
    await overwritePrimary(machine, pair, progress);
  } else {
    await swapImages(machine, pair, progress);
  }
  const { swapType } = pair;
  if (swapType === 'revert' || swapType === 'perm') setImageOk(pair);
  const raised = swapType !== 'perm' || raiseAfterUpdate(machine, pair);
  if (isUpgrade(swapType)) pair.primary.area.writeCopyDone();
  if (!raised) machine.session.panic('the security counter could not be raised');
}

/** Goes on with a swap that was cut; its type is in the trailer (boot_complete_partial_swap). */
export async function finishCutSwap(
  machine: Machine,
  pair: Pair,
  progress: Progress,
): Promise<void> {
  const { session } = machine;
  session.work = { stage: 'finish', image: pair.index, progress };
  await swapImages(machine, pair, progress);
  const { swapType } = progress;
  const forGood = swapType === 'revert' || swapType === 'perm';
  const confirmed = !forGood || attempt(() => setImageOk(pair));
  const done = !isUpgrade(swapType) || attempt(() => pair.primary.area.writeCopyDone());
  if (!confirmed || !done) session.panic('the flags of a finished swap cannot be written');
  session.work = undefined;
}

/** Keeps the image in the primary slot from being reverted (swap_set_image_ok). */
export function setImageOk({ primary }: Pair): void {
  if (primary.area.state().imageOk === 'unset') primary.area.writeImageOk();
}

/** A permanent update is never reverted, so the hardware counter may rise at once; false if it cannot. */
function raiseAfterUpdate(machine: Machine, pair: Pair): boolean {
  const { session } = machine;
  if (session.build.hwRollbackProtection !== true) return true;
  // the headers in memory are still those from before the swap
  if (raiseCounter(machine, pair, { slot: 0, headerOf: 1 })) return true;
  session.error('Security counter update failed after image upgrade: 3');
  return false;
}

async function needsBootstrap(machine: Machine, pair: Pair, progress: Progress): Promise<boolean> {
  const valid = await validateSlot(machine, pair, { slot: 0, progress });
  return isHeaderErased(pair, 0) || !valid;
}

/** Finds out how much to swap and with which keys, then swaps (boot_swap_image). */
async function swapImages(machine: Machine, pair: Pair, progress: Progress): Promise<void> {
  const { session, method } = machine;
  if (isFresh(progress, session.build)) {
    for (const slot of [0, 1] as const) {
      progress.swapSize = Math.max(progress.swapSize, measure(machine, pair, slot));
      await prepareKey(machine, pair, { slot, progress });
    }
  } else {
    const area = findStatusArea(session, pair);
    progress.swapSize = area.swapSize();
    if (area.layout.tlvSizes !== undefined) pair.tlvSizes = [...area.tlvSizes()];
    await restoreKeys(machine, pair, { area, progress });
  }
  method.run(session, pair, progress);
  if (session.statusWriteFails > 0) {
    session.warn(`${session.statusWriteFails} status write fails performing the swap`);
  }
}

/** Bytes of a slot's image; a slot without a header counts nothing. */
function measure(machine: Machine, pair: Pair, slot: SlotIndex): number {
  if (!hasImage(slotOf(pair, slot).header)) return 0;
  const size = readImageSize(imageOf(machine, pair, slot));
  if (size === undefined) {
    return machine.session.halt('assert', `the size of the image in slot ${slot} cannot be read`);
  }
  pair.tlvSizes[slot] = size.unprotectedBytes;
  return size.totalBytes;
}
