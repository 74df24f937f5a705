import type { BootConfig, SlotIndex } from '../boot/mcuboot/index.ts';
import {
  ApplicationSide,
  ImageJudge,
  MemoryCounters,
  copyingAlgorithms,
  isSwap,
  placeOf,
} from '../boot/mcuboot/index.ts';
import { DfuError, sameBytes } from '../bytes/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import type { Verdict } from '../image/index.ts';
import {
  ImageFlag,
  decodeImageHeader,
  isEncrypted,
  parseImage,
  signImage,
} from '../image/index.ts';
import { forkDevice } from './device.ts';
import type { FlashLayout, LabDevice } from './device.ts';
import type { BootStep } from './predict.ts';
import { bootStep, stageUpdate } from './predict.ts';
import { bootReason } from './why.ts';

// Whether an image fits is what the bootloader does with it: it is put beside an old one of the same size,
// tried, and given back.

/** What is to be put into a slot: a whole image and what judges it, or only how large one will be. */
export type Candidate =
  { readonly image: Uint8Array; readonly judge: ImageJudge } | { readonly sizeBytes: number };

/** What came of it. */
export interface Rehearsal {
  /** Whether every boot did what it was to do. */
  readonly fits: boolean;
  /** Which one did not: the update, its revert, or the boot from one of the slots. */
  readonly failed: 'update' | 'revert' | 'primary' | 'secondary' | undefined;
  /** The bootloader's own sentence for it; undefined for an image too large to be put there at all. */
  readonly reason: string | undefined;
}

const fitting: Rehearsal = { fits: true, failed: undefined, reason: undefined };

/** Judges as told, and takes the images that are only there to be replaced. */
class RehearsalJudge extends ImageJudge {
  readonly #inner: ImageJudge;
  readonly #forged: readonly Uint8Array[];

  constructor(inner: ImageJudge, forged: readonly Uint8Array[]) {
    super({ signature: 'none', keys: [] });
    this.#inner = inner;
    this.#forged = forged;
  }

