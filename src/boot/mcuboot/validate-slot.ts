import { hexNumber, viewOf } from '../../bytes/index.ts';
import type { ImageVersion } from '../../image/index.ts';
import { ImageFlag, TlvType, compareVersions, formatVersion } from '../../image/index.ts';
import { isInPlace, isSwap } from './config.ts';
import { loadImageKey } from './encryption.ts';
import type { Machine, Refusal } from './machine.ts';
import { imageOf } from './machine.ts';
import type { Pair, Progress, Session, SlotIndex } from './session.ts';
import { isFresh, slotOf } from './session.ts';
import type { ImagePlace } from './slot-image.ts';
import {
  hasImage,
  isHeaderValid,
  readImageSize,
  readTlvs,
  saysEncrypted,
  u32Of,
} from './slot-image.ts';
import { attempt, readHeaderAt } from './swap-common.ts';
import type { SwapType } from './trailer.ts';

/** Where Cortex-M has its reset vector: behind the initial stack pointer. */
const RESET_VECTOR_OFFSET = 4;

/** A header that this build cannot serve. */
export const IMPOSSIBLE_HEADER = {
  refusedBy: 'header',
  reason: 'magic, sizes or flags of the header are impossible here',
} as const;

/** What a slot is asked for. */
interface SlotQuestion {
  readonly slot: SlotIndex;
  /** Undefined once all updates are done. */
  readonly progress?: Progress | undefined;
  /** The request that the image would fulfil. */
  readonly expected?: SwapType | undefined;
}

/** Whether the place where a header belongs is erased. */
export function isHeaderErased(pair: Pair, slot: SlotIndex): boolean {
  const { area, header } = slotOf(pair, slot);
  return header.magic === (area.erasedValue === 0xff ? 0xffff_ffff : 0);
}

/** Largest image of a slot, TLVs included (bootutil_max_image_size). */
export function maxImageBytes(
  { session, method }: Pick<Machine, 'session' | 'method'>,
  pair: Pair,
  slot: SlotIndex,
): number {
  // slots of a sector or two have room for none, and not for less than none
  if (isSwap(session.build.algorithm)) return Math.max(0, method.maxImageBytes(session, pair));
  return slotOf(pair, slot).area.layout.swapInfo;
}

/**
 * boot_validate_slot: whether the image of a slot may run. A bad image in the secondary slot is
 * erased, an erased or non-bootable one loses its trailer; flash that does not erase changes nothing.
 */
export async function validateSlot(
  machine: Machine,
  pair: Pair,
  question: SlotQuestion,
): Promise<boolean> {
  const { session } = machine;
  const { slot } = question;
  const { area, header } = slotOf(pair, slot);
  if (isHeaderErased(pair, slot) || (header.flags & ImageFlag.NON_BOOTABLE) !== 0) {
    if (slot === 1 && isSwap(session.build.algorithm))
      clearRequest(session, pair, question.progress);
    if (hasImage(header)) {
      const reason = 'it is marked NON_BOOTABLE';
      machine.refusals.push({ image: pair.index, slot, refusedBy: 'header', reason });
    }
    return false;
  }
  if (slot === 1 && refusesDowngrade(session, pair)) {
    session.error('Insufficient version in secondary slot');
    machine.refusals.push(downgradeRefusal(pair));
    attempt(() => area.eraseAll());
    return false;
  }
  const refusal = await refusalOf(machine, pair, question);
  if (refusal === undefined) return true;
  machine.refusals.push(refusal);
  if (refusal.refusedBy === 'image-address') {
    session.error(
      `Binary in secondary slot of image ${pair.index} is not designated for the primary slot`,
    );
    session.error('Erasing image from secondary slot');
  } else {
    session.error(`Image in the ${slot === 0 ? 'primary' : 'secondary'} slot is not valid!`);
  }
  if (slot === 1 || inPlace(session)) attempt(() => area.eraseAll());
  return false;
}

/** Both slots are alike where images run from where they are, or from RAM. */
function inPlace({ build }: Session): boolean {
  return isInPlace(build.algorithm);
}

/** A trailer without an image would block the next upload; a revert without one would never end. */
function clearRequest(session: Session, pair: Pair, progress: Progress | undefined): void {
  attempt(() => pair.secondary.area.eraseTrailer());
  if (session.build.algorithm !== 'swap-using-move') return;
  if (progress?.swapType !== 'revert' && session.askSwapType(pair) !== 'revert') return;
  if (!attempt(() => pair.primary.area.eraseTrailer())) return;
  session.info(`Cleared image ${pair.index} primary slot trailer due to stuck revert`);
}

/** Overwrite-only refuses older versions here; the swaps do so just before they begin. */
function refusesDowngrade(session: Session, pair: Pair): boolean {
  const { algorithm, downgradePrevention } = session.build;
  if (algorithm !== 'overwrite-only' || downgradePrevention === undefined) return false;
  return isOlder(session, pair) && !isHeaderErased(pair, 0);
}

/** Whether the secondary image has a lower version than the primary one. */
export function isOlder({ build }: Session, { primary, secondary }: Pair): boolean {
  const versions: [ImageVersion, ImageVersion] = [secondary.header.version, primary.header.version];
  return compareVersions(...versions, { withBuild: build.compareBuildNumber === true }) < 0;
}

