import type { FlashRange } from '../../flash/index.ts';
import type { FlagState } from '../../image/index.ts';
import { groupsOf } from './groups.ts';
import type { Pair, Progress, Session, SlotIndex, StatusSource } from './session.ts';
import { isFresh, slotOf } from './session.ts';
import type { Position, SwapMethod } from './swap-common.ts';
import {
  copyRegion,
  findStatusArea,
  initStatus,
  readHeaderAt,
  statusUnit,
  writeStatus,
} from './swap-common.ts';
import { tilesMatch } from './tiles.ts';
import type { TrailerArea } from './trailer-area.ts';
import type { MagicState, SwapState } from './trailer.ts';

// Swap using scratch (swap_scratch.c): groups of sectors that fit the scratch area are exchanged from
// the top down. Status entries: three for each group.

const STATES = 3;

interface SourceRow {
  readonly primaryMagic?: MagicState | undefined;
  readonly primaryCopyDone?: FlagState | undefined;
  readonly scratchGood?: boolean | undefined;
  readonly source: StatusSource;
}

/** boot_status_tables: the first row that matches says where the progress is. */
const sourceRows: readonly SourceRow[] = [
  { primaryMagic: 'good', primaryCopyDone: 'set', scratchGood: false, source: 'none' },
  { primaryMagic: 'good', primaryCopyDone: 'unset', scratchGood: false, source: 'primary' },
  { scratchGood: true, source: 'scratch' },
  { primaryMagic: 'unset', primaryCopyDone: 'unset', source: 'primary' },
];

/** Which trailer holds the progress of a swap. */
function scratchSource(primary: SwapState, scratch: SwapState): StatusSource {
  const row = sourceRows.find(
    ({ primaryMagic = primary.magic, primaryCopyDone = primary.copyDone, scratchGood }) =>
      primaryMagic === primary.magic &&
      primaryCopyDone === primary.copyDone &&
      (scratchGood === undefined || scratchGood === (scratch.magic === 'good')),
  );
  return row?.source ?? 'none';
}

const sourceWords: Readonly<Record<StatusSource, string>> = {
  none: 'none',
  primary: 'primary slot',
  scratch: 'scratch',
};

function scratchOf(session: Session): TrailerArea {
  return session.scratch ?? session.halt('assert', 'no scratch area');
}

function statusSource(session: Session, pair: Pair): StatusSource {
  const primary = pair.primary.area.state();
  const scratch = scratchOf(session).state();
  session.logState('Primary image', primary);
  session.logState('Scratch', scratch);
  let source = scratchSource(primary, scratch);
  const several = session.pairs.length > 1;
  if (several && source === 'scratch' && scratch.imageNumber !== pair.index) source = 'none';
  session.info(`Boot source: ${sourceWords[source]}`);
  return source;
}

/** The first gap behind a written entry is where to go on; an entry behind the gap is a defect. */
function position(session: Session, written: readonly boolean[]): Position | undefined {
  const first = written.indexOf(true);
  if (first < 0) return undefined;
  const gap = written.indexOf(false, first);
  const found = gap < 0 ? written.length : gap;
  if (gap >= 0 && written.includes(true, gap)) {
    session.error('Detected inconsistent status!');
    if (!session.build.validatePrimarySlot) session.halt('assert', 'inconsistent swap status');
  }
  return { op: 'move', index: Math.floor(found / STATES) + 1, state: (found % STATES) + 1 };
}

function entry(_session: Session, { index, state }: Progress): number {
  return (index - 1) * STATES + state - 1;
}

/** Where a header is while a swap is cut: only the last group moves the headers. */
function headerArea(
  session: Session,
  pair: Pair,
  { slot, progress }: { readonly slot: SlotIndex; readonly progress: Progress },
): TrailerArea {
  const swapSize = findStatusArea(session, pair).swapSize();
  const count = groupsOf(session, pair, {
    swapSize,
    roomBytes: scratchOf(session).sizeBytes,
  }).length;
  const { index, state } = progress;
  const here = slotOf(pair, slot).area;
  if (index > count) return slotOf(pair, slot === 0 ? 1 : 0).area;
  if (index < count) return here;
  if (slot === 0) return state >= 3 ? pair.secondary.area : here;
  return state >= 2 ? scratchOf(session) : here;
}

function readHeader(session: Session, pair: Pair, slot: SlotIndex, progress?: Progress): boolean {
  const cut = progress !== undefined && !isFresh(progress, session.build);
  const area = cut ? headerArea(session, pair, { slot, progress }) : slotOf(pair, slot).area;
  // unlike the other two methods, one without a header goes on: an empty primary slot is filled
  slotOf(pair, slot).header = readHeaderAt(area, 0);
  return true;
}

/** The largest image leaves room for the trailer, and for scratch to hold its own trailer beside it. */
function maxImageBytes(session: Session, { primary, secondary }: Pair): number {
  const { area } = primary;
  const { trailerBytes } = area.layout;
  const slot = Math.min(area.sizeBytes, secondary.area.sizeBytes);
  const start = area.sizeBytes - trailerBytes;
  const ends = [area, secondary.area].map((each) => {
    const { offsetBytes, sizeBytes } = each.sectorAt(each.trailerSectorOffset());
    return offsetBytes + sizeBytes;
  });
  const inFirst = Math.max(...ends) - start;
  const padding = Math.max(0, scratchOf(session).layout.trailerBytes - inFirst);
  return slot - trailerBytes - padding;
}

