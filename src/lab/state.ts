import type {
  BootResult,
  SlotFinding,
  SlotIndex,
  SwapType,
  SwapUnderWay,
} from '../boot/mcuboot/index.ts';
import {
  ApplicationSide,
  MemoryCounters,
  examineSlot,
  isInPlace,
  isOnTrial,
  placeOf,
  swapUnderWay,
} from '../boot/mcuboot/index.ts';
import { hexNumber } from '../bytes/index.ts';
import { IMAGE_MAGIC, formatVersion } from '../image/index.ts';
import { isSealed } from './build-doubts.ts';
import type { LabDevice } from './device.ts';
import { forkDevice } from './device.ts';
import { ImageNames } from './image-names.ts';
import { imagePlace } from './image-place.ts';
import type { BootStep } from './predict.ts';
import { bootStep } from './predict.ts';
import { readTrailer } from './trailer-report.ts';
import { bootReason } from './why.ts';

// One plain sentence about a device: what its trailers say, and what the engine then does.

interface Facts {
  readonly device: LabDevice;
  readonly image: number;
  readonly side: ApplicationSide;
  readonly primary: SlotFinding;
  readonly secondary: SlotFinding;
  readonly asked: SwapType;
  readonly underWay: SwapUnderWay | undefined;
  readonly boots: readonly [BootStep, BootStep];
  readonly names: ImageNames;
}

/** What stands in a slot, for a sentence. */
function imageText({ device, image, names, ...facts }: Facts, slot: SlotIndex): string {
  const finding = slot === 0 ? facts.primary : facts.secondary;
  const { state, header } = finding;
  if (state === 'empty') return 'no image';
  const number = names.at(device.flash, imagePlace(device, { image, slot }), image);
  if (header.magic !== IMAGE_MAGIC) return 'something that is no image';
  // the header of a swap that was cut is read from where it is now
  const version = number === undefined ? formatVersion(header.version) : names.label(number);
  // one that is good, and only not asked for, is no bad image
  const idle = finding.state === 'refused' && finding.refusal.refusedBy === 'request';
  if (state === 'valid' || idle) return `version ${version}`;
  if (isSealed(device, finding)) return `an encrypted image of version ${version}`;
  return `a bad image of version ${version}`;
}

/** What runs of this pair after a boot; undefined if nothing does. */
function running({ image, names }: Facts, { runs }: BootStep): string | undefined {
  const found = runs[image];
  return found === undefined ? undefined : names.label(found.number);
}

function underWayText({ op, index, swapType, swapSize }: SwapUnderWay): string {
  const work = op === 'move' ? 'making room' : 'exchanging the images';
  return `a ${swapType} swap of ${swapSize} bytes was cut while ${work} (step ${index})`;
}

/** A status that no swap has written looks like progress to the bootloader. */
function damagedStatus({ device, image, underWay }: Facts): string | undefined {
  const area = underWay?.source === 'scratch' ? 'scratch' : (`primary${image}` as const);
  const { fields } = readTrailer(device, area);
  const meaning = fields.find(({ name }) => name === 'swap_status')?.meaning ?? '';
  return meaning.includes('damaged')
    ? `the swap status in ${area} is damaged (${meaning})`
    : undefined;
}

function requestText(facts: Facts): string | undefined {
  const { asked } = facts;
  const image = imageText(facts, 1);
  if (asked === 'test') return `${image} waits in the secondary slot to be tried once`;
  if (asked === 'perm') return `${image} waits in the secondary slot to be installed for good`;
  return undefined;
}

/** What is there now. */
function nowText(facts: Facts): string {
  const { device, image, side, primary, underWay, asked } = facts;
  if (underWay !== undefined) return damagedStatus(facts) ?? underWayText(underWay);
  const { algorithm } = device.config;
  if (isInPlace(device.config.algorithm)) {
    return `the primary slot holds ${imageText(facts, 0)}, the secondary ${imageText(facts, 1)}`;
  }
  const request = requestText(facts);
  const trailer = side.state(`primary${image}`);
  const swap = algorithm !== 'overwrite-only';
  const here = imageText(facts, 0);
  if (swap && isOnTrial(trailer)) {
    const trial = `${here} is on trial`;
    if (request !== undefined) return `${trial}, never confirmed, and already ${request}`;
    return asked === 'revert' ? `${trial}, not confirmed yet` : trial;
  }
  if (request !== undefined) return `${request}, over ${here}`;
  const damaged = trailer.magic === 'bad' ? ', with a damaged trailer magic' : '';
  if (primary.state === 'empty') return `the primary slot is empty${damaged}`;
  if (trailer.magic === 'good' && trailer.imageOk === 'set')
    return `${here} is installed and confirmed`;
  const history =
    trailer.magic === 'unset' ? 'is installed, without a note of any swap' : 'is installed';
  return `${here} ${history}${damaged}`;
}

/** The engine's own sentence for what a boot did not do. */
async function whyText({ device, image }: Facts, result: BootResult): Promise<string> {
  const reason = await bootReason(device, result, image);
  return reason === undefined ? '' : ` (${reason})`;
}

const actions: Partial<Readonly<Record<SwapType, string>>> = {
  test: 'swaps it in',
  perm: 'swaps it in',
  revert: 'swaps the old image back',
};

