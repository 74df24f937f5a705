import { hexNumber } from '../../bytes/index.ts';
import { ImageFlag, compareVersions, formatVersion } from '../../image/index.ts';
import { raiseCounter } from './counters.ts';
import { unmetDependency } from './dependencies.ts';
import { inPlaceRefusal, loadableRam } from './in-place-refusal.ts';
import type { Machine } from './machine.ts';
import { imageOf, readHeaders } from './machine.ts';
import type { Pair, SlotIndex } from './session.ts';
import { slotOf } from './session.ts';
import { hasImage, isHeaderValid, readImageSize } from './slot-image.ts';
import { attempt } from './swap-common.ts';
import { IMPOSSIBLE_HEADER, validateSlot } from './validate-slot.ts';

// Direct-xip and ram-load: no image is moved in flash; the slot with the highest version runs.

/** What is known of the slots of one image. */
interface Choice {
  readonly pair: Pair;
  readonly available: [boolean, boolean];
  active: SlotIndex | undefined;
  /** Where the image is in RAM; ram-load only. */
  ram: { readonly address: number; readonly sizeBytes: number } | undefined;
}

/** Names of the slots as the console has them. */
const slotWords = ['primary', 'secondary'] as const;

/** Chooses a slot for every image; undefined if one has none that may run. */
export async function chooseInPlace(machine: Machine): Promise<readonly SlotIndex[] | undefined> {
  const { session } = machine;
  const choices = session.pairs.map((pair) => lookAt(machine, pair));
  do {
    for (const choice of choices) {
      if (!(await chooseSlot(machine, choice, choices))) return undefined;
    }
  } while (dropUnmet(machine, choices));
  for (const { pair, active } of choices) {
    if (active !== undefined && !raise(machine, pair, active)) return undefined;
  }
  for (const { pair, active = 0 } of choices) {
    session.info(`Image ${pair.index} loaded from the ${slotWords[active]} slot`);
  }
  return choices.map(({ active = 0 }) => active);
}

/** Which slots have a header that could be booted. */
function lookAt(machine: Machine, pair: Pair): Choice {
  const { session } = machine;
  readHeaders(machine, pair);
  const look = (slot: SlotIndex): boolean => {
    const { area, header } = slotOf(pair, slot);
    const encryption = session.build.encryption !== undefined;
    const valid = isHeaderValid(header, { sizeBytes: area.sizeBytes, encryption });
    const name = slot === 0 ? 'Primary  ' : 'Secondary';
    if (valid) session.info(`${name} slot: version=${formatVersion(header.version)}`);
    else session.info(`Image ${pair.index} ${slotWords[slot]} slot: image not found`);
    if (!valid && hasImage(header)) {
      machine.refusals.push({ image: pair.index, slot, ...IMPOSSIBLE_HEADER });
    }
    return valid;
  };
  return { pair, available: [look(0), look(1)], active: undefined, ram: undefined };
}

/** The slot with the highest version; the primary slot if both are equal. */
function highest({ session }: Machine, { pair, available }: Choice): SlotIndex | undefined {
  if (!available[0] || !available[1]) return available[0] ? 0 : available[1] ? 1 : undefined;
  const withBuild = session.build.compareBuildNumber === true;
  const [first, second] = [pair.primary.header.version, pair.secondary.header.version];
  return compareVersions(second, first, { withBuild }) > 0 ? 1 : 0;
}

/** Tries slots until one may run; false if none is left. */
async function chooseSlot(
  machine: Machine,
  choice: Choice,
  choices: readonly Choice[],
): Promise<boolean> {
  while (choice.active === undefined) {
    const slot = highest(machine, choice);
    if (slot === undefined) {
      machine.session.info(`No slot to load for image ${choice.pair.index}`);
      return false;
    }
    if (await mayRun(machine, { choice, slot, choices })) choice.active = slot;
    else choice.available[slot] = false;
  }
  return true;
}

interface Trial {
  readonly choice: Choice;
  readonly slot: SlotIndex;
  readonly choices: readonly Choice[];
}

async function mayRun(machine: Machine, trial: Trial): Promise<boolean> {
  const { session } = machine;
  const { choice, slot } = trial;
  const { algorithm, revert } = session.build;
  const refusal = inPlaceRefusal(session, choice.pair, slot);
  if (refusal !== undefined) machine.refusals.push(refusal);
  if (algorithm === 'direct-xip' && isElsewhere(machine, trial)) return false;
  if (revert === true && !selectOrErase(machine, trial)) return false;
  if (algorithm === 'ram-load' && !loadToRam(machine, trial)) {
    session.info(`Removing image ${choice.pair.index} slot ${slot} from flash`);
    attempt(() => slotOf(choice.pair, slot).area.eraseAll());
    return false;
  }
  if (await validateSlot(machine, choice.pair, { slot })) return true;
  if (choice.ram !== undefined) removeFromRam(machine, choice);
  return false;
}

