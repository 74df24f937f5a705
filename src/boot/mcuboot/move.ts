import type { Pair, Progress, Session, SlotIndex } from './session.ts';
import { isFresh, slotOf } from './session.ts';
import { hasImage } from './slot-image.ts';
import type { Position, SwapMethod } from './swap-common.ts';
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

// Swap using move (swap_move.c): first every sector of the primary image moves up by one, then the
// images are exchanged sector by sector from the bottom. Status entries: one for each sector moved,
// then two for each sector swapped.

/** Where to go on; pure but for the number of sectors that the build allows. */
function position(session: Session, written: readonly boolean[]): Position | undefined {
  const found = lastWritten(written);
  const moves = session.build.maxImgSectors;
  if (found === 0) return undefined;
  if (found < moves) return { op: 'move', index: found + 1, state: 1 };
  const swapped = found - moves;
  return { op: 'swap', index: Math.floor(swapped / 2) + 1, state: (swapped % 2) + 1 };
}

function entry(session: Session, { op, index, state }: Progress): number {
  if (op === 'move') return index - 1;
  return session.build.maxImgSectors + (index - 1) * 2 + state - 1;
}

/** Where the header of a slot's image is while a swap is cut. */
function headerPlace(
  { op, index, state }: Position,
  slot: SlotIndex,
  { last, bytes }: { readonly last: number; readonly bytes: number },
): { readonly slot: SlotIndex; readonly offset: number } {
  if (op === 'move') return { slot, offset: slot === 0 && index > last ? bytes : 0 };
  if (index > 1 && index <= last) return { slot: slot === 0 ? 1 : 0, offset: 0 };
  if (index === 1 && slot === 0) return { slot, offset: bytes };
  return { slot: index === 1 && state === 2 ? 0 : slot, offset: 0 };
}

function readHeader(session: Session, pair: Pair, slot: SlotIndex, progress?: Progress): boolean {
  let place: { slot: SlotIndex; offset: number } = { slot, offset: 0 };
  if (progress !== undefined && !isFresh(progress, session.build)) {
    const bytes = sectorBytesOf(pair);
    const last = sectorsFor(session, bytes, findStatusArea(session, pair).swapSize());
    place = headerPlace(progress, slot, { last, bytes });
  }
  const header = readHeaderAt(slotOf(pair, place.slot).area, place.offset);
  slotOf(pair, slot).header = header;
  return progress === undefined || hasImage(header);
}

function slotsCompatible(session: Session, { primary, secondary }: Pair): boolean {
  const first = primary.area.sectors;
  const second = secondary.area.sectors;
  if (first.length !== second.length && first.length !== second.length + 1) {
    session.warn('Cannot upgrade: not a compatible amount of sectors');
    return false;
  }
  if (first.length > session.build.maxImgSectors) {
    session.warn('Cannot upgrade: more sectors than allowed');
    return false;
  }
  if (first.some(({ sizeBytes }, n) => sizeBytes !== (second[n] ?? second.at(-1))?.sizeBytes)) {
    session.warn('Cannot upgrade: not same sector layout');
    return false;
  }
  return true;
}

function maxImageBytes(_session: Session, pair: Pair): number {
  const bytes = sectorBytesOf(pair);
  const trailer = Math.ceil(pair.primary.area.layout.trailerBytes / bytes) * bytes;
  const { primary, secondary } = pair;
  return Math.min(primary.area.sizeBytes - bytes, secondary.area.sizeBytes) - trailer;
}

/**
 * A revert begins with the secondary trailer erased. Making it look like a permanent request first
 * keeps a cut between the two trailers recoverable.
 */
function prepareRevert(session: Session, pair: Pair, progress: Progress): void {
  if (progress.swapType !== 'revert' || progress.op !== 'move' || progress.index !== 1) return;
  const { area } = pair.secondary;
  const state = area.state();
  session.logState('Secondary image', state);
  if (state.magic !== 'unset') return;
  area.eraseTrailer();
  area.writeImageOk();
  area.writeSwapSize(progress.swapSize);
  area.writeMagic();
}

function initTrailers(pair: Pair, progress: Progress): void {
  if (progress.source !== 'primary') {
    pair.primary.area.eraseTrailer();
    initStatus(pair, pair.primary.area, progress);
  }
  pair.secondary.area.eraseTrailer();
}

/** Copies the sector below `sector` of the primary slot into it. */
function moveUp(session: Session, pair: Pair, { sector, progress }: SectorStep): void {
  const { area } = pair.primary;
  const bytes = sectorBytesOf(pair);
  if (progress.index === 1) initTrailers(pair, progress);
  const job = { from: area, fromOffset: (sector - 1) * bytes, to: area, toOffset: sector * bytes };
  area.erase(job.toOffset, bytes);
  copyRegion(session, pair, { job: { ...job, lengthBytes: bytes }, progress });
  writeStatus(session, pair, { method: move, progress });
  progress.index += 1;
}

interface SectorStep {
  readonly sector: number;
  readonly progress: Progress;
}

/** Exchanges sector `sector - 1`: the old image's part lies one sector higher in the primary slot. */
function swapSector(session: Session, pair: Pair, { sector, progress }: SectorStep): void {
  const primary = pair.primary.area;
  const secondary = pair.secondary.area;
  const bytes = sectorBytesOf(pair);
  const at = (sector - 1) * bytes;
  if (progress.state === 1) {
    primary.erase(at, bytes);
    const job = { from: secondary, fromOffset: at, to: primary, toOffset: at, lengthBytes: bytes };
    copyRegion(session, pair, { job, progress });
    writeStatus(session, pair, { method: move, progress });
    progress.state = 2;
  }
  secondary.erase(at, bytes);
  const job = { from: primary, fromOffset: at + bytes, to: secondary, toOffset: at };
  copyRegion(session, pair, { job: { ...job, lengthBytes: bytes }, progress });
  writeStatus(session, pair, { method: move, progress });
  progress.index += 1;
  progress.state = 1;
}

function run(session: Session, pair: Pair, progress: Progress): void {
  session.info('Starting swap using move algorithm.');
  const bytes = sectorBytesOf(pair);
  const last = sectorsFor(session, bytes, progress.swapSize);
  if (isFresh(progress, session.build)) {
    const firstTrailer = firstTrailerSector(pair, bytes);
    if (!hasRoom(session, { last, firstTrailer, sectorBytes: bytes })) return;
  }
  prepareRevert(session, pair, progress);
  if (progress.op === 'move') {
    for (let sector = last - progress.index + 1; sector > 0; sector -= 1) {
      moveUp(session, pair, { sector, progress });
    }
    progress.index = 1;
  }
  progress.op = 'swap';
  for (let sector = progress.index; sector <= last; sector += 1) {
    swapSector(session, pair, { sector, progress });
  }
}

/** Swap using move. */
export const move: SwapMethod = {
  statusSource: sourceOfPair,
  position,
  entry,
  readHeader,
  slotsCompatible,
  maxImageBytes,
  run,
};
