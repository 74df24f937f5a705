import { copyingAlgorithms, placeOf } from '../boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import {
  DEFAULT_MAX_IMG_SECTORS,
  ENCRYPTED_FLAGS,
  ImageFlag,
  decodeImageHeader,
} from '../image/index.ts';
import { sectorsOfLargestSlot } from './device.ts';
import type { FlashLayout } from './device.ts';
import { fitImage, layOut } from './fit.ts';
import type { FitReport } from './fit.ts';
import { rehearseUpdate } from './rehearse.ts';
import type { Candidate, Rehearsal } from './rehearse.ts';
import { swapHazards } from './swap-hazards.ts';

/** Whether an image fits, as the bootloader itself showed it. */
export interface FitVerdict extends FitReport {
  /** Whether it was booted, and reverted; of no image, whether any can be. */
  readonly fits: boolean;
  /** What did not work: see {@link Rehearsal}; undefined if it fits. */
  readonly failed: Rehearsal['failed'];
  /** Why not, in the bootloader's own words; undefined if it fits. */
  readonly reason: string | undefined;
  /** What would make it fit, each tried. */
  readonly remedies: readonly string[];
  /** What a power cut can lose though it fits: see `swapHazards`. */
  readonly hazards: readonly string[];
}

/** Fewer bytes than this no image has. */
const LEAST_BYTES = 80;

/** The slots of one image alone: what the others hold is none of its business. */
function pairAlone({ geometry, config }: FlashLayout, image: number): FlashLayout {
  const pair = config.images[image];
  if (pair === undefined) {
    const words = `expected an image up to ${config.images.length - 1}, got ${image}`;
    throw new DfuError('INVALID_ARGUMENT', `layout: ${words}`);
  }
  return { geometry, config: { ...config, images: [pair] } };
}

