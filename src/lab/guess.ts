import { buildOf, copyingAlgorithms } from '../boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../boot/mcuboot/index.ts';
import { DfuError, hexNumber } from '../bytes/index.ts';
import type { FlashRange } from '../flash/index.ts';
import { DEFAULT_MAX_IMG_SECTORS, IMAGE_MAGIC, MAX_ALIGNS } from '../image/index.ts';
import type { MaxAlign } from '../image/index.ts';
import type { FlashLayout } from './device.ts';
import { checkLayout, trailerOf } from './device.ts';
import { STEP_BYTES, survey } from './survey.ts';
import type { Survey } from './survey.ts';
import { firstExchange, fitTrailer } from './trailer-fit.ts';
import type { TrailerFit } from './trailer-fit.ts';

/** What is known already; only the rest is tried. */
export interface GuessLimits {
  readonly algorithm?: Algorithm | undefined;
  readonly sectorBytes?: number | undefined;
  readonly writeUnitBytes?: number | undefined;
  readonly maxAlign?: MaxAlign | undefined;
  readonly maxImgSectors?: number | undefined;
  /** Default 0xff. */
  readonly erasedValue?: 0x00 | 0xff | undefined;
}

/** A layout that a dump may have. */
export interface Guess {
  readonly layout: FlashLayout;
  /** What speaks for it, weighed; larger is better. */
  readonly score: number;
  /** What speaks for it, in words. */
  readonly evidence: readonly string[];
}

const SECTOR_SIZES: readonly number[] = [4096, 8192, 2048, 1024, 512, 16384, 32768, 65536, 131072];
/** A dump may be made to have very many ends and images: no more than these are combined. */
const MOST_ENDS = 64;
/** Pairs of slots that are looked at closely, the likeliest first. */
const MOST_CANDIDATES = 1000;
const WRITE_UNITS: readonly number[] = [4, 8, 16, 2, 1, 32];

type Slots = readonly [FlashRange, FlashRange];

/** Of very many ends those that are most likely to be a slot's: the roundest numbers. */
function likelyEnds(ends: readonly number[]): readonly number[] {
  if (ends.length <= MOST_ENDS) return ends;
  const roundness = (end: number): number => end & -end;
  return ends.toSorted((one, other) => roundness(other) - roundness(one)).slice(0, MOST_ENDS);
}

/** Slots of equal size side by side that a header or a trailer speaks for. */
function* slotPairs(
  { bytes, images, ends: all }: Survey,
  sector: number,
  up: number,
): Generator<Slots> {
  const ends = likelyEnds([...all.keys()]);
  const pair = (start: number, size: number): Slots => [
    { offsetBytes: start, sizeBytes: size },
    { offsetBytes: start + size, sizeBytes: size },
  ];
  for (const { offsetBytes: start } of images) {
    for (const { offsetBytes: other } of images) {
      // a header in the second slot: at its start, or one sector up
      for (const shift of up === 0 ? [0] : [up, 0]) yield pair(start, other - shift - start);
    }
    for (const end of ends) {
      yield pair(start, end - start);
      yield pair(start, Math.floor((end - start) / 2));
      // the only image may be in the second slot
      yield pair(2 * (start - up) - end, end - start + up);
    }
    const rest = Math.floor((bytes.length - start) / 2 / sector) * sector;
    yield pair(start, rest);
  }
}

interface Candidate {
  readonly algorithm: Algorithm;
  readonly sector: number;
  readonly slots: Slots;
  /** Where scratch ends: one sector behind the slots unless it is known better. */
  readonly scratchEnd?: number | undefined;
}

function fits({ slots: [primary, secondary], sector }: Candidate, { bytes }: Survey): boolean {
  const { sizeBytes, offsetBytes } = primary;
  if (sizeBytes < 2 * sector || offsetBytes < 0 || sizeBytes % sector !== 0) return false;
  if (offsetBytes % sector !== 0) return false;
  return secondary.offsetBytes + sizeBytes <= bytes.length;
}

