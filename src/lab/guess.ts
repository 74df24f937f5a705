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
import { fitTrailer } from './trailer-fit.ts';
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
const WRITE_UNITS: readonly number[] = [4, 8, 16, 2, 1, 32];

type Slots = readonly [FlashRange, FlashRange];

/** Slots of equal size side by side that a header or a trailer speaks for. */
function* slotPairs({ bytes, images, ends }: Survey, sector: number, up: number): Generator<Slots> {
  const pair = (start: number, size: number): Slots => [
    { offsetBytes: start, sizeBytes: size },
    { offsetBytes: start + size, sizeBytes: size },
  ];
  for (const { offsetBytes: start } of images) {
    for (const { offsetBytes: other } of images) {
      // a header in the second slot: at its start, or one sector up
      for (const shift of up === 0 ? [0] : [up, 0]) yield pair(start, other - shift - start);
    }
    for (const end of ends.keys()) {
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

/** Weighs what speaks for a layout. */
function weighLayout(layout: FlashLayout, dump: Survey): Guess {
  const { config, geometry } = layout;
  const { images, ends, bytes, erasedValue } = dump;
  const [pair] = config.images;
  const evidence: string[] = [];
  let score = -usual(layout);
  if (pair === undefined) return { layout, score: -Infinity, evidence };
  const sector = geometry.sectors[0]?.sizeBytes ?? 0;
  const up = config.algorithm === 'swap-using-offset' ? sector : 0;
  const starts = [pair.primary.offsetBytes, pair.secondary.offsetBytes + up];
  for (const { offsetBytes, whole, totalBytes } of images) {
    const at = starts.indexOf(offsetBytes);
    const old = up > 0 && offsetBytes === pair.secondary.offsetBytes;
    if (at < 0 && !old) score -= 3;
    else {
      score += (whole ? 4 : 2) - (old ? 1 : 0);
      const name = at === 0 ? 'primary' : 'secondary';
      evidence.push(`an image of ${totalBytes} bytes begins the ${name} slot`);
    }
  }
  const slots = [pair.primary, pair.secondary];
  const slotEnds = new Set(slots.map((each) => each.offsetBytes + each.sizeBytes));
  const scratchEnd = (config.scratch?.offsetBytes ?? -1) + (config.scratch?.sizeBytes ?? 0);
  for (const end of ends.keys()) if (!slotEnds.has(end) && end !== scratchEnd) score -= 3;
  const largest = Math.max(0, ...images.map(({ totalBytes }) => totalBytes));
  for (const [slot, name] of (['primary0', 'secondary0'] as const).entries()) {
    const place = slot === 0 ? pair.primary : pair.secondary;
    const area = bytes.subarray(place.offsetBytes, place.offsetBytes + place.sizeBytes);
    const found = fitTrailer(trailerOf(layout, name), area, {
      unit: geometry.writeUnitBytes,
      erased: erasedValue,
    });
    score += trailerScore(found, { config, largest, name, sector }, evidence);
  }
  return { layout, score, evidence };
}

interface TrailerContext {
  readonly config: BootConfig;
  readonly largest: number;
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
  if (swaps && swapSize !== undefined) {
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

/**
 * Tries the layouts that are plausible for a dump of which nothing is known: slots that begin with an
 * image or end in a trailer, every algorithm, alignment and write unit. The best comes first.
 *
 * @param known - layouts that are tried first, such as those of boards
 * @throws `DfuError` `MALFORMED` if nothing in the dump speaks for any layout.
 */
export async function guessLayouts(
  bytes: Uint8Array,
  limits: GuessLimits = {},
  known: readonly FlashLayout[] = [],
): Promise<Guess[]> {
  const dump = await survey(bytes, limits.erasedValue ?? 0xff);
  if (dump.images.length === 0) {
    const magic = hexNumber(IMAGE_MAGIC, 8);
    const words = `expected an MCUboot image (magic ${magic}) at a multiple of ${STEP_BYTES} bytes`;
    throw new DfuError('MALFORMED', `layout: ${words}, found none: nothing to guess from`);
  }
  const guesses = known.map((layout) => {
    const { score, evidence } = weighLayout(layout, dump);
    return { layout, score: score + 0.5, evidence };
  });
  for (const candidate of candidates(dump, limits)) {
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
