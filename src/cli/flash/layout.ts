import { boardModels, flashSizeBytes } from '../../board/index.ts';
import type { McubootBuild } from '../../board/index.ts';
import { ImageJudge } from '../../boot/mcuboot/index.ts';
import type { BootConfig } from '../../boot/mcuboot/index.ts';
import { DfuError, defined, hexNumber } from '../../bytes/index.ts';
import { SectorMap } from '../../flash/index.ts';
import type { FlashGeometry, FlashRange } from '../../flash/index.ts';
import { DEFAULT_MAX_ALIGN, DEFAULT_MAX_IMG_SECTORS, maxAlignFor } from '../../image/index.ts';
import type { SignatureKind } from '../../image/index.ts';
import {
  buildDoubts,
  guessLayouts,
  layoutDoubts,
  maxSectorsFor,
  openDump,
  readVectorConfig,
  vectorDoubts,
} from '../../lab/index.ts';
import type { FlashLayout, Guess, GuessLimits, LabDevice } from '../../lab/index.ts';
import { replayLayout, replayedOf } from './board-bootloader.ts';
import { layoutKeys } from './layout-keys.ts';
import type { LayoutKeys } from './layout-keys.ts';
import { asFlash, laidOver, leftOutDoubts, possibleFlashes, readDump } from './dump-file.ts';
import type { DumpFile, PossibleFlash } from './dump-file.ts';
import { boardTrust } from './board-trust.ts';
import { notADump, refuseImage, refuseOneSlot } from './no-dump.ts';
import { refuseIdleOptions, refuseTwoLayouts } from './idle-options.ts';
import type { FlashBase, LayoutOptions } from './options.ts';
import { ProgressLine } from './progress-line.ts';
import { boardNamed } from '../shared/board-named.ts';
import { interruptible } from '../shared/signals.ts';
import { demandKind, loadDecryptionKeys, loadKeys, tellOtherKind } from '../shared/key-files.ts';
import type { NamedKey } from '../shared/key-files.ts';
import { readText } from '../shared/files.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { asArgument } from '../shared/wrong-argument.ts';

/** A dump opened with its layout. */
export interface OpenedDump {
  readonly device: LabDevice;
  readonly layout: FlashLayout;
  readonly signature: SignatureKind | 'none';
  /** Where the layout is from, in words. */
  readonly source: string;
  /** What makes every answer about this dump uncertain, one sentence each; none if nothing does. */
  readonly doubts: readonly string[];
  /** The bootloader may check signatures, but with which key was not said. */
  readonly unsigned: boolean;
  /** The keys that signatures were checked with. */
  readonly keys: readonly NamedKey[];
}

/** What is said where nobody gave a key. */
const NOT_CHECKED = 'signatures are not checked: no key was given (-k)';

/** All that makes the answers uncertain, unchecked signatures included. */
export function allDoubts(opened: OpenedDump): readonly string[] {
  return opened.unsigned ? [...opened.doubts, NOT_CHECKED] : opened.doubts;
}

interface Found {
  readonly layout: FlashLayout;
  readonly source: string;
  /** Where the processor sees the flash, if that is known. */
  readonly bases?: readonly FlashBase[] | undefined;
  /** What the bootloader checks, where a file says so. */
  readonly signature?: SignatureKind | 'none' | undefined;
  /** Of a layout that was guessed: that it was, and what would fit as well. */
  readonly doubts?: readonly string[] | undefined;
  /** The keys that a layout or board file names. */
  readonly named?: LayoutKeys | undefined;
  /** Who images must be for, where a board file says so. */
  readonly ids?: DeviceIds | undefined;
}

/** Vendor and class of devices that images must be for. */
type DeviceIds = Pick<McubootBuild, 'vendor' | 'deviceClass'>;

async function fromBoard(
  terminal: Terminal,
  { board = '', bootloader, algorithm }: LayoutOptions,
): Promise<Found> {
  const model = await boardNamed(terminal, board);
  const layout = replayLayout(model, { bootloader, algorithm });
  const { keys = [], signature, vendor, deviceClass } = model.mcuboot ?? {};
  return {
    layout,
    source: `of board ${board}`,
    bases: [{ address: model.flashBaseAddress }],
    signature,
    named: { key: keys, decrypt: [], missing: [], kind: signature },
    ids: { vendor, deviceClass },
  };
}

function readLayoutFile(terminal: Terminal, path: string): Found {
  let value: unknown;
  try {
    value = JSON.parse(readText(terminal.files, path));
  } catch (cause) {
    if (DfuError.is(cause)) throw cause;
    throw new DfuError('MALFORMED', `${path}: expected JSON with a layout`, { cause });
  }
  const { geometry, config, signature } = readVectorConfig(value);
  const named = layoutKeys(terminal.files, path, value);
  return { layout: { geometry, config }, source: `from ${path}`, signature, named };
}

