import type { BootResult, Refusal, SlotFinding, SlotIndex } from '../boot/mcuboot/index.ts';
import {
  examineSlot,
  isInPlace,
  MemoryCounters,
  boot,
  placeOf,
  swapUnderWay,
} from '../boot/mcuboot/index.ts';
import { hexNumber, sameBytes, toHex } from '../bytes/index.ts';
import {
  ENCRYPTED_FLAGS,
  IMAGE_MAGIC,
  ImageFlag,
  decodeImageHeader,
  formatVersion,
  imageFlagNames,
  publicKeyHash,
} from '../image/index.ts';
import type { RawImageHeader } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { forkDevice } from './device.ts';
import { ImageNames, imageAt, runningImages, shortHash } from './image-names.ts';
import type { RunningSlot } from './image-names.ts';
import { imagePlace } from './image-place.ts';
import { readTrailer } from './trailer-report.ts';

/** What becomes of the image of a slot, and why. */
export interface SlotExplanation {
  readonly image: number;
  readonly slot: SlotIndex;
  /** As `1.2.0+3`; undefined where there is no header. */
  readonly version: string | undefined;
  /** The first bytes of its hash, in hex, where the other slot has another image of the same version. */
  readonly hash?: string | undefined;
  /**
   * `runs`: the next boot runs it; `stays`: nothing asks for it, or it is only the way back;
   * `refused`: a check fails; `waits`: it is asked for and good, but the boot does not take it;
   * `empty` and `non-bootable` say it themselves.
   */
  readonly fate: 'runs' | 'stays' | 'refused' | 'waits' | 'empty' | 'non-bootable';
  /** The first check that fails. */
  readonly check: Refusal['refusedBy'] | 'request' | 'dependency' | 'layout' | undefined;
  /** One sentence: the check, what was expected and found, and by how much. */
  readonly reason: string;
}

/** Which part of a header makes it impossible in this slot (boot_check_header_valid). */
function headerFault(header: RawImageHeader, device: LabDevice, sizeBytes: number): string {
  const { magic, hdrSize, imgSize, protectTlvSize, flags } = header;
  if (magic !== IMAGE_MAGIC) {
    return `magic: expected ${hexNumber(IMAGE_MAGIC, 8)}, got ${hexNumber(magic, 8)}`;
  }
  const total = hdrSize + imgSize + protectTlvSize;
  if (total >= sizeBytes) {
    const parts = `header ${hdrSize}, payload ${imgSize}, protected TLVs ${protectTlvSize}`;
    return `sizes: ${parts} are ${total - sizeBytes + 1} bytes too many for a slot of ${sizeBytes}`;
  }
  if ((flags & ImageFlag.NON_BOOTABLE) !== 0) return 'it is marked NON_BOOTABLE';
  const names = imageFlagNames(flags).join(', ');
  const encrypted = (flags & ENCRYPTED_FLAGS) !== 0;
  if (encrypted && device.config.encryption === undefined) {
    return `flags (${names}): it is encrypted, and this bootloader is built without encryption`;
  }
  return `flags (${names}): this bootloader does not know what they ask for`;
}

/** The keys that the bootloader knows, short. */
async function knownKeys({ keys = [] }: LabDevice): Promise<string> {
  if (keys.length === 0) return 'it knows no key at all';
  const hashes = await Promise.all(keys.map((key) => publicKeyHash(key, 'SHA-256')));
  const names = hashes.map((hash) => `${toHex(hash.subarray(0, 8))}…`);
  return `it knows ${names.join(' and ')}`;
}

/** A refusal in one sentence, with what the engine itself does not say. */
export async function refusalText(
  device: LabDevice,
  refusal: Refusal,
  header: RawImageHeader,
): Promise<string> {
  const { image, slot, refusedBy, reason } = refusal;
  if (refusedBy === 'header') {
    const name = slot === 0 ? (`primary${image}` as const) : (`secondary${image}` as const);
    return `header: ${headerFault(header, device, placeOf(device.config, name).sizeBytes)}`;
  }
  if (refusedBy === 'key-record' && !device.judge.canDecrypt) {
    return `${refusedBy}: it is encrypted, and no key to decrypt it was given (-d); whether the bootloader can is not known`;
  }
  if (refusedBy === 'key-unknown') return `${refusedBy}: ${reason}; ${await knownKeys(device)}`;
  return `${refusedBy}: ${reason}`;
}