function* candidates(dump: Survey, limits: GuessLimits): Generator<Candidate> {
  const seen = new Set<string>();
  const sizes = limits.sectorBytes === undefined ? SECTOR_SIZES : [limits.sectorBytes];
  const algorithms = limits.algorithm === undefined ? copyingAlgorithms : [limits.algorithm];
  for (const sector of sizes) {
    if (dump.bytes.length % sector !== 0) continue;
    for (const algorithm of algorithms) {
      const up = algorithm === 'swap-using-offset' ? sector : 0;
      for (const slots of slotPairs(dump, sector, up)) {
        const candidate = { algorithm, sector, slots };
        const name = `${algorithm} ${sector} ${slots[0].offsetBytes} ${slots[0].sizeBytes}`;
        if (seen.has(name) || !fits(candidate, dump)) continue;
        seen.add(name);
        yield candidate;
      }
    }
  }
}

/** The layouts of a candidate: every alignment, write unit and number of sectors that may be. */
function* layoutsOf(
  { algorithm, sector, slots }: Candidate,
  { bytes, ends, erasedValue, images }: Survey,
  limits: GuessLimits,
): Generator<FlashLayout> {
  const [primary, secondary] = slots;
  const end = secondary.offsetBytes + secondary.sizeBytes;
  const scratch = { offsetBytes: end, sizeBytes: sector };
  if (algorithm === 'swap-using-scratch' && end + sector > bytes.length) return;
  const told = [...ends].find(([at]) => at === end || at === secondary.offsetBytes)?.[1];
  const aligns = limits.maxAlign ?? told;
  const sectors = primary.sizeBytes / sector;
  const most =
    limits.maxImgSectors === undefined
      ? [DEFAULT_MAX_IMG_SECTORS, sectors, 256]
      : [limits.maxImgSectors];
  const units = limits.writeUnitBytes === undefined ? WRITE_UNITS : [limits.writeUnitBytes];
  const encryption = images.some(({ encrypted }) => encrypted)
    ? ({ keyBytes: 16 } as const)
    : undefined;
  for (const maxAlign of aligns === undefined ? MAX_ALIGNS : [aligns]) {
    for (const writeUnitBytes of units.filter((unit) => unit <= maxAlign)) {
      for (const maxImgSectors of new Set(most.filter((count) => count >= sectors))) {
        const config: BootConfig = {
          algorithm,
          images: [{ primary, secondary }],
          scratch: algorithm === 'swap-using-scratch' ? scratch : undefined,
          maxAlign,
          maxImgSectors,
          encryption,
        };
        const run = { count: bytes.length / sector, sizeBytes: sector };
        const geometry = { sectors: [run], writeUnitBytes, erasedValue };
        const layout = { geometry, config };
        if (isPossible(layout)) yield layout;
      }
    }
  }
}

function isPossible(layout: FlashLayout): boolean {
  try {
    checkLayout(layout);
    return true;
  } catch (error) {
    if (DfuError.is(error, 'INVALID_ARGUMENT')) return false;
    throw error;
  }
}

/** How early in the lists of what is usual; breaks ties. */
function usual({ config, geometry }: FlashLayout): number {
  const { algorithm, maxAlign, maxImgSectors } = buildOf(config);
  const [run] = geometry.sectors;
  return (
    copyingAlgorithms.indexOf(algorithm) * 0.01 +
    SECTOR_SIZES.indexOf(run?.sizeBytes ?? 0) * 0.001 +
    MAX_ALIGNS.indexOf(maxAlign) * 0.0005 +
    WRITE_UNITS.indexOf(geometry.writeUnitBytes) * 0.00005 +
    (maxImgSectors === DEFAULT_MAX_IMG_SECTORS ? 0 : 0.00001)
  );
}

interface Evidence {
  readonly score: number;
  readonly words: readonly string[];
}