function explicitLayout(options: LayoutOptions): Found {
  const { sectors, primary = [], secondary = [], scratch, writeUnit = 4 } = options;
  if (sectors === undefined || primary.length === 0 || primary.length !== secondary.length) {
    const missing = sectors === undefined ? '--sectors' : 'as many --primary as --secondary';
    const words = `expected --sectors, --primary and --secondary together; ${missing} missing`;
    throw new DfuError('INVALID_ARGUMENT', `layout: ${words} (or say --board or --layout)`);
  }
  const images = primary.map((place, n) => ({ primary: place, secondary: secondary[n] ?? place }));
  const usual = scratch === undefined ? 'swap-using-move' : 'swap-using-scratch';
  const algorithm = options.algorithm?.algorithm ?? usual;
  const maxAlign = maxAlignFor(writeUnit);
  const config: BootConfig = { algorithm, images, scratch, maxAlign };
  const geometry: FlashGeometry = { sectors, writeUnitBytes: writeUnit, erasedValue: 0xff };
  return { layout: { geometry, config }, source: 'as given' };
}

/** As many sectors as the slots have, or as the trailers of the dump speak for, where nobody says it. */
function withMaxSectors(
  found: Found,
  options: LayoutOptions,
  dump?: (layout: FlashLayout) => Uint8Array,
): Found {
  const { config } = found.layout;
  if (options.maxSectors !== undefined || config.maxImgSectors !== undefined) return found;
  const layout = changed(found.layout, options);
  const maxImgSectors = asArgument(() => maxSectorsFor(layout, dump?.(layout)));
  return { ...found, layout: { ...found.layout, config: { ...config, maxImgSectors } } };
}

/** What the command line says on top of a layout; what would do nothing there is refused. */
function changed(layout: FlashLayout, options: LayoutOptions): FlashLayout {
  const all = withOptions(layout, options);
  refuseIdleOptions(options, all.config);
  return all;
}

function withOptions({ geometry, config }: FlashLayout, options: LayoutOptions): FlashLayout {
  const { writeUnit, erasedValue, eraseMs, programUs, algorithm, scratch } = options;
  const timed = eraseMs !== undefined || programUs !== undefined;
  const timing = {
    eraseSectorMs: eraseMs ?? geometry.timing?.eraseSectorMs ?? 0,
    programUnitUs: programUs ?? geometry.timing?.programUnitUs ?? 0,
  };
  return {
    geometry: {
      ...geometry,
      writeUnitBytes: writeUnit ?? geometry.writeUnitBytes,
      erasedValue: erasedValue ?? geometry.erasedValue,
      timing: timed ? timing : geometry.timing,
    },
    config: {
      ...config,
      algorithm: algorithm?.algorithm ?? config.algorithm,
      revert: algorithm?.revert === true ? true : config.revert,
      scratch: scratch ?? config.scratch,
      ...buildChanges(options),
    },
  };
}

function buildChanges(options: LayoutOptions): Partial<BootConfig> {
  const { maxAlign, maxSectors, downgrade, encrypted, saveEnctlv } = options;
  const encryption = { keyBytes: encrypted ?? 16, savedTlvBytes: saveEnctlv } as const;
  return defined({
    maxAlign,
    maxImgSectors: maxSectors,
    logicalSectorBytes: options.logicalSectorSize,
    validatePrimarySlot: options.validate === false ? false : undefined,
    bootstrap: options.bootstrap,
    overwriteOnlyFast: options.fast,
    overwriteOnlyKeepBackup: options.keepBackup,
    downgradePrevention: downgrade,
    hwRollbackProtection: options.hwRollback,
    guarded: options.guarded,
    encryption: encrypted === undefined && saveEnctlv === undefined ? undefined : encryption,
  });
}

/** A layout in one line. */
export function layoutText({ geometry, config }: FlashLayout): string {
  const runs = geometry.sectors.map(({ count, sizeBytes }) => `${count} × ${sizeBytes}`);
  const at = ({ offsetBytes, sizeBytes }: FlashRange): string =>
    `${hexNumber(offsetBytes)}:${hexNumber(sizeBytes)}`;
  const pairs = config.images.flatMap(({ primary, secondary }, n) => {
    const number = n === 0 ? '' : String(n);
    return [`primary${number} ${at(primary)}`, `secondary${number} ${at(secondary)}`];
  });
  return [
    config.revert === true ? `${config.algorithm}+revert` : config.algorithm,
    `sectors ${runs.join(', ')}`,
    ...pairs,
    ...(config.scratch === undefined ? [] : [`scratch ${at(config.scratch)}`]),
    `write unit ${geometry.writeUnitBytes}`,
    `max align ${config.maxAlign ?? DEFAULT_MAX_ALIGN}`,
    `max sectors ${config.maxImgSectors ?? DEFAULT_MAX_IMG_SECTORS}`,
    ...(config.logicalSectorBytes === undefined
      ? []
      : [`logical sectors ${config.logicalSectorBytes}`]),
  ].join(', ');
}