/** What a boot refused, in sentences; the device is as the boot found it. */
export async function refusalTexts(device: LabDevice, result: BootResult): Promise<string[]> {
  const sentences: string[] = [];
  for (const refusal of result.refusals) {
    const { image, slot } = refusal;
    const name = `${slot === 0 ? 'primary' : 'secondary'}${image}`;
    sentences.push(`${name}: ${await refusalSentence(device, refusal)}`);
  }
  return sentences;
}

async function refusalSentence(device: LabDevice, refusal: Refusal): Promise<string> {
  const { flash, config, judge, counters } = device;
  const options = { flash, config, judge, counters: new MemoryCounters(counters) };
  const { header } = await examineSlot(options, refusal);
  return refusalText(device, refusal, header);
}

/** Console lines that say why a pair is left alone, where no image is to blame. */
const LAYOUT_LINES = /^[WE]: (Failed reading sectors|Cannot upgrade|Not enough free|required \d)/;

/** What builds that run images in place say of them, though only as information. */
const IN_PLACE_LINES = /^I: .*(is invalid|would overlap|image not found)/;

/**
 * What the bootloader itself says of slots that it does not work with, in its own words; undefined if it says
 * nothing. Headers are not looked at then, so what it says of images after that is about none.
 */
function layoutSentence({ log }: Pick<BootResult, 'log'>): string | undefined {
  const lines = log.filter((line) => LAYOUT_LINES.test(line)).map((line) => line.slice(3));
  return lines.length === 0 ? undefined : [...new Set(lines)].join('; ');
}

/** Why a boot did not do with a pair what was asked, or ran nothing: the engine's own sentence. */
export async function bootReason(
  device: LabDevice,
  result: BootResult,
  image: number,
): Promise<string | undefined> {
  if (result.reason !== undefined) return `${result.outcome}: ${result.reason}`;
  const layout = layoutSentence(result);
  if (layout !== undefined) return `layout: ${layout}`;
  const hazard = result.hazards.find((each) => each.image === image) ?? result.hazards[0];
  if (hazard !== undefined) return `${hazard.hazard}: ${hazard.reason}`;
  const refusal = result.refusals.find((each) => each.image === image) ?? result.refusals[0];
  if (refusal !== undefined) return refusalSentence(device, refusal);
  const complaint = result.log.findLast((line) => /^[EW]: (?!Unable to find)/.test(line));
  return (complaint ?? result.log.findLast((line) => IN_PLACE_LINES.test(line)))?.slice(3);
}

interface NextBoot {
  /** Why nothing runs, in the engine's own words. */
  readonly dead: string | undefined;
  readonly swapped: boolean;
  readonly ran: SlotIndex | undefined;
  /** What runs of this pair, and what stood in its two slots before. */
  readonly runs: RunningSlot | undefined;
  readonly stood: readonly (RunningSlot | undefined)[];
  readonly refusals: readonly Refusal[];
  readonly unmet: string | undefined;
  readonly warning: string | undefined;
  /** Why the bootloader does not work with these slots at all. */
  readonly layout: string | undefined;
}

/** What the next boot does with a pair: once as it is, once as a guarded build to learn of dependencies. */
async function tryBoot(device: LabDevice, image: number): Promise<NextBoot> {
  const { config, judge } = device;
  const { flash } = forkDevice(device);
  const run = async (guarded: boolean): ReturnType<typeof boot> => {
    const counters = new MemoryCounters(device.counters);
    if (!guarded) return boot({ flash, config, judge, counters });
    const copy = forkDevice(device).flash;
    return boot({ flash: copy, config: { ...config, guarded }, judge, counters });
  };
  const names = new ImageNames();
  const stood = ([0, 1] as const).map((slot) => {
    const number = names.at(device.flash, imagePlace(device, { image, slot }), image);
    return number === undefined ? undefined : names.describe({ slot, number }, image);
  });
  const result = await run(false);
  const running = runningImages(names, { config, flash }, result)?.[image];
  const several = config.images.length > 1;
  const hazards = several ? (await run(true)).hazards : [];
  const unmet = hazards.find(({ hazard }) => hazard === 'unmet-dependency');
  const type = result.swapTypes[image];
  const { outcome } = result;
  return {
    dead: outcome === 'ok' ? undefined : ((await bootReason(device, result, image)) ?? outcome),
    swapped: type === 'test' || type === 'perm' || type === 'revert',
    ran: result.image?.slot,
    runs: running === undefined ? undefined : names.describe(running, image),
    stood,
    refusals: result.refusals.filter((each) => each.image === image),
    unmet: unmet === undefined ? undefined : `image ${unmet.image}: ${unmet.reason}`,
    warning: layoutSentence(result) ?? result.log.find((line) => line.startsWith('W: '))?.slice(3),
    layout: layoutSentence(result),
  };
}