/** What images speak for or against these slots. */
function imageEvidence(
  { algorithm, sector, slots: [primary, secondary] }: Candidate,
  { images }: Survey,
): Evidence {
  const up = algorithm === 'swap-using-offset' ? sector : 0;
  const starts = [primary.offsetBytes, secondary.offsetBytes + up];
  // where an image was, or is while a swap is cut
  const passing = new Set([
    ...(up > 0 ? [secondary.offsetBytes] : []),
    ...(algorithm === 'swap-using-move' ? [primary.offsetBytes + sector] : []),
  ]);
  let score = 0;
  const words: string[] = [];
  for (const { offsetBytes, whole, totalBytes, partial } of images) {
    const at = starts.indexOf(offsetBytes);
    const old = passing.has(offsetBytes);
    if (at < 0 && !old) {
      score -= partial ? 1 : 3;
      continue;
    }
    score += (whole ? 4 : 2) - (old ? 1 : 0);
    const name = at === 0 ? 'primary' : 'secondary';
    if (old) words.push(`an image in passing begins at ${hexNumber(offsetBytes)}`);
    else if (partial) words.push(`the header of an image begins the ${name} slot`);
    else words.push(`an image of ${totalBytes} bytes begins the ${name} slot`);
  }
  return { score, words };
}

/** Trailers where these slots do not end, each of which speaks against them. */
function strayEnds({ algorithm, sector, slots, scratchEnd }: Candidate, { ends }: Survey): number {
  const edges = new Set(slots.map((each) => each.offsetBytes + each.sizeBytes));
  if (algorithm === 'swap-using-scratch') edges.add(scratchEnd ?? Math.max(...edges) + sector);
  return ends.size - [...edges].filter((edge) => ends.has(edge)).length;
}

/** What is known of a candidate before its trailers are read. */
function roughScore(candidate: Candidate, dump: Survey): number {
  const bias =
    copyingAlgorithms.indexOf(candidate.algorithm) * 0.01 +
    SECTOR_SIZES.indexOf(candidate.sector) * 0.001;
  return imageEvidence(candidate, dump).score - 3 * strayEnds(candidate, dump) - bias;
}

function candidateOf({ config, geometry }: FlashLayout): Candidate | undefined {
  const [pair] = config.images;
  if (pair === undefined) return undefined;
  const sector = geometry.sectors[0]?.sizeBytes ?? 0;
  const { algorithm, scratch } = config;
  const scratchEnd = scratch === undefined ? undefined : scratch.offsetBytes + scratch.sizeBytes;
  return { algorithm, sector, slots: [pair.primary, pair.secondary], scratchEnd };
}

/** Weighs what speaks for a layout. */
function weighLayout(layout: FlashLayout, dump: Survey): Guess {
  const { config, geometry } = layout;
  const { images, bytes, erasedValue } = dump;
  const candidate = candidateOf(layout);
  if (candidate === undefined) return { layout, score: -Infinity, evidence: [] };
  const found = imageEvidence(candidate, dump);
  const evidence = [...found.words];
  let score = found.score - 3 * strayEnds(candidate, dump) - usual(layout);
  const { sector, slots } = candidate;
  const whole = images.every(({ partial }) => !partial);
  const largest = whole ? Math.max(0, ...images.map(({ totalBytes }) => totalBytes)) : undefined;
  for (const [slot, name] of (['primary0', 'secondary0'] as const).entries()) {
    const place = slots[slot === 0 ? 0 : 1];
    const area = bytes.subarray(place.offsetBytes, place.offsetBytes + place.sizeBytes);
    const fit = fitTrailer(trailerOf(layout, name), area, {
      unit: geometry.writeUnitBytes,
      erased: erasedValue,
      exchangeFrom: firstExchange(config),
    });
    score += trailerScore(fit, { config, largest, name, sector }, evidence);
  }
  return { layout, score, evidence };
}

