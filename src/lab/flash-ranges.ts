import { sizeText } from '../image/index.ts';
import type { Flash, FlashRange } from '../flash/index.ts';

/** What a range of flash is. */
export type RangeKind =
  | 'bootloader'
  | 'header'
  | 'image'
  | 'tlvs'
  | 'trailer'
  | 'scratch'
  | 'settings'
  /** Bytes of which nobody knows what they are. */
  | 'data'
  | 'erased';

/** A range of flash, and what it means. */
export interface ExplainedRange extends FlashRange {
  readonly kind: RangeKind;
  /** The area or slot that it is in, as its bootloader calls it: `primary0`, `slot 0`; undefined outside of all. */
  readonly area: string | undefined;
  /** A few words: `MCUboot image 1.0.0+0, header`. */
  readonly title: string;
  /** Sentences about it. */
  readonly words: readonly string[];
}

/** What is said of bytes that no more is known of. */
type Saying = Pick<ExplainedRange, 'kind' | 'title' | 'words'>;

/** A part of flash with a name. */
export interface FlashArea extends FlashRange {
  readonly name: string;
  /** What stands in it, where no range says more. */
  readonly filled?: Pick<ExplainedRange, 'kind' | 'title' | 'words'> | undefined;
}

/** A flash as somebody knows it: areas that do not overlap, and in them what is known, the surest first. */
export interface FlashKnowledge {
  readonly areas: readonly FlashArea[];
  readonly ranges: readonly ExplainedRange[];
}

const NOTHING: FlashKnowledge = { areas: [], ranges: [] };

/** Contents are told from erased flash in pieces of at most so many bytes, and of a sector at most. */
const PIECE_BYTES = 4096;

/** What is said where a bootloader belongs and none is. */
const NO_BOOTLOADER =
  'no bootloader is in these bytes: a virtual board plays its own, and a real one starts nothing';

const UNKNOWN: Saying = {
  kind: 'data',
  title: 'bytes outside of all areas',
  words: ['no area of this layout is here, so that nothing says what these bytes are'],
};

const endOf = ({ offsetBytes, sizeBytes }: FlashRange): number => offsetBytes + sizeBytes;

/** How many bytes there are up to the last one that is not erased. */
export function filledBytes(bytes: Uint8Array, erasedValue: number): number {
  let filled = bytes.length;
  while (filled > 0 && bytes[filled - 1] === erasedValue) filled -= 1;
  return filled;
}

/** The parts of a range that nothing covers yet; `covered` is in order and without overlaps. */
function uncovered(covered: readonly FlashRange[], range: FlashRange): [number, number][] {
  const free: [number, number][] = [];
  let at = range.offsetBytes;
  for (const each of covered) {
    if (endOf(each) <= at) continue;
    if (each.offsetBytes >= endOf(range)) break;
    if (each.offsetBytes > at) free.push([at, each.offsetBytes]);
    at = endOf(each);
  }
  if (at < endOf(range)) free.push([at, endOf(range)]);
  return free;
}

const inOrder = (one: FlashRange, other: FlashRange): number => one.offsetBytes - other.offsetBytes;

/** Lays ranges beside each other: of two that overlap the earlier one in the list is whole. */
function layOut<T extends FlashRange>(ranges: readonly T[], sizeBytes: number): T[] {
  const laid: T[] = [];
  for (const range of ranges) {
    const within = {
      offsetBytes: range.offsetBytes,
      sizeBytes: Math.min(range.sizeBytes, sizeBytes - range.offsetBytes),
    };
    for (const [from, to] of uncovered(laid, within))
      laid.push({ ...range, offsetBytes: from, sizeBytes: to - from });
    laid.sort(inOrder);
  }
  return laid;
}

/** A part of flash of which is known only whether it is erased, cut where that changes. */
function* runsOf(
  flash: Flash,
  [from, to]: readonly [number, number],
): Generator<{ readonly start: number; readonly end: number; readonly erased: boolean }> {
  const { erasedValue } = flash.geometry;
  let start = from;
  let erased: boolean | undefined;
  for (let at = from; at < to;) {
    const sector = flash.sectors.at(at);
    const piece = at - (at % Math.min(PIECE_BYTES, sector.sizeBytes)) + PIECE_BYTES;
    const next = Math.min(to, endOf(sector), piece);
    const now = filledBytes(flash.read(at, next - at), erasedValue) === 0;
    if (erased !== undefined && now !== erased) {
      yield { start, end: at, erased };
      start = at;
    }
    erased = now;
    at = next;
  }
  if (erased !== undefined) yield { start, end: to, erased };
}

/** Where what was programmed last ends within its piece, the rest being erased. */
function trimmed(
  flash: Flash,
  run: { readonly start: number; readonly end: number; readonly erased: boolean },
): (typeof run)[] {
  if (run.erased) return [run];
  const unit = Math.max(16, flash.geometry.writeUnitBytes);
  // In its last piece something is stored.
  const from = Math.max(run.start, run.end - PIECE_BYTES);
  const end = from + filledBytes(flash.read(from, run.end - from), flash.geometry.erasedValue);
  const edge = Math.min(run.end, Math.ceil(end / unit) * unit);
  if (edge >= run.end) return [run];
  return [
    { ...run, end: edge },
    { start: edge, end: run.end, erased: true },
  ];
}

function erasedRange(range: FlashRange, area: FlashArea | undefined): ExplainedRange {
  const absent = area?.filled?.kind === 'bootloader' ? [NO_BOOTLOADER] : [];
  const words = [`${sizeText(range.sizeBytes)}, erased`, ...absent];
  return { ...range, kind: 'erased', area: area?.name, title: 'erased', words };
}

/** What stands in a part of flash that no range explains. */
function gapRanges(
  flash: Flash,
  gap: readonly [number, number],
  area: FlashArea | undefined,
): ExplainedRange[] {
  const { kind, title, words } = area?.filled ?? UNKNOWN;
  const runs: { start: number; end: number; erased: boolean }[] = [];
  for (const run of runsOf(flash, gap)) {
    for (const { start, end, erased } of trimmed(flash, run)) {
      const last = runs.at(-1);
      if (last?.erased === erased) last.end = end;
      else runs.push({ start, end, erased });
    }
  }
  return runs.map(({ start, end, erased }) => {
    const range = { offsetBytes: start, sizeBytes: end - start };
    if (erased) return erasedRange(range, area);
    return Object.assign(range, { kind, area: area?.name, title, words });
  });
}

/**
 * Explains all of a flash: what is known of it, and between that what stands in its areas, erased or not. The ranges
 * are in order, none overlaps another, and together they are the flash.
 */
export function tileFlash(
  flash: Flash,
  { areas, ranges }: FlashKnowledge = NOTHING,
): ExplainedRange[] {
  const { sizeBytes } = flash;
  const known = layOut(ranges, sizeBytes);
  const found: ExplainedRange[] = [...known];
  const places = layOut(areas, sizeBytes);
  for (const area of places) {
    for (const gap of uncovered(known, area)) found.push(...gapRanges(flash, gap, area));
  }
  const all = { offsetBytes: 0, sizeBytes };
  for (const gap of uncovered(layOut([...known, ...places], sizeBytes), all)) {
    found.push(...gapRanges(flash, gap, undefined));
  }
  return found.toSorted(inOrder);
}