/** Why an older version is not taken, in words. */
export function downgradeRefusal({ index, primary, secondary }: Pair): Refusal {
  const [old, offered] = [primary, secondary].map(({ header }) => formatVersion(header.version));
  const reason = `version ${offered} is lower than ${old} in the primary slot`;
  return { image: index, slot: 1, refusedBy: 'version', reason };
}

/** The first check, in the bootloader's order, that an image fails; undefined if it passes all. */
export async function refusalOf(
  machine: Machine,
  pair: Pair,
  { slot, progress, expected }: SlotQuestion,
): Promise<Refusal | undefined> {
  const { session } = machine;
  const refuse = (refusedBy: Refusal['refusedBy'], reason: string): Refusal => ({
    image: pair.index,
    slot,
    refusedBy,
    reason,
  });
  const place = imageOf(machine, pair, slot);
  if (expected !== undefined && isMisplaced(session, pair, progress)) {
    session.error('Secondary header magic detected in first sector, wrong upload address?');
    return refuse(
      'upload-address',
      'the image begins in the first sector of the slot, not the second',
    );
  }
  const { sizeBytes } = place.area;
  const encryption = session.build.encryption !== undefined;
  if (!isHeaderValid(place.header, { sizeBytes, encryption })) {
    return refuse(IMPOSSIBLE_HEADER.refusedBy, IMPOSSIBLE_HEADER.reason);
  }
  const judgement = { refuse, slot, image: pair.index };
  const most = maxImageBytes(machine, pair, slot);
  const refusal = await checkSize(machine, place, { ...judgement, most });
  if (refusal !== undefined || slot === 0) return refusal;
  const address = misplacedAddress(session, pair, place);
  return address === undefined ? undefined : refuse('image-address', address);
}

/** Why an image is not one for the primary slot; the last check, and only if the build has it. */
function misplacedAddress(
  { build }: Session,
  { primary }: Pair,
  { area, offsetBytes, header }: ImagePlace,
): string | undefined {
  const { verifyImageAddress } = build;
  if (verifyImageAddress === undefined) return undefined;
  const byHeader = verifyImageAddress === 'load-address';
  // the vector of an encrypted image cannot be read where it lies
  if (!byHeader && build.encryption !== undefined) return undefined;
  const vector = offsetBytes + header.hdrSize + RESET_VECTOR_OFFSET;
  const address = byHeader ? header.loadAddr : viewOf(area.read(vector, 4)).getUint32(0, true);
  const start = primary.area.place.offsetBytes;
  const end = start + primary.area.sizeBytes;
  if (address >= start && address < end) return undefined;
  const range = `${hexNumber(start)} to ${hexNumber(end)}`;
  return `it is linked for ${hexNumber(address)}, the primary slot is ${range}`;
}

async function checkSize(
  machine: Machine,
  place: ImagePlace,
  { most, ...judgement }: Omit<Judgement, 'totalBytes'> & { readonly most: number },
): Promise<Refusal | undefined> {
  const { refuse } = judgement;
  const size = readImageSize(place);
  if (size === undefined) return refuse('format', 'the TLV areas are not where the header says');
  const { totalBytes } = size;
  if (totalBytes > most) {
    const words = `${totalBytes} bytes, ${totalBytes - most} too many`;
    return refuse('size', `${words}; the largest image here has ${most}`);
  }
  return judgeImage(machine, place, { ...judgement, totalBytes });
}

interface Judgement {
  readonly refuse: (refusedBy: Refusal['refusedBy'], reason: string) => Refusal;
  readonly slot: SlotIndex;
  readonly image: number;
  readonly totalBytes: number;
}

async function judgeImage(
  machine: Machine,
  place: ImagePlace,
  { refuse, slot, image, totalBytes }: Judgement,
): Promise<Refusal | undefined> {
  const { session, judge } = machine;
  const counter = checkCounter(machine, place, image);
  if (counter !== undefined) return refuse('security-counter', counter);
  let imageKey: Uint8Array | undefined;
  // in the primary slot the payload is plain, whatever the header says
  if (saysEncrypted(place.header) && (slot === 1 || inPlace(session))) {
    imageKey = (await loadImageKey(machine, place))?.key;
    if (imageKey === undefined) return refuse('key-record', 'its key cannot be unwrapped');
  }
  const verdict = await judge.judge(place.area.read(place.offsetBytes, totalBytes), imageKey);
  return verdict.valid ? undefined : refuse(verdict.refusedBy, verdict.reason);
}

/** Why the hardware counter forbids an image; undefined if it does not. */
function checkCounter(machine: Machine, place: ImagePlace, image: number): string | undefined {
  const { session, counters } = machine;
  if (session.build.hwRollbackProtection !== true) return undefined;
  const record = readTlvs(place)?.find(({ type }) => type === TlvType.SEC_CNT);
  const value = record === undefined ? undefined : u32Of(record);
  if (value === undefined) return 'it has no security counter';
  const least = counters.read(image);
  if (value >= least) return undefined;
  const words = `security counter value ${value} lower than monotonic value ${least}`;
  session.error(`Image ${words}`);
  return words;
}

/** Swap using offset: a header in the first sector means that the upload missed the second one. */
function isMisplaced(session: Session, pair: Pair, progress: Progress | undefined): boolean {
  if (session.build.algorithm !== 'swap-using-offset' || progress === undefined) return false;
  return isFresh(progress, session.build) && hasImage(readHeaderAt(pair.secondary.area, 0));
}