interface TrailerContext {
  readonly config: BootConfig;
  /** Bytes of the largest image; undefined if one is not whole. */
  readonly largest: number | undefined;
  readonly name: string;
  readonly sector: number;
}

/** Status entries of a swap that has come to its end: what the size of a sector is told by. */
function finishedEntries(algorithm: Algorithm, swapSize: number, sector: number): number {
  const sectors = Math.ceil(swapSize / sector);
  if (algorithm === 'swap-using-move') return 3 * sectors;
  return algorithm === 'swap-using-offset' ? 2 * sectors : 0;
}

function trailerScore(
  { magic, entries, swapSize, strays }: TrailerFit,
  { config, largest, name, sector }: TrailerContext,
  evidence: string[],
): number {
  let score = -Math.min(strays, 20) * 0.5;
  const kind = name.replace(/\d/, '');
  if (magic) {
    score += 3;
    evidence.push(`the ${kind} slot ends in a trailer magic`);
  }
  const swaps = config.algorithm.startsWith('swap-');
  if (swaps && swapSize !== undefined && largest !== undefined) {
    score += swapSize === largest ? 3 : -1;
    if (swapSize === largest) evidence.push(`swap_size in the ${kind} slot is the larger image's`);
  }
  if (entries > 0 && swaps) {
    score += 1;
    evidence.push(`${entries} status entries in the ${kind} slot`);
    const finished = finishedEntries(config.algorithm, swapSize ?? 0, sector);
    if (entries === finished) score += 1;
    if (finished > 0 && entries > finished) score -= 1;
  }
  if (strays > 0) evidence.push(`${strays} bytes of the ${kind} trailer are not explained`);
  return score;
}

/** What a guess reports on its way. */
export interface GuessProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Tries the layouts that are plausible for a dump of which nothing is known: slots that begin with an
 * image or end in a trailer, every algorithm, alignment and write unit. The best comes first. Of a dump with very
 * many images and trailers the likeliest slots only are tried.
 *
 * @param known - layouts that are tried first, such as those of boards
 * @param onProgress - called now and then; what it returns is waited for
 * @throws `DfuError` `MALFORMED` if nothing in the dump speaks for any layout.
 */
export async function guessLayouts(
  bytes: Uint8Array,
  limits: GuessLimits = {},
  known: readonly FlashLayout[] = [],
  onProgress?: (progress: GuessProgress) => void | Promise<void>,
): Promise<Guess[]> {
  const dump = await survey(bytes, limits.erasedValue ?? 0xff);
  if (dump.images.length === 0) throw nothingFound(dump);
  const guesses = known.map((layout) => {
    const { score, evidence } = weighLayout(layout, dump);
    return { layout, score: score + 0.5, evidence };
  });
  const rough = [...candidates(dump, limits)].map((candidate) => ({
    candidate,
    score: roughScore(candidate, dump),
  }));
  rough.sort((one, other) => other.score - one.score);
  const total = Math.min(rough.length, MOST_CANDIDATES);
  for (const [done, { candidate }] of rough.slice(0, total).entries()) {
    if (done % 16 === 0) await onProgress?.({ done, total });
    for (const layout of layoutsOf(candidate, dump, limits)) {
      guesses.push(weighLayout(layout, dump));
    }
  }
  guesses.sort((one, other) => other.score - one.score);
  const [best] = guesses;
  if (best === undefined || best.evidence.length === 0) {
    throw new DfuError('MALFORMED', 'layout: none that was tried fits this dump');
  }
  return guesses;
}

function nothingFound({ ends }: Survey): DfuError {
  const magic = hexNumber(IMAGE_MAGIC, 8);
  const words = `expected an MCUboot image (magic ${magic}) at a multiple of ${STEP_BYTES} bytes`;
  const [end] = ends.keys();
  const trailer =
    end === undefined ? '' : `, though a trailer ends at ${hexNumber(end)}; its slots must be told`;
  return new DfuError('MALFORMED', `layout: ${words}, found none: nothing to guess from${trailer}`);
}