/** What a boot does that exchanges or copies images; undefined if it does nothing of the kind. */
function actionText(
  { device, image, asked }: Facts,
  { swapTypes }: BootResult,
): string | undefined {
  const type = swapTypes[image] ?? 'none';
  const { algorithm, bootstrap } = device.config;
  // MCUBOOT_BOOTSTRAP goes by the name of a revert that nobody has asked for
  if (type === 'revert' && asked === 'none' && bootstrap === true) {
    return 'installs the secondary image (MCUBOOT_BOOTSTRAP)';
  }
  const action = actions[type];
  return action !== undefined && algorithm === 'overwrite-only' ? 'copies it over' : action;
}

/** What the next boot does. */
async function nextText(facts: Facts): Promise<string> {
  const { boots, underWay, asked } = facts;
  const [first] = boots;
  const { result } = first;
  const version = running(facts, first);
  if (result.reason !== undefined) {
    return `the next boot does not come back (${result.outcome}): ${result.reason}`;
  }
  if (version === undefined) {
    const obvious = facts.primary.state === 'empty' && asked === 'none' && underWay === undefined;
    const why = obvious && result.refusals.length === 0 ? '' : await whyText(facts, result);
    return `the next boot finds nothing bootable${why}`;
  }
  if (underWay !== undefined) return `the next boot goes on with it and runs ${version}`;
  const action = actionText(facts, result);
  if (action !== undefined) return `the next boot ${action} and runs ${version}`;
  if (asked === 'none') return `the next boot runs ${version}`;
  const what = asked === 'revert' ? 'does not revert' : 'does not take it';
  return `the next boot ${what}${await whyText(facts, result)} and runs ${version}`;
}

/** What the boot after that changes, if nobody does anything in between. */
function afterText(facts: Facts): string {
  const { boots, image } = facts;
  const [first, second] = boots;
  const [one, other] = [running(facts, first), running(facts, second)];
  if (one === undefined && other !== undefined) return `, the one after that runs ${other}`;
  // equal numbers are equal bytes; versions may be equal by chance
  if (first.runs[image]?.number === second.runs[image]?.number) {
    const again = second.operations.length > 0 && second.result.swapTypes[image] === 'none';
    return again ? ', and it changes flash again at every boot' : '';
  }
  if (other === undefined) return ', and the one after that nothing';
  return `, the one after that goes back to ${other} unless ${one ?? ''} is confirmed`;
}

const requestNames = ['boot_set_confirmed', 'boot_set_pending'] as const;

/** What the application cannot write, since the magic of a trailer is damaged, and what mends that. */
function damageText({ device, image, side }: Facts): string {
  const sentences = (['primary', 'secondary'] as const).map((slot, n) => {
    const name = `${slot}${image}` as const;
    if (side.state(name).magic !== 'bad') return '';
    const copy = forkDevice({ ...device, config: { ...device.config, guarded: false } });
    const application = new ApplicationSide(copy.flash, copy.config);
    const code = n === 0 ? application.setConfirmed(image) : application.setPending({ image });
    const { offsetBytes, sizeBytes } = placeOf(device.config, name);
    const sector = device.flash.sectors.at(offsetBytes + sizeBytes - 1);
    const until = `until the sector at ${hexNumber(sector.offsetBytes)} is erased`;
    return ` The ${slot} trailer's magic is damaged: ${requestNames[n]} fails with ${code} ${until}.`;
  });
  return sentences.join('');
}

/** The next two boots. */
async function nextBoots(device: LabDevice, names: ImageNames): Promise<[BootStep, BootStep]> {
  const copy = forkDevice(device);
  const memory = new MemoryCounters(device.counters);
  const before = memory.values.join();
  const first = await bootStep(copy, memory, { names });
  // One that has changed nothing is done again by the next.
  const changes = first.operations.length > 0 || memory.values.join() !== before;
  return [first, changes ? await bootStep(copy, memory, { names }) : first];
}

/** What the bootloader says of both slots of a pair, the primary one first. */
type PairFindings = readonly [SlotFinding, SlotFinding];

export async function examinePair(device: LabDevice, image: number): Promise<PairFindings> {
  const { flash, config, judge, counters } = device;
  const ask = (slot: SlotIndex): Promise<SlotFinding> => {
    const fresh = new MemoryCounters(counters);
    return examineSlot({ flash, config, judge, counters: fresh }, { image, slot });
  };
  return [await ask(0), await ask(1)];
}

/** What state an image pair is in and what the next two boots make of it, in one sentence. */
export async function describeState(device: LabDevice, image = 0): Promise<string> {
  return describePair(device, image, await examinePair(device, image));
}

/** The same, where both slots have been looked at. */
export async function describePair(
  device: LabDevice,
  image: number,
  [primary, secondary]: PairFindings,
): Promise<string> {
  const { config, flash } = device;
  const names = new ImageNames();
  names.seeSlots(device);
  const boots = await nextBoots(device, names);
  const side = new ApplicationSide(flash, config);
  const facts: Facts = {
    device,
    image,
    side,
    primary,
    secondary,
    asked: isInPlace(config.algorithm) ? 'none' : side.swapType(image),
    underWay: swapUnderWay(flash, config, image),
    boots,
    names,
  };
  const now = nowText(facts);
  const name = config.images.length > 1 ? `Image ${image}: ` : '';
  const start = name === '' ? `${now.charAt(0).toUpperCase()}${now.slice(1)}` : now;
  const damage = damageText(facts);
  return `${name}${start}; ${await nextText(facts)}${afterText(facts)}.${damage}`;
}
