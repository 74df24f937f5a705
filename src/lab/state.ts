import type { BootResult, SlotFinding, SwapType, SwapUnderWay } from '../boot/mcuboot/index.ts';
import {
  ApplicationSide,
  MemoryCounters,
  examineSlot,
  isOnTrial,
  swapUnderWay,
} from '../boot/mcuboot/index.ts';
import { IMAGE_MAGIC, formatVersion } from '../image/index.ts';
import type { LabDevice } from './device.ts';
import { forkDevice } from './device.ts';
import type { BootStep } from './predict.ts';
import { bootStep } from './predict.ts';
import { refusalText } from './why.ts';

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
}

function versionIn({ header }: SlotFinding): string | undefined {
  return header.magic === IMAGE_MAGIC ? formatVersion(header.version) : undefined;
}

/** What stands in a slot, for a sentence. */
function imageText(finding: SlotFinding): string {
  const version = versionIn(finding);
  if (finding.state === 'empty') return 'no image';
  if (version === undefined) return 'something that is no image';
  if (finding.state === 'valid') return `version ${version}`;
  return `a bad image of version ${version}`;
}

function underWayText({ op, index, swapType, swapSize }: SwapUnderWay): string {
  const work = op === 'move' ? 'making room' : 'exchanging the images';
  return `a ${swapType} swap of ${swapSize} bytes was cut while ${work} (step ${index})`;
}

function requestText({ asked, secondary }: Facts): string | undefined {
  const image = imageText(secondary);
  if (asked === 'test') return `${image} waits in the secondary slot to be tried once`;
  if (asked === 'perm') return `${image} waits in the secondary slot to be installed for good`;
  return undefined;
}

/** What is there now. */
function nowText(facts: Facts): string {
  const { device, image, side, primary, secondary, underWay, asked } = facts;
  if (underWay !== undefined) return underWayText(underWay);
  const { algorithm } = device.config;
  if (algorithm === 'direct-xip' || algorithm === 'ram-load') {
    return `the primary slot holds ${imageText(primary)}, the secondary ${imageText(secondary)}`;
  }
  const request = requestText(facts);
  const trailer = side.state(`primary${image}`);
  const swap = algorithm !== 'overwrite-only';
  const here = imageText(primary);
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

async function whyText({ device, image }: Facts, result: BootResult): Promise<string> {
  const refusal = result.refusals.find((each) => each.image === image) ?? result.refusals[0];
  if (refusal === undefined) return '';
  const { flash, config, judge, counters } = device;
  const options = { flash, config, judge, counters: new MemoryCounters(counters) };
  const { header } = await examineSlot(options, refusal);
  return ` (${await refusalText(device, refusal, header)})`;
}

const actions: Partial<Readonly<Record<SwapType, string>>> = {
  test: 'swaps it in',
  perm: 'swaps it in',
  revert: 'swaps the old image back',
};

/** What the next boot does. */
async function nextText(facts: Facts): Promise<string> {
  const { boots, image, underWay, asked, device } = facts;
  const [{ result, version }] = boots;
  if (result.reason !== undefined) {
    return `the next boot does not come back (${result.outcome}): ${result.reason}`;
  }
  if (version === undefined) {
    return `the next boot finds nothing bootable${await whyText(facts, result)}`;
  }
  if (underWay !== undefined) return `the next boot goes on with it and runs ${version}`;
  const type = result.swapTypes[image] ?? 'none';
  const action = actions[type];
  if (action !== undefined) {
    const done = device.config.algorithm === 'overwrite-only' ? 'copies it over' : action;
    return `the next boot ${done} and runs ${version}`;
  }
  if (asked === 'none') return `the next boot runs ${version}`;
  const what = asked === 'revert' ? 'does not revert' : 'does not take it';
  return `the next boot ${what}${await whyText(facts, result)} and runs ${version}`;
}

/** What the boot after that changes, if nobody does anything in between. */
function afterText({ boots: [first, second], image }: Facts): string {
  if (first.version === undefined && second.version !== undefined) {
    return `, the one after that runs ${second.version}`;
  }
  if (first.version === second.version) {
    const again = second.operations.length > 0 && second.result.swapTypes[image] === 'none';
    return again ? ', and it changes flash again at every boot' : '';
  }
  if (second.version === undefined) return ', and the one after that nothing';
  return `, the one after that goes back to ${second.version} unless ${first.version} is confirmed`;
}

/** The next two boots, with the version that each leaves in the primary slot of this pair. */
async function nextBoots(device: LabDevice, image: number): Promise<[BootStep, BootStep]> {
  const copy = forkDevice(device);
  const memory = new MemoryCounters(device.counters);
  const next = async (): Promise<BootStep> => {
    const step = await bootStep(copy, memory);
    if (image === 0 || step.version === undefined) return step;
    const { flash, config, judge } = copy;
    const found = await examineSlot({ flash, config, judge }, { image, slot: 0 });
    return { ...step, version: versionIn(found) };
  };
  return [await next(), await next()];
}

/** What state an image pair is in and what the next two boots make of it, in one sentence. */
export async function describeState(device: LabDevice, image = 0): Promise<string> {
  const { config, judge, flash, counters } = device;
  const fresh = { flash, config, judge, counters: new MemoryCounters(counters) };
  const boots = await nextBoots(device, image);
  const side = new ApplicationSide(flash, config);
  const facts: Facts = {
    device,
    image,
    side,
    primary: await examineSlot(fresh, { image, slot: 0 }),
    secondary: await examineSlot(fresh, { image, slot: 1 }),
    asked: side.swapType(image),
    underWay: swapUnderWay(flash, config, image),
    boots,
  };
  const now = nowText(facts);
  const name = config.images.length > 1 ? `Image ${image}: ` : '';
  const start = name === '' ? `${now.charAt(0).toUpperCase()}${now.slice(1)}` : now;
  return `${name}${start}; ${await nextText(facts)}${afterText(facts)}.`;
}
