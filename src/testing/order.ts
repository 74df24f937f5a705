import { bootloaderOf, programFlash, programSegments } from '../board/index.ts';
import type {
  BoardModel,
  Bootloader,
  BootloaderRecord,
  ProgramLayout,
  ProgramTarget,
  StandIn,
} from '../board/index.ts';
import { examplesKey } from '../board/node/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { BootConfig } from '../boot/mcuboot/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import { unwrapFile } from '../image/index.ts';
import type { Key } from '../image/index.ts';
import { demandKnown } from './known-keys.ts';
import type { BenchBoard, BenchOptions, ImageSource } from './options.ts';
import { boardOf, imageBytes, keyOf, standInOf } from './sources.ts';

/** What a bench is made of, read and checked: another one can be made of the same. */
export interface BenchOrder {
  readonly model: BoardModel;
  readonly record: BootloaderRecord;
  readonly layout: ProgramLayout;
  /** What MCUboot is compiled with as to flash, where it is the bootloader. */
  readonly config: BootConfig | undefined;
  /** Those that MCUboot trusts; undefined where the bootloader knows of none. */
  readonly keys: readonly Key[] | undefined;
  readonly standIns: readonly StandIn[];
  readonly options: BenchOptions;
  /** What of them is for the board. */
  readonly boardOptions: Omit<BenchOptions, OwnOption>;
}

const OWN_OPTIONS = [
  'slots',
  'standIn',
  'key',
  'keys',
  'mcuboot',
  'flash',
  'power',
  'clock',
  'signal',
] as const;

const BOARD_OPTIONS = [
  'bootloader',
  'usbId',
  'serial',
  'button',
  'profile',
  'willDetach',
  'keepBootable',
  'checkImages',
  'refuseOlder',
  'policy',
  'watchdogMs',
  'msOs',
  'webUsb',
  'landingPage',
  'serialString',
] as const satisfies readonly (keyof BenchOptions)[];

/** Options that are the bench's own. */
type OwnOption = (typeof OWN_OPTIONS)[number];

function withoutOwn(options: BenchOptions): Omit<BenchOptions, OwnOption> {
  const isOwn = (key: string): boolean => OWN_OPTIONS.some((own) => own === key);
  return Object.fromEntries(Object.entries(options).filter(([key]) => !isOwn(key)));
}

/** The keys that MCUboot trusts: those that were given, those of the board's file, the examples'. */
async function keysOf(
  record: BootloaderRecord,
  { key, keys }: BenchOptions,
  model: BoardModel,
): Promise<readonly Key[] | undefined> {
  const own = model.mcuboot?.keys ?? [];
  const told = [...(keys ?? []), ...(key === undefined ? [] : [key])];
  const given = told.length > 0 || keys !== undefined ? told : own;
  if (!record.trustsKeys) {
    if (told.length === 0) return undefined;
    throw new DfuError('INVALID_ARGUMENT', `${record.name} trusts no keys: leave "key" out`);
  }
  const { signature } = model.mcuboot ?? {};
  if (given.length === 0 && (keys !== undefined || signature === 'none')) return [];
  const found =
    given.length === 0
      ? [await examplesKey()]
      : await Promise.all(given.map((each) => keyOf(each)));
  const other = found.find(({ kind }) => signature !== undefined && kind !== signature);
  if (other === undefined) return found;
  const expected = `expected keys of kind ${signature}, as mcuboot.signature of the board says`;
  const whose = given.length === 0 ? "the examples' key, for no other is named, of kind " : '';
  throw new DfuError('INVALID_ARGUMENT', `${model.name}: ${expected}, got ${whose}${other.kind}`);
}

/** A flash with all in it that was ordered. Throws for an image that does not belong there. */
export function flashOf({ model, layout, options }: BenchOrder): MemoryFlash {
  const { flash: source, slots = [] } = options;
  const flash =
    source instanceof MemoryFlash
      ? source
      : new MemoryFlash(model.flash, source === undefined ? undefined : imageBytes(source));
  for (const [slot, image] of slots.entries()) {
    if (image !== undefined) putImage(layout, flash, { source: image, target: { slot } });
  }
  return flash;
}

/** One bootloader for all boards of an order: what it knows of images it has not to find out again for each. */
function madeOnce(record: BootloaderRecord): BootloaderRecord {
  let made: Bootloader | undefined;
  return { ...record, make: (order) => (made ??= record.make(order)) };
}

/** Reads what a bench is to be made of. Throws for what cannot be had, and says what can. */
export async function orderOf(board: BenchBoard, options: BenchOptions): Promise<BenchOrder> {
  demandKnown('boardBench', options, [...OWN_OPTIONS, ...BOARD_OPTIONS]);
  const model = await boardOf(board);
  const { bootloader, mcuboot: { mode } = {} } = options;
  const record = typeof bootloader === 'object' ? bootloader : bootloaderOf(model, bootloader);
  const layout = record.layout(model, mode);
  const config = record.replay?.(model, mode).config;
  const keys = await keysOf(record, options, model);
  const standIns = await Promise.all([options.standIn ?? []].flat().map((each) => standInOf(each)));
  const boardOptions = withoutOwn(options);
  return { model, record: madeOnce(record), layout, config, keys, standIns, options, boardOptions };
}

/** What has to be done with bytes that the bootloader could not even look at. */
const REMEDIES: Readonly<Record<string, string>> = {
  mcuboot:
    'sign it: "dfukit imgtool sign …", `signImage` of dfukit/image, or take zephyr.signed.bin of the build',
  riotboot: 'give it a header: "dfukit genhdr generate …", or take slot0.….riot.bin of the build',
};

/**
 * Puts an image into flash, as the programmer does. Throws for one that is for another slot or bootloader, and for one
 * without the header that the bootloader looks for.
 */
export function putImage(
  layout: ProgramLayout,
  flash: MemoryFlash,
  { source, target }: { readonly source: ImageSource; readonly target: ProgramTarget },
): void {
  const name = typeof source === 'string' ? `${source}: ` : '';
  const slot = target !== undefined && 'slot' in target ? target.slot : undefined;
  const place = slot === undefined ? '' : `slot ${slot}: `;
  try {
    const file = unwrapFile(imageBytes(source));
    if (target === undefined && file.segmentFormat !== undefined) {
      programSegments(flash, layout, file.segments);
      return;
    }
    const { imageKind } = layout;
    if (slot !== undefined && imageKind !== undefined && file.what.format !== imageKind) {
      const expected = `expected an image for ${imageKind}, got bytes without its header`;
      throw new DfuError('INVALID_ARGUMENT', `${expected}: ${REMEDIES[imageKind] ?? ''}`);
    }
    programFlash(flash, layout, file.bytes, target);
  } catch (cause) {
    if (!DfuError.is(cause)) throw cause;
    throw new DfuError(cause.code, `${name}${place}${cause.message}`, { cause });
  }
}