  override async judge(bytes: Uint8Array, imageKey?: Uint8Array): Promise<Verdict> {
    if (this.#forged.some((each) => sameBytes(each, bytes))) return super.judge(bytes);
    return this.#inner.judge(bytes, imageKey);
  }

  override unwrap(record: Parameters<ImageJudge['unwrap']>[0]): Promise<Uint8Array | undefined> {
    return this.#inner.unwrap(record);
  }

  override unwrapSaved(data: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#inner.unwrapSaved(data);
  }
}

/** Cortex-M's reset vector, from the start of a payload. */
const RESET_VECTOR_OFFSET = 4;
const LEAST_PAYLOAD = RESET_VECTOR_OFFSET + 4;
/** Where ram-load may load to unless a build says otherwise. */
const RAM_START = 0x2000_0000;

/** An image of exactly so many bytes, or of the fewest that one can have, that such a build takes. */
async function forge(
  { algorithm, verifyImageAddress, executableRam, images, ...build }: BootConfig,
  { sizeBytes, major }: { readonly sizeBytes: number; readonly major: number },
): Promise<Uint8Array> {
  const counted =
    build.hwRollbackProtection === true || build.downgradePrevention === 'security-counter';
  const start = images[0]?.primary.offsetBytes ?? 0;
  const options = {
    version: { major, minor: 0, revision: 0, build: 0 },
    headerSize: 32,
    padHeader: true,
    securityCounter: counted ? 1 : undefined,
    romFixed: verifyImageAddress === 'load-address' ? start : undefined,
    loadAddr: algorithm === 'ram-load' ? (executableRam?.startAddress ?? RAM_START) : undefined,
  };
  const make = async (payloadBytes: number): Promise<Uint8Array> => {
    const payload = new Uint8Array(payloadBytes).fill(major);
    new DataView(payload.buffer).setUint32(RESET_VECTOR_OFFSET, start, true);
    return (await signImage(payload, options)).bytes;
  };
  const smallest = await make(LEAST_PAYLOAD);
  return make(Math.max(LEAST_PAYLOAD, LEAST_PAYLOAD + sizeBytes - smallest.length));
}

interface Stage {
  readonly layout: FlashLayout;
  readonly judge: ImageJudge;
  readonly old: Uint8Array;
  readonly next: Uint8Array;
}

/** An erased device of this layout, with perhaps an image in one slot. */
function deviceWith({ layout, judge, old, next }: Stage, inSlot?: SlotIndex): LabDevice {
  const { geometry, config } = layout;
  const flash = new MemoryFlash(geometry);
  const device = { flash, config, judge: new RehearsalJudge(judge, [old]) };
  const [image, slot] = inSlot === undefined ? [old, 0] : [next, inSlot];
  const { offsetBytes, sizeBytes } = placeOf(config, slot === 0 ? 'primary0' : 'secondary0');
  const { writeUnitBytes: unit, erasedValue } = geometry;
  const padded = new Uint8Array(Math.ceil(image.length / unit) * unit).fill(erasedValue);
  padded.set(image);
  if (padded.length > sizeBytes) {
    const words = `expected at most ${sizeBytes} bytes, the slot, got ${image.length}`;
    throw new DfuError('OUT_OF_RANGE', `image: ${words}`);
  }
  flash.program(offsetBytes, padded);
  return device;
}

async function failure(
  failed: Rehearsal['failed'],
  before: LabDevice,
  { result }: BootStep,
): Promise<Rehearsal> {
  const reason = await bootReason(before, result, 0);
  return { fits: false, failed, reason: reason ?? 'the bootloader does not take it' };
}

/** Whether the primary slot begins with these bytes. */
function holds({ flash, config }: LabDevice, image: Uint8Array): boolean {
  return sameBytes(flash.read(placeOf(config, 'primary0').offsetBytes, image.length), image);
}

/** The image is tried beside an old one, and given back. */
async function tryUpdate(stage: Stage): Promise<Rehearsal> {
  const { layout, old, next } = stage;
  const device = deviceWith(stage);
  const counters = new MemoryCounters();
  stageUpdate(device, next, { permanent: false });
  const staged = forkDevice(device);
  const update = await bootStep(device, counters);
  const [type] = update.result.swapTypes;
  // an encrypted image is plain where it runs
  const arrived = isEncrypted(parseImage(next)) ? !holds(device, old) : holds(device, next);
  if (update.version === undefined || type === 'none' || !arrived) {
    return failure('update', staged, update);
  }
  if (!isSwap(layout.config.algorithm)) return fitting;
  const swapped = forkDevice(device);
  const revert = await bootStep(device, counters);
  const back = revert.version !== undefined && holds(device, old);
  return back ? fitting : failure('revert', swapped, revert);
}

/** The image is booted from each slot that it may run from. */
async function tryInPlace(stage: Stage): Promise<Rehearsal> {
  const { config } = stage.layout;
  const { flags, loadAddr } = decodeImageHeader(stage.next);
  const fixed = config.algorithm === 'direct-xip' && (flags & ImageFlag.ROM_FIXED) !== 0;
  const names = ['primary', 'secondary'] as const;
  const starts = names.map((name) => placeOf(config, `${name}0`).offsetBytes);
  // one that is built for neither slot is tried all the same, for what the bootloader says of it
  const own = starts.indexOf(loadAddr);
  for (const [slot, name] of names.entries()) {
    if (fixed && own !== -1 && own !== slot) continue;
    const device = deviceWith(stage, slot === 0 ? 0 : 1);
    const side = new ApplicationSide(device.flash, config);
    if (config.revert === true) side.setNext(`${name}0`, { confirm: true });
    const staged = forkDevice(device);
    const step = await bootStep(device, new MemoryCounters());
    if (step.runs[0]?.slot !== slot) return failure(name, staged, step);
  }
  return fitting;
}

/**
 * Tries whether the bootloader takes an image in this layout: it boots an update from an old image of the same
 * size, tries it and reverts; or, where images run from their slots, runs it from each. Every boot is one of the
 * engine's own.
 */
export async function rehearseUpdate(
  layout: FlashLayout,
  candidate: Candidate,
): Promise<Rehearsal> {
  const { config } = layout;
  const given = 'image' in candidate;
  const sizeBytes = given ? candidate.image.length : candidate.sizeBytes;
  const old = await forge(config, { sizeBytes, major: 1 });
  const next = given ? candidate.image : await forge(config, { sizeBytes, major: 2 });
  const judge = given ? candidate.judge : new ImageJudge({ signature: 'none', keys: [] });
  const stage = { layout, judge, old, next };
  const inPlace = !copyingAlgorithms.includes(config.algorithm);
  try {
    return await (inPlace ? tryInPlace(stage) : tryUpdate(stage));
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    const failed = inPlace ? 'secondary' : 'update';
    // too large to be written into its slot beside a request
    const large = error.code === 'OUT_OF_RANGE' || error.code === 'FLASH_RULE';
    if (!large && error.code !== 'REFUSED') throw error;
    return { fits: false, failed, reason: large ? undefined : error.message };
  }
}
