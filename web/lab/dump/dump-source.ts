import { boardModel, boardModels, bootloaderOf, bootloadersOf, mcubootModes } from 'dfukit/board';
import type { BoardModel, BootloaderRecord, McubootMode } from 'dfukit/board';
import { SectorMap, MemoryFlash } from 'dfukit/flash';
import type { FlashGeometry } from 'dfukit/flash';
import { layOver, parseImage, readContents } from 'dfukit/image';
import type { Segment } from 'dfukit/image';
import { guessLayouts, layoutText } from 'dfukit/lab';
import type { FlashArea, FlashLayout } from 'dfukit/lab';
import { problemWords, Problem } from '../problem.ts';
import type { CallProgress } from '../worker/calls.ts';
import type { BoardChoice, DumpOwner } from './dump-calls.ts';

// Whose a dump is: as the person says it, or as it speaks for itself.

/** A dump with all that is needed to explain it. */
export interface OwnedDump {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly geometry: FlashGeometry;
  readonly baseAddress: number;
  readonly source: string;
  readonly evidence: readonly string[];
  readonly doubts: readonly string[];
  /** What is replayed; undefined: the bootloader reads its dumps itself. */
  readonly layout: FlashLayout | undefined;
  readonly areas: readonly FlashArea[];
  readonly model: BoardModel | undefined;
  readonly record: BootloaderRecord | undefined;
  /** How MCUboot is built in it, if it is MCUboot. */
  readonly mode: McubootMode | undefined;
}

/** The mode that a board's MCUboot is built in; undefined for another bootloader. */
function mcubootModeOf(
  record: BootloaderRecord | undefined,
  mode: string | undefined,
): McubootMode | undefined {
  if (record?.name !== 'mcuboot') return undefined;
  return mcubootModes.find((each) => each === (mode ?? record.modes[0]));
}

export function boardChoices(): BoardChoice[] {
  return boardModels.map((model) => ({
    name: model.name,
    bootloaders: bootloadersOf(model).flatMap(({ name, modes, replay }) =>
      replay === undefined || modes.length === 0 ? [name] : modes.map((mode) => `${name}:${mode}`),
    ),
  }));
}

const sizeOf = (geometry: FlashGeometry): number => new SectorMap(geometry).sizeBytes;

/** A file: all bytes of a flash, or bytes at addresses. */
type Contents =
  { readonly raw: Uint8Array<ArrayBuffer> } | { readonly segments: readonly Segment[] };

function contentsOf(file: Uint8Array<ArrayBuffer>): Contents {
  const { format, parts } = readContents(file);
  if (format === 'bin') return { raw: file };
  const segments = parts
    .flatMap(({ pieces }) => pieces)
    .map(({ address = 0, bytes }) => ({ address, bytes }));
  return { segments };
}

function asFlash(
  contents: Contents,
  { flash, flashBaseAddress, name }: BoardModel,
): Uint8Array<ArrayBuffer> {
  const size = sizeOf(flash);
  if ('raw' in contents) {
    const { raw } = contents;
    if (raw.length === size) return raw;
    throw new Problem(
      `expected a dump of all ${size} bytes of the flash of ${name}, got ${raw.length} bytes`,
    );
  }
  const area = { baseAddress: flashBaseAddress, sizeBytes: size };
  const { bytes, outside } = layOver(contents.segments, area, flash.erasedValue);
  if (outside.length === contents.segments.length) {
    throw new Problem(`nothing in this file lies in the flash of ${name}`);
  }
  return Uint8Array.from(bytes);
}

/** Two slots in one flash. */
function joined(
  slots: readonly Uint8Array<ArrayBuffer>[],
  model: BoardModel,
  layout: FlashLayout | undefined,
): Contents {
  const pair = layout?.config.images[0];
  if (pair === undefined)
    throw new Problem(`${model.name} has no two slots with this bootloader: drop one dump`);
  const bytes = new Uint8Array(sizeOf(model.flash)).fill(model.flash.erasedValue);
  for (const [n, place] of [pair.primary, pair.secondary].entries()) {
    const slot = slots[n] ?? new Uint8Array();
    if (slot.length > place.sizeBytes) {
      throw new Problem(`expected at most ${place.sizeBytes} bytes for a slot, got ${slot.length}`);
    }
    bytes.set(slot, place.offsetBytes);
  }
  return { raw: bytes };
}

