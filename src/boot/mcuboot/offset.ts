import type { RawImageHeader } from '../../image/index.ts';
import type { Pair, Progress, Session, SlotIndex } from './session.ts';
import { isFresh, slotOf } from './session.ts';
import { hasImage, tlvOffset } from './slot-image.ts';
import type { CopyJob, Position, SwapMethod } from './swap-common.ts';
import {
  copyRegion,
  findStatusArea,
  firstTrailerSector,
  hasRoom,
  initStatus,
  lastWritten,
  readHeaderAt,
  sectorBytesOf,
  sectorsFor,
  sourceOfPair,
  writeStatus,
} from './swap-common.ts';

// Swap using offset (swap_offset.c): the new image lies one sector up in the secondary slot, so that
// the free sector below it takes the old image while the new one comes down. A revert runs the same
// way backwards. Status entries: two for each sector.

/** Number, from 0, of the last sector to swap. */
function lastSector(session: Session, pair: Pair, swapSize: number): number {
  return sectorsFor(session, sectorBytesOf(pair), swapSize) - 1;
}

function position(_session: Session, written: readonly boolean[]): Position | undefined {
  const found = lastWritten(written);
  if (found === 0) return undefined;
  return { op: 'swap', index: Math.floor(found / 2) + 1, state: (found % 2) + 1 };
}

function entry(_session: Session, { index, state }: Progress): number {
  return (index - 1) * 2 + state - 1;
}

/** Where a header is while a swap is cut; sectors are done from 0 up, in a revert from the last down. */
interface CutPlace {
  readonly slot: SlotIndex;
  readonly offset: number;
}

function placeInUpgrade(
  { index, state }: Position,
  slot: SlotIndex,
  { last, bytes }: { readonly last: number; readonly bytes: number },
): CutPlace {
  if (slot === 1) return index > 1 ? { slot: 0, offset: 0 } : { slot, offset: bytes };
  const copied = (index > 1 || state === 2) && index <= last;
  return { slot: copied ? 1 : 0, offset: 0 };
}

function placeInRevert(
  { index, state }: Position,
  slot: SlotIndex,
  { last, bytes }: { readonly last: number; readonly bytes: number },
): CutPlace {
  const done = index - 1;
  if (slot === 0) {
    const gone = done > last || (done === last && state === 2);
    return gone ? { slot: 1, offset: bytes } : { slot, offset: 0 };
  }
  return { slot: done > last ? 0 : 1, offset: 0 };
}

function isRevert(session: Session, pair: Pair, progress: Progress): boolean {
  return progress.swapType === 'revert' || session.askSwapType(pair) === 'revert';
}

/** The header of a cut swap: only one place is possible. */
function readCutHeader(
  session: Session,
  pair: Pair,
  { slot, progress }: { readonly slot: SlotIndex; readonly progress: Progress },
): RawImageHeader {
  const range = {
    last: lastSector(session, pair, findStatusArea(session, pair).swapSize()),
    bytes: sectorBytesOf(pair),
  };
  const placeOf = isRevert(session, pair, progress) ? placeInRevert : placeInUpgrade;
  const place = placeOf(progress, slot, range);
  const header = readHeaderAt(slotOf(pair, place.slot).area, place.offset);
  // noted by the slot that it was found in, whichever image it is
  if (hasImage(header) && place.slot === 1) pair.secondaryOffset = place.offset;
  return header;
}

/** The secondary header: one sector up, or at the start if a revert is due; else in the other place. */
function readSecondaryHeader(
  session: Session,
  pair: Pair,
  progress: Progress | undefined,
): RawImageHeader {
  const { area } = pair.secondary;
  const up = area.sectors[0]?.sizeBytes ?? 0;
  const revert =
    progress === undefined
      ? session.askSwapType(pair) === 'revert'
      : isRevert(session, pair, progress);
  let offset = revert ? 0 : up;
  let header = readHeaderAt(area, offset);
  if (!hasImage(header)) {
    offset = session.askSwapType(pair) === 'revert' ? up : 0;
    header = readHeaderAt(area, offset);
  }
  if (hasImage(header)) pair.secondaryOffset = offset;
  return header;
}

function readHeader(session: Session, pair: Pair, slot: SlotIndex, progress?: Progress): boolean {
  let header: RawImageHeader;
  if (progress !== undefined && !isFresh(progress, session.build)) {
    header = readCutHeader(session, pair, { slot, progress });
  } else if (slot === 1) {
    header = readSecondaryHeader(session, pair, progress);
  } else {
    // the C code asks the table here too, which shows on the console
    if (progress !== undefined) isRevert(session, pair, progress);
    header = readHeaderAt(pair.primary.area, 0);
  }
  slotOf(pair, slot).header = header;
  return progress === undefined || hasImage(header);
}