function limitsOf(options: LayoutOptions): GuessLimits {
  const { algorithm, writeUnit, maxAlign, maxSectors, erasedValue, sectors } = options;
  const size = sectors?.length === 1 ? sectors[0]?.sizeBytes : undefined;
  return {
    algorithm: algorithm?.algorithm,
    writeUnitBytes: writeUnit,
    maxAlign,
    maxImgSectors: maxSectors,
    erasedValue,
    sectorBytes: size,
  };
}

interface KnownLayout {
  readonly name: string;
  readonly layout: FlashLayout;
}

/** The layouts of the boards whose flash is as large as the dump. */
function knownLayouts(sizeBytes: number): KnownLayout[] {
  return boardModels.flatMap((model) => {
    if (flashSizeBytes(model.flash) !== sizeBytes) return [];
    const layout = replayedOf(model);
    return layout === undefined ? [] : [{ name: model.name, layout }];
  });
}

/** The best layouts for a file, over the flash that it may be of. */
interface Guessed {
  readonly guesses: readonly Guess[];
  readonly known: readonly KnownLayout[];
  readonly bases: readonly FlashBase[] | undefined;
}

async function guessOver(
  terminal: Terminal,
  file: DumpFile,
  options: LayoutOptions,
  { sizeBytes, bases }: PossibleFlash,
): Promise<Guessed> {
  const { algorithm, erasedValue = 0xff } = options;
  const geometry = { sectors: [{ count: 1, sizeBytes }], writeUnitBytes: 1, erasedValue };
  const { bytes } = laidOver(file, { geometry, bases });
  const known = algorithm === undefined ? knownLayouts(sizeBytes) : [];
  const layouts = known.map(({ layout }) => layout);
  const line = new ProgressLine(terminal.err, 'trying layouts');
  const guesses = await interruptible(terminal, async (signal) => {
    try {
      return await guessLayouts(bytes, limitsOf(options), layouts, async ({ done, total }) => {
        await line.show(done, total);
        if (signal.aborted) throw new DfuError('ABORTED', 'layout: stopped while guessing');
      });
    } finally {
      line.clear();
    }
  });
  return { guesses, known, bases };
}

async function guessed(terminal: Terminal, file: DumpFile, options: LayoutOptions): Promise<Found> {
  refuseImage(file);
  refuseOneSlot(file);
  let best: Guessed | undefined;
  let failed: unknown;
  for (const flash of possibleFlashes(file, options)) {
    try {
      const found = await guessOver(terminal, file, options, flash);
      if ((found.guesses[0]?.score ?? 0) > (best?.guesses[0]?.score ?? -Infinity)) best = found;
    } catch (error) {
      if (!DfuError.is(error, 'MALFORMED')) throw error;
      failed ??= notADump(file, error);
    }
  }
  const [guess] = best?.guesses ?? [];
  if (best === undefined || guess === undefined) {
    throw failed ?? new DfuError('MALFORMED', 'layout: none fits this dump');
  }
  const { guesses, known, bases } = best;
  const board = known.find(({ layout }) => layout === guess.layout);
  const name = board === undefined ? '' : ` (board ${board.name})`;
  if (file.raw === undefined) {
    const size = new SectorMap(guess.layout.geometry).sizeBytes;
    warn(terminal, `layout: the file does not say how large the flash is; taken as ${size} bytes`);
  }
  warn(terminal, `layout: guessed ${layoutText(guess.layout)}${name}`);
  warn(terminal, `layout: ${guess.evidence.join('; ')}`);
  const others = rivals(guess, guesses);
  const all = [`the layout was guessed${name}`, ...others];
  return { layout: guess.layout, source: `guessed${name}`, bases, doubts: all };
}

/** What fits as well as the best and differs in something that matters. */
function rivals(best: Guess, guesses: readonly Guess[]): string[] {
  const close = guesses.filter((each) => each !== best && best.score - each.score < 0.1);
  const others = (pick: (layout: FlashLayout) => unknown): string[] => {
    const values = new Set(close.map(({ layout }) => String(pick(layout))));
    values.delete(String(pick(best.layout)));
    return [...values];
  };
  const lines: string[] = [];
  const say = (name: string, values: readonly string[]): void => {
    if (values.length > 0) lines.push(`${values.join(', ')} would fit as well; say ${name}`);
  };
  say(
    '--algorithm',
    others(({ config }) => config.algorithm),
  );
  say(
    '--write-unit',
    others(({ geometry }) => geometry.writeUnitBytes),
  );
  return lines;
}

