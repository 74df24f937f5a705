import type { BootConfig } from '../../boot/mcuboot/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import { maxAlignFor } from '../../image/index.ts';
import { maxSectorsFor, readVectorConfig } from '../../lab/index.ts';
import type { FlashLayout } from '../../lab/index.ts';
import { replayLayout } from './board-bootloader.ts';
import { changed } from './changed-layout.ts';
import { laidOver } from './dump-file.ts';
import type { DumpFile } from './dump-file.ts';
import type { Found } from './found-layout.ts';
import { guessed } from './guess-layout.ts';
import { refuseTwoLayouts } from './idle-options.ts';
import { layoutKeys } from './layout-keys.ts';
import type { LayoutOptions } from './options.ts';
import { boardNamed } from '../shared/board-named.ts';
import { readText } from '../shared/files.ts';
import type { Terminal } from '../shared/terminal.ts';
import { asArgument } from '../shared/wrong-argument.ts';

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

/** The layout that the command line gives, or that fits the dump. Throws `INVALID_ARGUMENT` and what reading it throws. */
export async function findLayout(
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