/** As the person says it. */
export function ownedBy(
  files: readonly Uint8Array<ArrayBuffer>[],
  { board, bootloader }: DumpOwner,
): OwnedDump {
  const model = boardModel(board);
  const [name, mode] = bootloader.split(':');
  const record = bootloaderOf(model, name === '' ? undefined : name, mode);
  const layout = record.replay?.(model, mode);
  const [first = new Uint8Array()] = files;
  const contents = files.length > 1 ? joined(files, model, layout) : contentsOf(first);
  const what = layout === undefined ? record.name : layoutText(layout);
  return {
    bytes: asFlash(contents, model),
    geometry: model.flash,
    baseAddress: model.flashBaseAddress,
    source: `Board ${model.name}, ${record.name}: ${what}`,
    evidence: [],
    doubts: [],
    layout,
    areas: record.besideSlots?.(model, mode) ?? [],
    model,
    record,
    mode: mcubootModeOf(record, mode),
  };
}

/** A board whose bootloader recognises the dump. */
async function recognised(contents: Contents): Promise<OwnedDump | undefined> {
  for (const model of boardModels) {
    for (const { name, reader } of bootloadersOf(model)) {
      if (reader === undefined) continue;
      try {
        const bytes = asFlash(contents, model);
        const flash = new MemoryFlash(model.flash, bytes);
        if (!(await reader(model)).read(flash).recognised) continue;
        const owned = ownedBy([bytes], { board: model.name, bootloader: name });
        return { ...owned, doubts: [`the board was guessed: it may be another one with ${name}`] };
      } catch (error) {
        if (problemWords(error) === undefined) throw error;
      }
    }
  }
  return undefined;
}

function refuseImage({ raw }: { readonly raw: Uint8Array }): void {
  try {
    if (raw.length - parseImage(raw).bytes.length < 32) {
      throw new Problem(
        'expected a dump of flash; this is an MCUboot image, one file that goes into a slot',
      );
    }
  } catch (error) {
    if (error instanceof Problem || problemWords(error) === undefined) throw error;
  }
}

/** As the dump speaks for itself. */
export async function guessedOwner(
  files: readonly Uint8Array<ArrayBuffer>[],
  onProgress: (progress: CallProgress) => Promise<void>,
): Promise<OwnedDump> {
  const [file, another] = files;
  if (file === undefined) throw new Problem('there is no file');
  if (another !== undefined) throw new Problem('say which board the two slots are of');
  const contents = contentsOf(file);
  if ('raw' in contents) refuseImage(contents);
  const found = await recognised(contents);
  if (found !== undefined) return found;
  if (!('raw' in contents)) {
    throw new Problem(
      'a file with addresses does not say how large the flash is: say which board it is of',
    );
  }
  const { raw } = contents;
  const boards = boardModels.flatMap((model) => {
    const record = bootloadersOf(model).find(({ replay }) => replay !== undefined);
    const layout = sizeOf(model.flash) === raw.length ? record?.replay?.(model) : undefined;
    return layout === undefined ? [] : [{ model, record, layout }];
  });
  const known = boards.map(({ layout }) => layout);
  const [best] = await guessLayouts(raw, {}, known, onProgress);
  if (best === undefined) throw new Problem('no layout fits this dump: say which board it is of');
  const board = boards.find(({ layout }) => layout === best.layout);
  const name = board === undefined ? '' : ` (board ${board.model.name})`;
  return {
    bytes: raw,
    geometry: best.layout.geometry,
    baseAddress: board?.model.flashBaseAddress ?? 0,
    source: `Guessed${name}: ${layoutText(best.layout)}`,
    evidence: best.evidence,
    doubts: [`the layout was guessed${name}`],
    layout: best.layout,
    areas: board?.record?.besideSlots?.(board.model) ?? [],
    model: board?.model,
    record: undefined,
    mode: mcubootModeOf(board?.record, undefined),
  };
}