async function findLayout(
  terminal: Terminal,
  file: DumpFile | undefined,
  options: LayoutOptions,
): Promise<Found> {
  refuseTwoLayouts(options);
  if (options.layout !== undefined) return readLayoutFile(terminal, options.layout);
  if (options.board !== undefined) return fromBoard(terminal, options);
  if (options.primary !== undefined || options.secondary !== undefined || file === undefined) {
    const bytesOf = ({ geometry }: FlashLayout): Uint8Array =>
      file === undefined
        ? new Uint8Array(0)
        : laidOver(file, { geometry, bases: options.base }).bytes;
    return withMaxSectors(explicitLayout(options), options, file && bytesOf);
  }
  return guessed(terminal, file, options);
}

/** The judge of images, and what it goes by. */
interface Judging extends Pick<LabDevice, 'judge' | 'keys'> {
  readonly signature: SignatureKind | 'none';
  readonly namedKeys: readonly NamedKey[];
}

/**
 * Judge and keys as the command line gives them, or else the file that the layout is from; the kind of the keys is the
 * kind that is asked for.
 */
export async function judgeOf(
  terminal: Terminal,
  options: LayoutOptions,
  { named, ids }: Pick<Found, 'named' | 'ids'> = {},
): Promise<Judging> {
  const { key: keyFiles = named?.key ?? [], decrypt = named?.decrypt ?? [] } = options;
  const namedKeys = await loadKeys(terminal, keyFiles);
  const keys = namedKeys.map(({ key }) => key);
  const decryptionKeys = await loadDecryptionKeys(terminal, decrypt);
  const kinds = [...new Set(keys.map(({ kind }) => kind))];
  const [kind = 'none'] = kinds;
  if (options.key === undefined) demandKind(namedKeys, named?.kind);
  else tellOtherKind(terminal, namedKeys, named?.kind);
  if (kind === 'x25519' || kinds.length > 1) {
    const words = `expected keys of one kind that signs, got ${kinds.join(' and ')}`;
    throw new DfuError('INVALID_ARGUMENT', `--key: ${words}`);
  }
  return {
    judge: new ImageJudge({ signature: kind, keys, decryptionKeys, ...ids }),
    keys,
    namedKeys,
    signature: kind,
  };
}

/**
 * Opens a dump with the layout that the command line gives, or that fits it.
 *
 * @param stage - puts an update into the device; what is said of its images is said of that one, too
 * @throws `DfuError` with a sentence that says what was expected of layout, dump or key.
 */
export async function openWithLayout(
  terminal: Terminal,
  path: string,
  options: LayoutOptions,
  stage?: (device: LabDevice) => void,
): Promise<OpenedDump> {
  const file = readDump(terminal, path);
  const found = await findLayout(terminal, file, options);
  const layout = changed(found.layout, options);
  const bases = options.base ?? found.bases;
  const flash = openDump(layout, asFlash(terminal, file, { geometry: layout.geometry, bases }));
  const lines = found.doubts === undefined ? await layoutDoubts(layout.config, flash) : [];
  const { signature, namedKeys, ...judging } = await judgeOf(terminal, options, found);
  const { counter: counters } = options;
  const unsigned = signature === 'none' && found.signature !== 'none';
  const device: LabDevice = {
    flash,
    config: layout.config,
    ...judging,
    signaturesUnchecked: unsigned,
    counters,
  };
  if (unsigned) {
    const absent = found.named?.missing.join(', ') ?? '';
    warn(
      terminal,
      absent === '' ? NOT_CHECKED : `${NOT_CHECKED}; ${absent}: not beside the layout`,
    );
  }
  stage?.(device);
  const usual = found.signature === undefined || found.signature === 'rsa-2048';
  const trust = unsigned && usual ? await boardTrust(options, device) : undefined;
  const vectors = vectorDoubts(device, bases?.length === 1 ? bases[0]?.address : undefined);
  const build = await buildDoubts(device);
  const outside = leftOutDoubts(file, { geometry: layout.geometry, bases });
  const all = [...(found.doubts ?? lines), ...outside, ...build, trust, ...vectors];
  const { source } = found;
  const said = all.filter((line) => line !== undefined);
  return { device, layout, signature, source, doubts: said, unsigned, keys: namedKeys };
}

/** The layout alone, for questions that need no dump. */
export async function layoutAlone(
  terminal: Terminal,
  options: LayoutOptions,
): Promise<FlashLayout> {
  const { layout } = await findLayout(terminal, undefined, options);
  return changed(layout, options);
}