interface Question {
  readonly device: LabDevice;
  readonly image: number;
  readonly slot: SlotIndex;
  readonly finding: SlotFinding;
  readonly findings: readonly SlotFinding[];
  readonly next: NextBoot;
}

type Answer = Pick<SlotExplanation, 'fate' | 'check' | 'reason'>;

/** What asks for the secondary image, or what keeps it from being asked for. */
function requestAnswer({ device, image, next }: Question): Answer {
  const { state, fields } = readTrailer(device, `secondary${image}`);
  const magic = fields.find(({ name }) => name === 'magic');
  if (state.magic === 'good' && state.imageOk === 'bad') {
    const reason =
      'request: image_ok is damaged (neither 0x01 nor erased), so the request is ignored';
    return { fate: 'stays', check: 'request', reason };
  }
  if (state.magic === 'good') {
    if (next.unmet !== undefined) {
      return { fate: 'waits', check: 'dependency', reason: `dependency: ${next.unmet}` };
    }
    const reason = `layout: ${next.warning ?? 'the bootloader does not take it'}`;
    return { fate: 'waits', check: 'layout', reason };
  }
  const where =
    magic === undefined ? '' : ` (magic at ${hexNumber(magic.addressBytes)}: ${magic.meaning})`;
  return { fate: 'stays', check: 'request', reason: `request: nothing asks for it${where}` };
}

/** The slot that the image is in now which the next boot runs; undefined if it runs nothing. */
function slotThatRuns({ device, next, findings }: Question): SlotIndex | undefined {
  const { runs, stood, ran } = next;
  if (ran === undefined || runs === undefined) return undefined;
  if (isInPlace(device.config.algorithm)) return runs.slot;
  if (findings[1]?.state === 'swapping') {
    // the swap ends with the secondary image in the primary slot
    const [first, second] = findings.map(({ header }) => formatVersion(header.version));
    return runs.version === first && runs.version !== second ? 0 : 1;
  }
  const same = stood.map((each) => each?.version === runs.version && each.hash === runs.hash);
  // two images that are alike, or none that is found again, are told apart by what the boot did
  if (same[0] === same[1]) return next.swapped ? 1 : 0;
  return same[0] === true ? 0 : 1;
}

/** How the secondary image comes to run. */
function arrivalText({ device, image }: Question): string {
  const { algorithm, bootstrap } = device.config;
  if (isInPlace(algorithm)) return 'it runs';
  if (algorithm === 'overwrite-only') return 'it is copied over and runs';
  // a way back is not asked for either, but there has been a swap
  const trial = readTrailer(device, `primary${image}`).state.magic === 'good';
  const installed = bootstrap === true && !isAsked(device, image) && !trial;
  return installed ? 'it is installed (MCUBOOT_BOOTSTRAP) and runs' : 'it is swapped in and runs';
}

/** The image that the next boot runs. */
async function runsAnswer(question: Question): Promise<Answer> {
  const { device, slot, finding } = question;
  const when = `${slot === 1 ? arrivalText(question) : 'it runs'} at the next boot`;
  if (finding.state === 'swapping') {
    const reason = `${cutText(question)}; then this image runs`;
    return { fate: 'runs', check: undefined, reason };
  }
  if (finding.state === 'refused') {
    const reason = await refusalText(device, finding.refusal, finding.header);
    const check = finding.refusal.refusedBy;
    return { fate: 'runs', check, reason: `${reason}; the bootloader does not ask: ${when}` };
  }
  const checked = device.signaturesUnchecked
    ? 'every check passes, unless its signature is refused (not checked: no key was given)'
    : 'every check passes';
  return { fate: 'runs', check: undefined, reason: `${checked}; ${when}` };
}

