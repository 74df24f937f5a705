import { isSwap } from './config.ts';
import { guardPrimary, guardProgress, guardRequest } from './guard.ts';
import type { Machine } from './machine.ts';
import { readHeaders } from './machine.ts';
import type { Pair, Progress, Session } from './session.ts';
import { freshProgress, isFresh } from './session.ts';
import { hasImage } from './slot-image.ts';
import { writtenEntries } from './swap-common.ts';
import type { SwapType } from './trailer.ts';
import { SWAP_TYPE_CODES } from './trailer.ts';
import { finishCutSwap } from './update.ts';
import { isHeaderErased, validateSlot } from './validate-slot.ts';

/**
 * boot_prepare_image_for_update: finishes a swap that was cut, or else decides what this boot does
 * with a pair. The decision is left in `pair.swapType`.
 */
export async function prepareImage(machine: Machine, pair: Pair): Promise<Progress> {
  const { session, method } = machine;
  const { build } = session;
  const progress = freshProgress(build);
  pair.swapType = 'none';
  const fits = fitTheFlash(session, pair);
  const [primary, secondary] = tooManySectors(session, pair);
  if (primary) return progress;
  if (!readHeaders(machine, pair)) return giveUp(session, pair, progress);
  if (!fits || secondary || !method.slotsCompatible(session, pair)) return progress;
  if (isSwap(build.algorithm)) {
    readProgress(machine, pair, progress);
    guardProgress(machine, pair, progress);
    const all = !isFresh(progress, build);
    const found = readHeaders(machine, pair, { progress, all });
    const mayBeEmpty = build.bootstrap === true && isHeaderErased(pair, 0);
    if (!found && !mayBeEmpty) {
      guardPrimary(machine, pair, progress);
      return giveUp(session, pair, progress);
    }
  }
  if (isFresh(progress, build)) {
    pair.swapType = await decide(machine, pair, progress);
    reviewOthers(session, pair, false);
    if (build.bootstrap === true) await bootstrap(machine, pair, progress);
    return progress;
  }
  reviewOthers(session, pair, true);
  await finishCutSwap(machine, pair, progress);
  readHeaders(machine, pair);
  pair.swapType = 'none';
  return progress;
}

/** Whether logical sectors are made of the flash's own; else nothing is swapped (boot_verify_logical_sectors). */
export function fitTheFlash(session: Session, { primary, secondary }: Pair): boolean {
  const areas = [primary.area, secondary.area, session.scratch];
  const misfit = areas.find((area) => area?.misfit !== undefined)?.misfit;
  if (misfit !== undefined) session.warn(`Cannot upgrade: ${misfit}`);
  return misfit === undefined;
}

/** Whether the sectors of each slot do not fit the lists of this build (boot_read_sectors). */
export function tooManySectors(session: Session, pair: Pair): readonly [boolean, boolean] {
  const { maxImgSectors } = session.build;
  const [primary, secondary] = [pair.primary, pair.secondary].map(
    ({ area }) => area.sectors.length > maxImgSectors,
  ) as [boolean, boolean];
  if (primary || secondary) {
    session.warn(`Failed reading sectors; BOOT_MAX_IMG_SECTORS=${maxImgSectors} - too small?`);
  }
  if (secondary && !primary) session.warn('Cannot upgrade: not a compatible amount of sectors');
  return [primary, secondary];
}

function giveUp(session: Session, pair: Pair, progress: Progress): Progress {
  session.warn(`Failed reading image headers; Image=${pair.index}`);
  return progress;
}

/** swap_read_status: how far a swap has come, and of what type it is. */
export function readProgress(
  { session, method }: Pick<Machine, 'session' | 'method'>,
  pair: Pair,
  progress: Progress,
): void {
  progress.source = method.statusSource(session, pair);
  if (progress.source === 'none') return;
  const scratch = progress.source === 'scratch' ? session.scratch : undefined;
  const area = scratch ?? pair.primary.area;
  Object.assign(progress, method.position(session, writtenEntries(session, pair, area)));
  const info = area.read(area.layout.swapInfo, 1)[0] ?? area.erasedValue;
  progress.swapType = typeOfCutSwap(info, area.erasedValue);
}

/** Here the C code takes any number for a type; one that it does not know ends in a panic. */
function typeOfCutSwap(info: number, erasedValue: number): SwapType {
  if (info === erasedValue) return 'none';
  const code = info & 0x0f;
  const types = Object.entries(SWAP_TYPE_CODES) as [SwapType, number][];
  return types.find(([, known]) => known === code)?.[0] ?? 'panic';
}

/** What to do where no swap was cut. A request that was already begun needs a valid image still. */
async function decide(machine: Machine, pair: Pair, progress: Progress): Promise<SwapType> {
  const begun = progress.swapType;
  if (begun !== 'none') {
    const valid = await validateSlot(machine, pair, { slot: 1, progress });
    return valid ? begun : 'fail';
  }
  const asked = machine.session.askSwapType(pair);
  if (asked === 'none' || (await guardRequest(machine, pair, { asked, progress }))) return 'none';
  const expected = asked === 'revert' ? undefined : asked;
  const valid = await validateSlot(machine, pair, { slot: 1, progress, expected });
  return valid ? asked : 'none';
}

/**
 * With several images, a reset between two updates makes the finished ones look like due reverts;
 * if this image is still to be updated, they are not (boot_review_image_swap_types).
 */
function reviewOthers({ pairs }: Session, { index, swapType }: Pair, cut: boolean): void {
  if (!cut && (swapType === 'none' || swapType === 'revert')) return;
  for (const other of pairs.slice(0, index)) {
    if (other.swapType === 'revert') other.swapType = 'none';
  }
}

/** MCUBOOT_BOOTSTRAP: a valid secondary image fills a primary slot that has none; as if reverting. */
async function bootstrap(machine: Machine, pair: Pair, progress: Progress): Promise<void> {
  if (pair.swapType !== 'none') return;
  const bootable = await validateSlot(machine, pair, { slot: 0, progress });
  if (bootable && !isHeaderErased(pair, 0)) return;
  const present = hasImage(pair.secondary.header);
  const valid = await validateSlot(machine, pair, { slot: 1, progress });
  if (present && valid) pair.swapType = 'revert';
}
