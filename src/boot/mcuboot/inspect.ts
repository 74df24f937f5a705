import { DfuError } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';
import { ImageFlag } from '../../image/index.ts';
import type { RawImageHeader } from '../../image/index.ts';
import type { BootOptions } from './boot.ts';
import type { BootConfig } from './config.ts';
import { buildOf, isSwap } from './config.ts';
import { MemoryCounters } from './image-judge.ts';
import { inPlaceRefusal } from './in-place-refusal.ts';
import type { Machine, Refusal } from './machine.ts';
import { inPlaceMethod, methodOf } from './methods.ts';
import { fitTheFlash, readProgress, tooManySectors } from './prepare.ts';
import type { Pair, SlotIndex, StatusSource } from './session.ts';
import { Session, freshProgress, isFresh, slotOf } from './session.ts';
import { hasImage } from './slot-image.ts';
import { findStatusArea } from './swap-common.ts';
import type { SwapType } from './trailer.ts';
import { isHeaderErased, maxImageBytes, refusalOf } from './validate-slot.ts';

// The bootloader's questions, one at a time and without changing anything in flash.

/** One slot of one image pair. */
export interface Place {
  readonly image: number;
  readonly slot: SlotIndex;
}

/** What the bootloader would say to the image of a slot. */
export type SlotFinding =
  | { readonly state: 'empty' | 'non-bootable' | 'valid'; readonly header: RawImageHeader }
  /** A swap of the pair was cut, and its image lies in pieces; the header is read from where it is now. */
  | { readonly state: 'swapping'; readonly header: RawImageHeader }
  | { readonly state: 'refused'; readonly header: RawImageHeader; readonly refusal: Refusal };

/** A swap that was cut, as the trailers tell it. */
export interface SwapUnderWay {
  /** Which trailer says so. */
  readonly source: StatusSource;
  readonly swapType: SwapType;
  /** Still making room (swap using move), or exchanging already. */
  readonly op: 'move' | 'swap';
  /** Sector or group that is being worked on, from 1. */
  readonly index: number;
  /** What of it comes next, from 1. */
  readonly state: number;
  /** Bytes to swap. */
  readonly swapSize: number;
}

/** Opens a pair of slots. Throws `NOT_FOUND` if the build has no such pair. */
export function openPair(
  flash: Flash,
  config: BootConfig,
  image: number,
): { session: Session; pair: Pair } {
  const session = new Session(buildOf(config), { flash });
  const pair = session.pairs[image];
  if (pair !== undefined) return { session, pair };
  const words = `expected 0 to ${session.pairs.length - 1}, got ${image}`;
  throw new DfuError('NOT_FOUND', `image pair: ${words}`);
}

type Question = Pick<BootOptions, 'flash' | 'config' | 'judge' | 'counters'>;

/**
 * Judges the image of a slot, whether it is asked for or not: as the next boot would, if a swap was cut or a revert
 * is due, else as an update that is asked for.
 *
 * @throws `DfuError` `NOT_FOUND` if there is no such image pair.
 */
export async function examineSlot(
  options: Pick<BootOptions, 'flash' | 'config' | 'judge' | 'counters'>,
  place: Place,
): Promise<SlotFinding> {
  const { flash, config } = options;
  const { session, pair } = openPair(flash, config, place.image);
  const header = isSwap(config.algorithm) ? headerInSwap(session, pair, place.slot) : undefined;
  if (header !== undefined) return { state: 'swapping', header };
  const reverts = isSwap(config.algorithm) && session.askSwapType(pair) === 'revert';
  const finding = await judgeSlot(options, place, reverts ? undefined : 'test');
  if (finding.state !== 'valid') return finding;
  slotOf(pair, place.slot).header = finding.header;
  const refusal = inPlaceRefusal(session, pair, place.slot);
  return refusal === undefined ? finding : { ...finding, state: 'refused', refusal };
}

