import { DfuError, hexNumber } from '../../bytes/index.ts';
import type { Flash } from '../../flash/index.ts';
import type { RawImageHeader } from '../../image/index.ts';
import type { OperationListener } from './area.ts';
import type { BootConfig } from './config.ts';
import { buildOf } from './config.ts';
import { preventsDowngrade, raiseCounter } from './counters.ts';
import { dropUnmetUpdates } from './dependencies.ts';
import type { SecurityCounters } from './image-judge.ts';
import { ImageJudge, MemoryCounters } from './image-judge.ts';
import { chooseInPlace } from './in-place.ts';
import { guardDependencies } from './guard.ts';
import type { Machine, Refusal, RefusedHazard } from './machine.ts';
import { readHeaders } from './machine.ts';
import { inPlaceMethod, methodOf } from './methods.ts';
import { prepareImage } from './prepare.ts';
import type { Halt, Pair, Progress, SlotIndex } from './session.ts';
import { Session, freshProgress, isUpgrade, slotOf } from './session.ts';
import { hasImage } from './slot-image.ts';
import { attempt, isFlashFailure } from './swap-common.ts';
import type { SwapType } from './trailer.ts';
import { performUpdate, setImageOk } from './update.ts';
import { validateSlot } from './validate-slot.ts';

/** What a boot needs. */
export interface BootOptions {
  readonly flash: Flash;
  readonly config: BootConfig;
  /** Judges images; share one between boots, so that no image is hashed twice. */
  readonly judge: ImageJudge;
  /** Counters kept in hardware; all 0 unless given. */
  readonly counters?: SecurityCounters | undefined;
  /** Called before each change of flash; see {@link OperationListener} for cutting the power. */
  readonly onOperation?: OperationListener | undefined;
  /** Called with each console line as it appears. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/**
 * How a boot ended: an image runs, none can, the power was cut; or the C code stops in an assertion,
 * reads out of bounds, or never comes back.
 */
export type BootOutcome = 'ok' | 'fail' | 'cut' | Halt;

/** The image that runs. */
export interface BootedImage {
  readonly slot: SlotIndex;
  /** Where its slot begins in flash. */
  readonly offsetBytes: number;
  readonly header: RawImageHeader;
}

/** What a boot did. */
export interface BootResult {
  readonly outcome: BootOutcome;
  /** Why, where MCUboot itself would not come back. */
  readonly reason?: string | undefined;
  /** Console lines as Zephyr prints them, with their level: `I: `, `W: `, `E: `. */
  readonly log: readonly string[];
  /** What was done with each image pair. */
  readonly swapTypes: readonly SwapType[];
  readonly image?: BootedImage | undefined;
  /** The slot that each image pair runs from; empty if nothing runs. */
  readonly slots: readonly SlotIndex[];
  /** Images that were looked at and not taken, and why. */
  readonly refusals: readonly Refusal[];
  /** What a guarded build refused to do; empty otherwise. */
  readonly hazards: readonly RefusedHazard[];
}

/**
 * Boots once, as MCUboot would: finishes what was cut, decides, updates, validates, and says which
 * image runs. Flash is changed in place; the console goes to `log` and `onLog`.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` if the configuration does not fit the flash.
 */
export async function boot(options: BootOptions): Promise<BootResult> {
  const { flash, config, judge, counters = new MemoryCounters(), onOperation, onLog } = options;
  const build = buildOf(config);
  const session = new Session(build, { flash, onOperation, onLog });
  const method = methodOf(build.algorithm);
  const machine: Machine = { session, method, judge, counters, refusals: [], hazards: [] };
  const inPlace = method === inPlaceMethod;
  session.info(`Starting ${build.algorithm === 'direct-xip' ? 'Direct-XIP ' : ''}bootloader`);
  let slots: readonly SlotIndex[] = [];
  let image: BootedImage | undefined;
  let outcome: BootOutcome;
  try {
    slots = (await (inPlace ? chooseInPlace(machine) : bootPrimary(machine))) ?? [];
    image = bootedImage(session, slots);
    outcome = image === undefined ? 'fail' : 'ok';
    announce(machine, image);
  } catch (error) {
    outcome = endOf(session, error);
  }
  return {
    outcome,
    reason: session.halted?.reason,
    log: session.log,
    swapTypes: session.pairs.map(({ swapType }) => swapType),
    image,
    slots,
    refusals: machine.refusals,
    hazards: machine.hazards,
  };
}

/** How a boot ended that did not come to its end. */
function endOf(session: Session, error: unknown): BootOutcome {
  if (session.halted !== undefined) return session.halted.outcome;
  if (DfuError.is(error, 'POWER_LOST')) return 'cut';
  if (!isFlashFailure(error)) throw error;
  // a failing flash access ends in an assertion
  session.halted = { outcome: 'assert', reason: error.message };
  return 'assert';
}

/** The last lines of the console (boot/zephyr/main.c). */
function announce({ session }: Machine, image: BootedImage | undefined): void {
  if (image === undefined) {
    session.error('Unable to find bootable image');
    return;
  }
  const { algorithm } = session.build;
  const { version, loadAddr } = image.header;
  const offset = algorithm === 'ram-load' ? loadAddr : image.offsetBytes;
  const { major, minor, revision } = version;
  session.info(`Bootloader chainload address offset: ${hexNumber(offset)}`);
  session.info(`Image version: v${major}.${minor}.${revision}`);
  session.info(`Jumping to the ${algorithm === 'direct-xip' ? '' : 'first '}image slot`);
}

function bootedImage({ pairs }: Session, [slot]: readonly SlotIndex[]): BootedImage | undefined {
  const [pair] = pairs;
  if (pair === undefined || slot === undefined) return undefined;
  const { area, header } = slotOf(pair, slot);
  return { slot, offsetBytes: area.place.offsetBytes, header };
}

/** Updates the primary slots, then boots the first one (context_boot_go). */
async function bootPrimary(machine: Machine): Promise<readonly SlotIndex[] | undefined> {
  const { session } = machine;
  const { pairs, build } = session;
  let progress = freshProgress(build);
  for (const pair of pairs) progress = await prepareImage(machine, pair);
  if (pairs.length > 1 && pairs.some(({ swapType }) => isUpgrade(swapType))) {
    guardDependencies(machine, dropUnmetUpdates(machine));
  }
  for (const pair of pairs) {
    if (pairs.length > 1) progress = freshProgress(build);
    progress.swapType = pair.swapType;
    await update(machine, pair, progress);
  }
  for (const pair of pairs) {
    if (!(await finalCheck(machine, pair))) return undefined;
  }
  return pairs.map(() => 0);
}

async function update(machine: Machine, pair: Pair, progress: Progress): Promise<void> {
  const { session } = machine;
  const { swapType } = pair;
  if (swapType === 'fail') {
    // pretend that the primary image was just reverted to, so that this is not tried again
    if (session.build.algorithm === 'overwrite-only' || attempt(() => setImageOk(pair))) return;
    session.panic('image_ok of the primary slot cannot be written');
  }
  if (swapType === 'panic') {
    session.panic('the trailer asks for a swap type that does not exist');
  }
  if (!isUpgrade(swapType)) return;
  if (swapType !== 'revert' && preventsDowngrade(machine, pair)) {
    pair.swapType = 'none';
    return;
  }
  await performUpdate(machine, pair, progress);
}

/** What must be true of every primary slot before anything runs. */
async function finalCheck(machine: Machine, pair: Pair): Promise<boolean> {
  const { session } = machine;
  if (pair.swapType !== 'none') readHeaders(machine, pair);
  const { header } = pair.primary;
  if (session.build.validatePrimarySlot) {
    if (!(await validateSlot(machine, pair, { slot: 0 }))) return false;
  } else if (!hasImage(header)) {
    session.error(`Bad image magic ${hexNumber(header.magic)}; Image=${pair.index}`);
    return false;
  }
  return raiseCounterOfRunning(machine, pair);
}

/** A test image raises the hardware counter only once it is confirmed, so that it can be reverted. */
function raiseCounterOfRunning(machine: Machine, pair: Pair): boolean {
  const { session } = machine;
  if (session.build.hwRollbackProtection !== true) return true;
  const { magic, imageOk } = pair.primary.area.state();
  if (magic === 'good' && imageOk !== 'set') return true;
  if (raiseCounter(machine, pair, { slot: 0, headerOf: 0 })) return true;
  session.error(`Security counter update failed after image ${pair.index} validation: 3`);
  return false;
}