/** The largest image that the bootloader takes and gives back, from the limit that it names itself. */
async function largestThatBoots(pair: FlashLayout, limit: number): Promise<number> {
  const boots = async (sizeBytes: number): Promise<boolean> =>
    (await rehearseUpdate(pair, { sizeBytes })).fits;
  if (limit < LEAST_BYTES || (await boots(limit))) return Math.max(0, limit);
  if (!(await boots(LEAST_BYTES))) return 0;
  let [good, bad] = [LEAST_BYTES, limit];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (await boots(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

function sizeSentence(bytes: number, largestBytes: number): string {
  return `size: ${bytes} bytes, ${bytes - largestBytes} too many; the largest image here has ${largestBytes}`;
}

const sizeOf = (candidate: Candidate): number =>
  'image' in candidate ? candidate.image.length : candidate.sizeBytes;

/**
 * Tries whether an image fits into the slots of a layout: the bootloader boots it as an update of an old image of
 * the same size, and takes it back. Without one, says how large an image may be.
 *
 * @param image - which pair of slots, where the layout has several
 * @throws `DfuError` `INVALID_ARGUMENT` for a layout that cannot be, or has no such image.
 */
export async function fitUpdate(
  layout: FlashLayout,
  candidate?: Candidate,
  image = 0,
): Promise<FitVerdict> {
  const pair = pairAlone(layout, image);
  const imageBytes = candidate === undefined ? undefined : sizeOf(candidate);
  const report = fitImage(layout, imageBytes, image);
  if (report.refusal !== undefined) {
    const remedies = await remediesFor(layout, candidate, image);
    return {
      ...report,
      fits: false,
      failed: 'update',
      reason: report.refusal,
      remedies,
      hazards: [],
    };
  }
  const largestBytes = await largestThatBoots(pair, report.largestBytes);
  const drawn = layOut(layout, { refusal: undefined, imageBytes, largestBytes, image });
  // where no image fits, the smallest shows why
  const sizeBytes = largestBytes > 0 ? largestBytes : LEAST_BYTES;
  const tried = await rehearseUpdate(pair, candidate ?? { sizeBytes });
  const hazards = candidate === undefined ? [] : swapHazards(pair, sizeOf(candidate));
  if (tried.fits) return { ...drawn, ...tried, reason: undefined, remedies: [], hazards };
  const reason = tried.reason ?? sizeSentence(imageBytes ?? sizeBytes, largestBytes);
  return {
    ...drawn,
    ...tried,
    reason,
    remedies: await remediesFor(layout, candidate, image),
    hazards: [],
  };
}

interface Remedy {
  readonly words: string;
  readonly layout: FlashLayout;
  /** What is tried, if it is not what was asked about. */
  readonly candidate?: Candidate | undefined;
}

const shortNames: Readonly<Partial<Record<Algorithm, string>>> = {
  'swap-using-move': 'move',
  'swap-using-offset': 'offset',
  'swap-using-scratch': 'scratch',
  'overwrite-only': 'overwrite',
};

/** Other settings of the same bootloader. */
function settings(layout: FlashLayout): Remedy[] {
  const { config, geometry } = layout;
  const change = (words: string, more: Partial<BootConfig>): Remedy => ({
    words,
    layout: { geometry, config: { ...config, ...more } },
  });
  const count = sectorsOfLargestSlot(layout);
  const own = config.maxImgSectors ?? DEFAULT_MAX_IMG_SECTORS;
  const words = `--max-sectors ${count} (CONFIG_BOOT_MAX_IMG_SECTORS, or its AUTO)`;
  const remedies = count === own ? [] : [change(words, { maxImgSectors: count })];
  const all = count === own ? {} : { maxImgSectors: count };
  const and = count === own ? '' : ` and ${words}`;
  for (const algorithm of copyingAlgorithms) {
    if (algorithm === config.algorithm || !copyingAlgorithms.includes(config.algorithm)) continue;
    if (algorithm === 'swap-using-scratch' && config.scratch === undefined) continue;
    const name = `--algorithm ${shortNames[algorithm] ?? algorithm}`;
    remedies.push(change(name, { algorithm }));
    if (and !== '') remedies.push(change(`${name}${and}`, { algorithm, ...all }));
  }
  return remedies;
}

/** A build that takes encrypted images, for one that is; of one that no key opens only the size can be tried. */
function encrypting({ geometry, config }: FlashLayout, candidate: Candidate): Remedy | undefined {
  if (!('image' in candidate) || config.encryption !== undefined) return undefined;
  const { flags } = decodeImageHeader(candidate.image);
  if ((flags & ENCRYPTED_FLAGS) === 0) return undefined;
  const keyBytes = (flags & ImageFlag.ENCRYPTED_AES256) === 0 ? 16 : 32;
  return {
    words: `--encrypted ${keyBytes} (MCUBOOT_ENC_IMAGES)`,
    layout: { geometry, config: { ...config, encryption: { keyBytes } } },
    candidate: candidate.judge.canDecrypt ? candidate : { sizeBytes: candidate.image.length },
  };
}

/** Slots of so many more sectors, where all sectors are equal. */
function larger({ geometry, config }: FlashLayout, more: number): Remedy | undefined {
  const [run, ...others] = geometry.sectors;
  if (run === undefined || others.some(({ sizeBytes }) => sizeBytes !== run.sizeBytes))
    return undefined;
  const { primary, secondary } = config.images[0] ?? {};
  if (primary === undefined || secondary === undefined || config.images.length > 1)
    return undefined;
  const grown = [primary, secondary].map(({ sizeBytes }) => sizeBytes + more * run.sizeBytes);
  const [first = 0, second = 0] = grown;
  const scratchBytes = config.scratch?.sizeBytes ?? 0;
  const total = first + second + scratchBytes;
  const count = Math.max(first, second) / run.sizeBytes;
  const own = config.maxImgSectors ?? DEFAULT_MAX_IMG_SECTORS;
  const sectors = count > own ? ` and --max-sectors ${count}` : '';
  return {
    words: `slots of ${first} and ${second} bytes${sectors}`,
    layout: {
      geometry: { ...geometry, sectors: [{ ...run, count: total / run.sizeBytes }] },
      config: {
        ...config,
        maxImgSectors: Math.max(own, count),
        images: [
          {
            primary: { offsetBytes: 0, sizeBytes: first },
            secondary: { offsetBytes: first, sizeBytes: second },
          },
        ],
        scratch:
          config.scratch === undefined
            ? undefined
            : { offsetBytes: first + second, sizeBytes: scratchBytes },
      },
    },
  };
}

async function works(
  remedy: Remedy,
  asked: Candidate | undefined,
  image: number,
): Promise<boolean> {
  const { layout, candidate = asked } = remedy;
  const report = fitImage(layout, undefined, image);
  if (report.refusal !== undefined) return false;
  const pair = pairAlone(layout, image);
  const { largestBytes } = report;
  if (candidate === undefined) return (await largestThatBoots(pair, largestBytes)) > 0;
  return (await rehearseUpdate(pair, candidate)).fits;
}

/** What would make an image fit. An image that is refused for what it is is helped by none of it. */
async function remediesFor(
  layout: FlashLayout,
  candidate: Candidate | undefined,
  image: number,
): Promise<string[]> {
  const found: Remedy[] = [];
  const encrypted = candidate === undefined ? undefined : encrypting(layout, candidate);
  for (const remedy of encrypted === undefined ? settings(layout) : [encrypted]) {
    // the simplest change of its kind is enough
    if (found.some(({ words }) => remedy.words.includes(words))) continue;
    if (await works(remedy, candidate, image)) found.push(remedy);
  }
  const { largestBytes, refusal } = fitImage(layout, undefined, image);
  const { sizeBytes: sector } = layout.geometry.sectors[0] ?? { sizeBytes: 1 };
  const over = candidate === undefined ? 0 : sizeOf(candidate) - largestBytes;
  const room = 16 * placeOf(layout.config, `secondary${image}`).sizeBytes;
  if (over > 0 && over < room && refusal === undefined) {
    const least = Math.ceil(over / sector);
    for (const more of [least, least + 1, least + 2]) {
      const remedy = larger(layout, more);
      if (remedy === undefined || !(await works(remedy, candidate, image))) continue;
      found.push(remedy);
      break;
    }
  }
  return found.map(({ words }) => words);
}