function slotsCompatible(session: Session, { primary, secondary }: Pair): boolean {
  const first = primary.area.sectors;
  const second = secondary.area.sectors;
  if (first.length !== second.length && first.length + 1 !== second.length) {
    session.warn('Cannot upgrade: not a compatible amount of sectors');
    return false;
  }
  if (first.length > session.build.maxImgSectors) {
    session.warn('Cannot upgrade: more sectors than allowed');
    return false;
  }
  const compared = second.slice(0, -1);
  if (compared.some(({ sizeBytes }, n) => sizeBytes !== first[n]?.sizeBytes)) {
    session.warn('Cannot upgrade: not same sector layout');
    return false;
  }
  return true;
}

function maxImageBytes(_session: Session, pair: Pair): number {
  const bytes = sectorBytesOf(pair);
  const trailer = Math.ceil(pair.primary.area.layout.trailerBytes / bytes) * bytes;
  const { primary, secondary } = pair;
  return Math.min(primary.area.sizeBytes, secondary.area.sizeBytes - bytes) - trailer;
}

/** Marks a revert in the secondary slot, so that a cut between the two trailers is recoverable. */
function prepareRevert(session: Session, pair: Pair, progress: Progress): void {
  if (progress.swapType !== 'revert' || progress.index !== 1) return;
  const { area } = pair.secondary;
  const state = area.state();
  session.logState('Secondary image', state);
  if (state.magic !== 'unset') return;
  area.eraseTrailer();
  area.writeCopyDone();
  initStatus(pair, area, progress);
}

interface Step {
  readonly sector: number;
  readonly progress: Progress;
  /** How the two copies of a sector go, and which of them are left out. */
  readonly jobs: readonly [CopyJob | undefined, CopyJob | undefined];
}

/** Sectors that an image takes, its unprotected TLVs included; those may be half moved. */
function usedSectors(header: RawImageHeader, tlvBytes: number, bytes: number): number {
  return Math.ceil((tlvOffset(header) + header.protectTlvSize + tlvBytes) / bytes);
}

function stepOf(
  pair: Pair,
  sector: number,
  { progress, revert }: { readonly progress: Progress; readonly revert: boolean },
): Step {
  const lengthBytes = sectorBytesOf(pair);
  const primary = pair.primary.area;
  const secondary = pair.secondary.area;
  const at = sector * lengthBytes;
  const up = at + lengthBytes;
  const [oldAt, newAt] = revert ? [up, at] : [at, up];
  const shiftBytes = revert ? lengthBytes : 0;
  const old = { from: primary, fromOffset: at, to: secondary, toOffset: oldAt, shiftBytes };
  const fresh = { from: secondary, fromOffset: newAt, to: primary, toOffset: at, lengthBytes };
  const used = [pair.primary, pair.secondary].map(({ header }, n) =>
    usedSectors(header, pair.tlvSizes[n as SlotIndex], lengthBytes),
  );
  const skips = used.map((count) => sector > count);
  const jobs = [
    skips[0] === true ? undefined : { ...old, lengthBytes },
    skips[1] === true ? undefined : fresh,
  ] as const;
  return { sector, progress, jobs };
}

function swapSector(session: Session, pair: Pair, { progress, jobs }: Step): void {
  const doJob = (job: CopyJob | undefined): void => {
    if (job !== undefined) {
      job.to.erase(job.toOffset, job.lengthBytes);
      copyRegion(session, pair, { job, progress });
    }
    writeStatus(session, pair, { method: offset, progress });
  };
  if (progress.state === 1) {
    doJob(jobs[0]);
    progress.state = 2;
  }
  doJob(jobs[1]);
  progress.index += 1;
  progress.state = 1;
}

function initTrailers(pair: Pair, progress: Progress): void {
  if (progress.source !== 'primary') {
    pair.primary.area.eraseTrailer();
    initStatus(pair, pair.primary.area, progress);
  }
  pair.secondary.area.eraseTrailer();
}

function run(session: Session, pair: Pair, progress: Progress): void {
  session.info('Starting swap using offset algorithm.');
  const bytes = sectorBytesOf(pair);
  const last = lastSector(session, pair, progress.swapSize);
  if (isFresh(progress, session.build)) {
    const firstTrailer = firstTrailerSector(pair, bytes);
    if (!hasRoom(session, { last, firstTrailer, sectorBytes: bytes })) return;
  }
  prepareRevert(session, pair, progress);
  if (progress.index === 1) initTrailers(pair, progress);
  const revert = isRevert(session, pair, progress);
  for (let done = progress.index - 1; done <= last; done += 1) {
    const sector = revert ? last - done : done;
    swapSector(session, pair, stepOf(pair, sector, { progress, revert }));
  }
  if (revert) {
    // what is left in the first sector must not be taken for a header
    pair.secondary.area.erase(0, bytes);
    pair.secondary.area.eraseTrailer();
  }
}

/** Swap using offset. */
export const offset: SwapMethod = {
  statusSource: sourceOfPair,
  position,
  entry,
  readHeader,
  slotsCompatible,
  maxImageBytes,
  run,
};