interface GroupStep {
  readonly group: FlashRange;
  readonly progress: Progress;
  /** Bytes of the group that are copied: less than all where the trailer begins. */
  readonly copyBytes: number;
}

function stepOf(
  session: Session,
  pair: Pair,
  { group, progress }: Omit<GroupStep, 'copyBytes'>,
): GroupStep {
  const { area } = pair.primary;
  const { offsetBytes, sizeBytes } = group;
  let copyBytes = sizeBytes;
  if (offsetBytes + sizeBytes > area.trailerSectorOffset()) {
    copyBytes = area.sizeBytes - offsetBytes - area.layout.trailerBytes;
    copyBytes = Math.min(copyBytes, scratchOf(session).layout.status);
  }
  progress.useScratch = progress.index === 1 && copyBytes !== sizeBytes;
  return { group, progress, copyBytes };
}

/** Group to scratch. Before the first group, the trailers are made ready. */
function fillScratch(
  session: Session,
  pair: Pair,
  { group, progress, copyBytes }: GroupStep,
): void {
  const scratch = scratchOf(session);
  scratch.eraseAll();
  if (progress.index === 1) {
    // scratch keeps the swap type while the primary trailer is erased
    initStatus(pair, scratch, progress);
    if (!progress.useScratch) {
      pair.primary.area.eraseTrailer();
      initStatus(pair, pair.primary.area, progress);
      scratch.eraseAll();
    }
  }
  const job = {
    from: pair.secondary.area,
    fromOffset: group.offsetBytes,
    to: scratch,
    toOffset: 0,
  };
  copyRegion(session, pair, { job: { ...job, lengthBytes: copyBytes }, progress });
}

/**
 * Erases a group. Where the trailer goes as well, it goes first, and whole: its sectors may reach
 * beyond the group that holds its beginning.
 */
function eraseGroup(
  area: TrailerArea,
  { offsetBytes, sizeBytes }: FlashRange,
  { trailer, shared }: { readonly trailer: boolean; readonly shared: boolean },
): void {
  if (trailer) area.eraseTrailer();
  const left = shared ? area.trailerSectorOffset() - offsetBytes : sizeBytes;
  if (left !== 0) area.erase(offsetBytes, left);
}

/** Primary group to secondary; the secondary trailer goes first. */
function fillSecondary(
  session: Session,
  pair: Pair,
  { group, progress, copyBytes }: GroupStep,
): void {
  const { area } = pair.secondary;
  const { offsetBytes } = group;
  eraseGroup(area, group, { trailer: progress.index === 1, shared: progress.useScratch });
  const job = { from: pair.primary.area, fromOffset: offsetBytes, to: area, toOffset: offsetBytes };
  copyRegion(session, pair, { job: { ...job, lengthBytes: copyBytes }, progress });
}

/** Scratch to primary; if the status was in scratch, the primary trailer is rebuilt from it. */
function fillPrimary(
  session: Session,
  pair: Pair,
  { group, progress, copyBytes }: GroupStep,
): void {
  const { area } = pair.primary;
  const scratch = scratchOf(session);
  const { offsetBytes } = group;
  eraseGroup(area, group, { trailer: progress.useScratch, shared: progress.useScratch });
  const job = { from: scratch, fromOffset: 0, to: area, toOffset: offsetBytes };
  copyRegion(session, pair, { job: { ...job, lengthBytes: copyBytes }, progress });
  if (progress.useScratch) rebuildTrailer(session, pair, progress);
}

function rebuildTrailer(session: Session, pair: Pair, progress: Progress): void {
  const { area } = pair.primary;
  const scratch = scratchOf(session);
  const lengthBytes = (STATES - 1) * statusUnit(session, pair);
  const job = { from: scratch, fromOffset: scratch.layout.status, to: area };
  copyRegion(session, pair, {
    job: { ...job, toOffset: area.layout.status, lengthBytes },
    progress,
  });
  const { imageOk, swapType } = scratch.state();
  if (imageOk === 'set') area.writeImageOk();
  if (swapType !== 'none') area.writeSwapInfo(swapType, pair.index);
  area.writeSwapSize(progress.swapSize);
  area.writeKeys(progress.savedKeys);
  area.writeMagic();
}

function swapGroup(session: Session, pair: Pair, step: GroupStep): void {
  const { progress } = step;
  const done = (): void => writeStatus(session, pair, { method: scratch, progress });
  if (progress.state === 1) {
    fillScratch(session, pair, step);
    done();
    progress.state = 2;
  }
  if (progress.state === 2) {
    fillSecondary(session, pair, step);
    done();
    progress.state = 3;
  }
  fillPrimary(session, pair, step);
  // a stale trailer in scratch must go as soon as the primary slot has one
  const stale = progress.useScratch;
  progress.useScratch = false;
  done();
  progress.index += 1;
  progress.state = 1;
  if (stale) scratchOf(session).erase(0, scratchOf(session).sizeBytes, 'down');
}

function run(session: Session, pair: Pair, progress: Progress): void {
  session.info('Starting swap using scratch algorithm.');
  const groups = groupsOf(session, pair, {
    swapSize: progress.swapSize,
    roomBytes: scratchOf(session).sizeBytes,
  });
  for (const group of groups.slice(progress.index - 1)) {
    swapGroup(session, pair, stepOf(session, pair, { group, progress }));
  }
}

/** Swap using scratch. */
export const scratch: SwapMethod = {
  statusSource,
  position,
  entry,
  readHeader,
  slotsCompatible: (session, pair) => tilesMatch(session, pair, scratchOf(session).sizeBytes),
  maxImageBytes,
  run,
};