/** The header of a pair whose swap was cut, from where it is now; undefined if none was. */
function headerInSwap(session: Session, pair: Pair, slot: SlotIndex): RawImageHeader | undefined {
  const method = methodOf(session.build.algorithm);
  const progress = freshProgress(session.build);
  try {
    readProgress({ session, method }, pair, progress);
    if (isFresh(progress, session.build)) return undefined;
    method.readHeader(session, pair, slot, progress);
  } catch (error) {
    // a status that no swap writes: the boot stops there too
    if (session.halted === undefined) throw error;
  }
  return slotOf(pair, slot).header;
}

/**
 * Judges the image of a slot of which no swap was cut, as what fulfils a request.
 *
 * @throws `DfuError` `NOT_FOUND` if there is no such image pair.
 */
export async function judgeSlot(
  { flash, config, judge, counters = new MemoryCounters() }: Question,
  { image, slot }: Place,
  expected: SwapType | undefined,
): Promise<SlotFinding> {
  const { session, pair } = openPair(flash, config, image);
  const method = methodOf(config.algorithm);
  const machine: Machine = { session, method, judge, counters, refusals: [], hazards: [] };
  const progress = freshProgress(session.build);
  method.readHeader(session, pair, slot, progress);
  const { header } = slotOf(pair, slot);
  if (isHeaderErased(pair, slot)) return { state: 'empty', header };
  // the bootloader looks at the flags of anything, but only an image has any
  const marked = hasImage(header) && (header.flags & ImageFlag.NON_BOOTABLE) !== 0;
  if (marked) return { state: 'non-bootable', header };
  const request = slot === 1 && expected !== undefined ? { expected } : {};
  const refusal = await refusalOf(machine, pair, { slot, progress, ...request });
  return refusal === undefined ? { state: 'valid', header } : { state: 'refused', header, refusal };
}

/**
 * Largest image, header and TLVs included, that this build takes in a slot, in bytes.
 *
 * @throws `DfuError` `NOT_FOUND` if there is no such image pair.
 */
export function largestImageBytes(
  flash: Flash,
  config: BootConfig,
  { image, slot }: Place = { image: 0, slot: 1 },
): number {
  const { session, pair } = openPair(flash, config, image);
  return maxImageBytes({ session, method: methodOf(config.algorithm) }, pair, slot);
}

/**
 * The swap that the next boot would go on with; undefined if none was cut.
 *
 * @throws `DfuError` `NOT_FOUND` if there is no such image pair.
 */
export function swapUnderWay(
  flash: Flash,
  config: BootConfig,
  image = 0,
): SwapUnderWay | undefined {
  if (!isSwap(config.algorithm)) return undefined;
  const { session, pair } = openPair(flash, config, image);
  const progress = freshProgress(session.build);
  try {
    readProgress({ session, method: methodOf(config.algorithm) }, pair, progress);
    if (isFresh(progress, session.build)) return undefined;
  } catch (error) {
    // a status that no swap writes, at which the boot stops: how far it came is not known
    if (session.halted === undefined) throw error;
  }
  const { source, swapType, op, index, state } = progress;
  const swapSize = findStatusArea(session, pair).swapSize();
  return { source, swapType, op, index, state, swapSize };
}

/**
 * Why this build cannot update a pair of slots, whatever is in them: the lines that it prints itself. Undefined
 * if it can, and for builds that run images where they are.
 *
 * @throws `DfuError` `NOT_FOUND` if there is no such image pair.
 */
export function slotsRefusal(flash: Flash, config: BootConfig, image = 0): string | undefined {
  const { session, pair } = openPair(flash, config, image);
  const method = methodOf(config.algorithm);
  if (method === inPlaceMethod) return undefined;
  const compatible =
    fitTheFlash(session, pair) &&
    !tooManySectors(session, pair).includes(true) &&
    method.slotsCompatible(session, pair);
  return compatible ? undefined : session.log.map((line) => line.slice(3)).join('; ');
}