/** A swap that was cut, and what the next boot does with it. */
function cutText({ device, image, next }: Question): string {
  const { swapType } = swapUnderWay(device.flash, device.config, image) ?? {};
  const name = swapType === undefined || swapType === 'none' ? 'a swap' : `a ${swapType} swap`;
  if (next.ran === undefined) return `${name} was cut, and nothing runs (${next.dead ?? 'fail'})`;
  return `${name} was cut, and the next boot goes on with it`;
}

function validAnswer(question: Question): Answer {
  const { device, slot, next } = question;
  if (slot === 0 && next.ran === undefined && next.layout !== undefined) {
    const reason = `layout: ${next.layout}`;
    return { fate: 'waits', check: 'layout', reason };
  }
  const refused = next.refusals.find((each) => each.slot === slot);
  if (refused !== undefined) {
    const { refusedBy, reason } = refused;
    return { fate: 'refused', check: refusedBy, reason: `${refusedBy}: ${reason}` };
  }
  if (slot === 1 && !isInPlace(device.config.algorithm)) return requestAnswer(question);
  const why =
    next.ran === undefined ? `nothing runs (${next.dead ?? 'fail'})` : 'the other slot is taken';
  return { fate: 'stays', check: undefined, reason: `every check passes; but ${why}` };
}

async function answer(question: Question): Promise<Answer> {
  const { device, image, slot, finding } = question;
  if (slotThatRuns(question) === slot) return runsAnswer(question);
  switch (finding.state) {
    case 'empty': {
      const reason = 'there is no image: where its header belongs, the flash is erased';
      return { fate: 'empty', check: undefined, reason };
    }
    case 'non-bootable': {
      const reason = 'its header is marked NON_BOOTABLE';
      return { fate: 'non-bootable', check: 'header', reason };
    }
    case 'valid':
      return validAnswer(question);
    case 'swapping': {
      const fate = question.next.ran === undefined ? 'waits' : 'stays';
      return { fate, check: undefined, reason: cutText(question) };
    }
    case 'refused': {
      const reason = await refusalText(device, finding.refusal, finding.header);
      const asked = slot === 0 || isInPlace(device.config.algorithm) || isAsked(device, image);
      const idle = asked ? '' : '; nothing asks for it either';
      return { fate: 'refused', check: finding.refusal.refusedBy, reason: `${reason}${idle}` };
    }
    default:
      return finding satisfies never;
  }
}

function isAsked(device: LabDevice, image: number): boolean {
  return readTrailer(device, `secondary${image}`).state.magic === 'good';
}

/** Hashes of the two images of a pair, if they have one version and are not the same. */
function telling(device: LabDevice, image: number): (string | undefined)[] {
  const [one, other] = ([0, 1] as const).map((slot) =>
    imageAt(device.flash, imagePlace(device, { image, slot })),
  );
  if (one === undefined || other === undefined || sameBytes(one, other)) return [];
  const versions = [one, other].map((each) => formatVersion(decodeImageHeader(each).version));
  return versions[0] === versions[1] ? [shortHash(one), shortHash(other)] : [];
}

/** Judges both slots of every image pair; nothing in flash is changed. */
export async function explainSlots(device: LabDevice): Promise<SlotExplanation[]> {
  const { config, judge, counters } = device;
  const found: SlotExplanation[] = [];
  for (const image of config.images.keys()) {
    const next = await tryBoot(device, image);
    const hashes = telling(device, image);
    const options = { flash: device.flash, config, judge, counters: new MemoryCounters(counters) };
    const findings = [
      await examineSlot(options, { image, slot: 0 }),
      await examineSlot(options, { image, slot: 1 }),
    ] as const;
    for (const slot of [0, 1] as const) {
      const finding = findings[slot];
      const hasHeader = finding.header.magic === IMAGE_MAGIC;
      const version = hasHeader ? formatVersion(finding.header.version) : undefined;
      found.push({
        image,
        slot,
        version,
        hash: hashes[slot],
        ...(await answer({ device, image, slot, finding, findings, next })),
      });
    }
  }
  return found;
}