/** An image linked for one address does not run at another. */
function isElsewhere({ session }: Machine, { choice, slot }: Trial): boolean {
  const { area, header } = slotOf(choice.pair, slot);
  const { offsetBytes } = area.place;
  if ((header.flags & ImageFlag.ROM_FIXED) === 0 || header.loadAddr === offsetBytes) return false;
  const [here, there] = [offsetBytes.toString(16), header.loadAddr.toString(16)];
  const words = `at 0x${here} has been built for offset 0x${there}, skipping`;
  session.warn(`Image in ${slotWords[slot]} slot ${words}`);
  return true;
}

/**
 * With revert: an image runs once before it is confirmed. One that has run and is not confirmed, or
 * was never asked for, is erased (boot_select_or_erase).
 */
function selectOrErase({ session }: Machine, { choice, slot }: Trial): boolean {
  const { area } = slotOf(choice.pair, slot);
  const { magic, copyDone, imageOk } = area.state();
  if (magic !== 'good' || (copyDone === 'set' && imageOk !== 'set')) {
    area.eraseAll();
    return false;
  }
  // before it is validated: if that fails, the slot is erased with its trailer
  if (copyDone !== 'set' && !attempt(() => area.writeCopyDone())) {
    session.warn(`Failed to set copy_done flag of the image in the ${slotWords[slot]} slot.`);
  }
  return true;
}

/** Loads an image if it is meant for RAM and lands where images may run, beside the others. */
function loadToRam(machine: Machine, { choice, slot, choices }: Trial): boolean {
  const { session } = machine;
  const { header } = slotOf(choice.pair, slot);
  if ((header.flags & ImageFlag.RAM_LOAD) === 0) return false;
  const size = readImageSize(imageOf(machine, choice.pair, slot));
  if (size === undefined) return false;
  const address = header.loadAddr;
  const end = address + size.totalBytes;
  const ram = loadableRam(session.build);
  const name = `Image ${choice.pair.index} RAM`;
  const hex = hexNumber(address);
  if (address < ram.startAddress || end > ram.startAddress + ram.sizeBytes) {
    session.info(`${name} load address ${hex} is invalid.`);
    return false;
  }
  const others = choices.filter((each) => each !== choice && each.active !== undefined);
  if (others.some((other) => overlaps({ address, end }, other.ram))) {
    session.info(`${name} loading to address ${hex} would overlap with another image.`);
    const reason = `it is to be loaded to ${hex}, where another image is`;
    machine.refusals.push({ image: choice.pair.index, slot, refusedBy: 'image-address', reason });
    return false;
  }
  choice.ram = { address, sizeBytes: size.totalBytes };
  session.info(`${name} loading to ${hex} is succeeded.`);
  return true;
}

function overlaps(
  { address, end }: { readonly address: number; readonly end: number },
  other: Choice['ram'],
): boolean {
  if (other === undefined) return false;
  const otherEnd = other.address + other.sizeBytes;
  if (other.address > end) return false;
  return other.address >= address || otherEnd > address;
}

function removeFromRam({ session }: Machine, choice: Choice): void {
  const hex = (choice.ram?.address ?? 0).toString(16);
  session.info(`Removing image ${choice.pair.index} from SRAM at address 0x${hex}`);
  choice.ram = undefined;
}

/** Takes away the first choice whose dependencies are not met; true if there was one. */
function dropUnmet(machine: Machine, choices: readonly Choice[]): boolean {
  if (choices.length < 2) return false;
  const activeOf = (pair: Pair): SlotIndex => choices[pair.index]?.active ?? 0;
  for (const choice of choices) {
    const slot = activeOf(choice.pair);
    if (unmetDependency(machine, { pair: choice.pair, slot }, activeOf) === undefined) continue;
    if (choice.ram !== undefined) removeFromRam(machine, choice);
    choice.available[slot] = false;
    choice.active = undefined;
    return true;
  }
  return false;
}

/** Raises the hardware counter to what runs; with direct-xip and revert only once it is confirmed. */
function raise(machine: Machine, pair: Pair, slot: SlotIndex): boolean {
  const { session } = machine;
  const { hwRollbackProtection, algorithm, revert } = session.build;
  if (hwRollbackProtection !== true) return true;
  const confirmed = slotOf(pair, slot).area.state().imageOk === 'set';
  if (algorithm === 'direct-xip' && revert === true && !confirmed) return true;
  if (raiseCounter(machine, pair, { slot, headerOf: slot })) return true;
  session.error(`Security counter update failed after image ${pair.index} validation: 3`);
  return false;
}
