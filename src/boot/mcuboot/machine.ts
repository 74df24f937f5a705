import type { Verdict } from '../../image/index.ts';
import type { ImageJudge, SecurityCounters } from './image-judge.ts';
import type { Pair, Progress, Session, SlotIndex } from './session.ts';
import { isUpgrade, slotOf } from './session.ts';
import type { ImagePlace } from './slot-image.ts';
import type { SwapMethod } from './swap-common.ts';

/** An image that was looked at and not taken. */
export interface Refusal {
  readonly image: number;
  readonly slot: SlotIndex;
  /** First check that failed: one of the codec's, or one of the bootloader's own. */
  readonly refusedBy:
    | Extract<Verdict, { valid: false }>['refusedBy']
    | 'header'
    | 'security-counter'
    | 'key-record'
    | 'upload-address'
    | 'image-address'
    | 'request'
    | 'version'
    | 'dependency';
  readonly reason: string;
}

/**
 * What a guarded build refuses to do:
 * - `status-out-of-bounds`: to go on with a swap whose size no image here can have
 * - `stuck-revert`: to revert to an image that is no longer there, at every boot again
 * - `unconfirmed-replaced`: to swap again before the running image was confirmed
 * - `primary-erased`: to swap into an empty primary slot, which move and offset cannot
 * - `revert-to-damaged`: to erase the old image because it is damaged, though a revert is due
 * - `unmet-dependency`: to leave an update pending without a word
 */
export type Hazard =
  | 'status-out-of-bounds'
  | 'stuck-revert'
  | 'unconfirmed-replaced'
  | 'primary-erased'
  | 'revert-to-damaged'
  | 'unmet-dependency';

/** A hazard that was refused. */
export interface RefusedHazard {
  readonly hazard: Hazard;
  readonly image: number;
  readonly reason: string;
}

/** All that one boot works with. */
export interface Machine {
  readonly session: Session;
  readonly method: SwapMethod;
  readonly judge: ImageJudge;
  readonly counters: SecurityCounters;
  readonly refusals: Refusal[];
  readonly hazards: RefusedHazard[];
}

/** Where the image of a slot lies: its header may begin further up in the secondary slot. */
export function imageOf({ session }: Machine, pair: Pair, slot: SlotIndex): ImagePlace {
  const { area, header } = slotOf(pair, slot);
  const shifted = slot === 1 && session.build.algorithm === 'swap-using-offset';
  return { area, header, offsetBytes: shifted ? pair.secondaryOffset : 0 };
}

/**
 * Reads both headers; `all` if one missing is enough to fail (boot_read_image_headers). Where a swap
 * stands decides where they are.
 */
export function readHeaders(
  { session, method }: Machine,
  pair: Pair,
  { progress, all = false }: { readonly progress?: Progress; readonly all?: boolean } = {},
): boolean {
  if (!method.readHeader(session, pair, 0, progress)) return false;
  return method.readHeader(session, pair, 1, progress) || !all;
}

/** Where the image that will run after this boot is now. */
export function slotAfterUpdate({ swapType }: Pair): SlotIndex {
  return isUpgrade(swapType) ? 1 : 0;
}
