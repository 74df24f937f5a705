import { boardModels, bootloadersOf, flashSizeBytes } from '../../board/index.ts';
import type { BoardModel } from '../../board/index.ts';
import { hexNumber } from '../../bytes/index.ts';
import { openFlash } from '../../lab/index.ts';
import type { DumpReader, DumpReading } from '../../lab/index.ts';
import { bootloaderNamed, boardNamed } from '../shared/board-named.ts';
import { asFlash, laidOver, possibleFlashes, readDump } from './dump-file.ts';
import type { Flash, FlashGeometry } from '../../flash/index.ts';
import { refuseTwoLayouts, refuseUnread } from './idle-options.ts';
import type { FlashBase, LayoutOptions } from './options.ts';
import { table } from '../image/describe.ts';
import type { Row } from '../image/describe.ts';
import type { Terminal } from '../shared/terminal.ts';

/** A dump of a board whose bootloader reads it in words. */
interface ReadDump {
  readonly model: BoardModel;
  readonly reading: DumpReading;
  readonly flash: Flash;
}

function read(model: BoardModel, reader: DumpReader, bytes: Uint8Array): ReadDump {
  const flash = openFlash(model.flash, bytes);
  return { model, reading: reader.read(flash), flash };
}

/** The flash of a board, where the processor sees it unless the command line says otherwise. */
function extentOf(
  { flash: geometry, flashBaseAddress: address }: BoardModel,
  { base }: Pick<LayoutOptions, 'base'>,
): { geometry: FlashGeometry; bases: readonly FlashBase[] } {
  return { geometry, bases: base ?? [{ address }] };
}

/**
 * The dump as the bootloader reads it that `--board` and `--bootloader` say, or if nothing is said one of a board
 * that recognises it; undefined for a dump that is replayed.
 */
export async function readingOf(
  terminal: Terminal,
  path: string,
  options: LayoutOptions,
): Promise<ReadDump | undefined> {
  refuseTwoLayouts(options);
  const { board, bootloader, ...rest } = options;
  if (board !== undefined) {
    const model = await boardNamed(terminal, board);
    const { record } = bootloaderNamed(model, bootloader);
    const reader = await record.reader?.(model);
    if (reader === undefined) return undefined;
    refuseUnread(record.name, options);
    return read(model, reader, asFlash(terminal, readDump(terminal, path), extentOf(model, rest)));
  }
  if (rest.layout !== undefined || rest.primary !== undefined) return undefined;
  const file = readDump(terminal, path);
  const possible = possibleFlashes(file, rest);
  for (const model of boardModels) {
    if (!possible.some(({ sizeBytes }) => sizeBytes === flashSizeBytes(model.flash))) continue;
    const extent = extentOf(model, rest);
    const { bytes } = laidOver(file, extent);
    for (const { name, reader } of bootloadersOf(model)) {
      const found = reader && read(model, await reader(model), bytes);
      if (found?.reading.recognised !== true) continue;
      refuseUnread(name, options);
      asFlash(terminal, file, extent);
      return found;
    }
  }
  return undefined;
}

/** `dfukit flash inspect` of a dump that was read. */
export function inspectReading(
  terminal: Terminal,
  { model, reading }: ReadDump,
  json: boolean,
): number {
  const { bootloader, sentence, slots, report } = reading;
  if (json) {
    const whole = { board: model.name, state: [sentence], ...report };
    terminal.out.write(`${JSON.stringify(whole, null, 2)}\n`);
    return 0;
  }
  const parts = [`${sentence}\n`, `${bootloader} of board ${model.name}\n`];
  for (const { index, address, sizeBytes, reason, details } of slots) {
    const rows: Row[] = [['image', reason], ...details];
    const place = `${sizeBytes} bytes at ${hexNumber(address, 8)}`;
    parts.push(`slot ${index}, ${place}:\n${table(rows)}`);
  }
  terminal.out.write(parts.join('\n'));
  return 0;
}

/** `dfukit flash why` of a dump that was read. */
export function explainReading(terminal: Terminal, { reading }: ReadDump, json: boolean): number {
  const code = reading.boots === false ? 1 : 0;
  const slots = reading.slots.map(({ index, version, fault, reason }) => ({
    slot: index,
    version,
    fault,
    reason,
  }));
  if (json) terminal.out.write(`${JSON.stringify(slots, null, 2)}\n`);
  else for (const { slot, reason } of slots) terminal.out.write(`slot ${slot}: ${reason}\n`);
  return code;
}
