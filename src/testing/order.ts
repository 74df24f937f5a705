import { readFileSync } from 'node:fs';
import { boardModel, bootloaderOf, programFlash, programSegments } from '../board/index.ts';
import type { BoardModel, BootloaderRecord, ProgramLayout, ProgramTarget } from '../board/index.ts';
import { examplesKey } from '../board/node/index.ts';
import { DfuError } from '../bytes/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import { readKey, unwrapFile } from '../image/index.ts';
import type { Key } from '../image/index.ts';
import type { BenchBoard, BenchOptions, ImageSource, KeySource } from './options.ts';

/** What a bench is made of, read and checked: another one can be made of the same. */
export interface BenchOrder {
  readonly model: BoardModel;
  readonly record: BootloaderRecord;
  readonly layout: ProgramLayout;
  /** Those that MCUboot trusts; undefined where the bootloader knows of none. */
  readonly keys: readonly Key[] | undefined;
  readonly flash: MemoryFlash;
  readonly options: BenchOptions;
}

/** The file's bytes. Throws `NOT_FOUND` or `IO` with its path. */
function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const words = code === 'ENOENT' ? 'no such file' : message;
    throw new DfuError(code === 'ENOENT' ? 'NOT_FOUND' : 'IO', `${path}: ${words}`, { cause });
  }
}

/** Its bytes, wherever they are. */
export function imageBytes(source: ImageSource): Uint8Array {
  return typeof source === 'string' ? readBytes(source) : source;
}

function isKey(source: KeySource): source is Key {
  return typeof source === 'object' && 'kind' in source;
}

async function keyOf(source: KeySource): Promise<Key> {
  if (isKey(source)) return source;
  const isText = typeof source === 'string' && source.includes('-----BEGIN ');
  if (isText) return readKey(source);
  const bytes = imageBytes(source);
  try {
    return await readKey(new TextDecoder().decode(bytes));
  } catch (cause) {
    if (!DfuError.is(cause)) throw cause;
    const where = typeof source === 'string' ? `${source}: ` : 'key: ';
    throw new DfuError(cause.code, `${where}${cause.message}`, { cause });
  }
}

async function keysOf(
  record: BootloaderRecord,
  { key, keys }: BenchOptions,
): Promise<readonly Key[] | undefined> {
  const given = [...(keys ?? []), ...(key === undefined ? [] : [key])];
  if (!record.trustsKeys) {
    if (given.length === 0) return undefined;
    throw new DfuError('INVALID_ARGUMENT', `${record.name} trusts no keys: leave "key" out`);
  }
  if (given.length === 0 && keys === undefined) return [await examplesKey()];
  return Promise.all(given.map((each) => keyOf(each)));
}

function modelOf(board: BenchBoard): BoardModel {
  return typeof board === 'string' ? boardModel(board) : board;
}

function flashOf(model: BoardModel, source: BenchOptions['flash']): MemoryFlash {
  if (source instanceof MemoryFlash) return source;
  if (source === undefined) return new MemoryFlash(model.flash);
  return new MemoryFlash(model.flash, imageBytes(source));
}

/** Reads all that a bench is to be made of. Throws for what cannot be had, and says what can. */
export async function orderOf(board: BenchBoard, options: BenchOptions): Promise<BenchOrder> {
  const model = modelOf(board);
  const { bootloader } = options;
  const record = typeof bootloader === 'object' ? bootloader : bootloaderOf(model, bootloader);
  const layout = record.layout(model, options.mcuboot?.mode);
  const keys = await keysOf(record, options);
  const order = { model, record, layout, keys, flash: flashOf(model, options.flash), options };
  for (const [slot, image] of (options.slots ?? []).entries()) {
    if (image !== undefined) putImage(order, image, { slot });
  }
  return order;
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
  { layout, flash }: Pick<BenchOrder, 'layout' | 'flash'>,
  source: ImageSource,
  target: ProgramTarget,
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
    const { doubt } = programFlash(flash, layout, file.bytes, target);
    if (doubt !== undefined) throw new DfuError('INVALID_ARGUMENT', doubt);
  } catch (cause) {
    if (!DfuError.is(cause)) throw cause;
    throw new DfuError(cause.code, `${name}${place}${cause.message}`, { cause });
  }
}
