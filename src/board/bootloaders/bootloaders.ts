import { DfuError, didYouMean } from '../../bytes/index.ts';
import type { BoardModel } from '../models/board-model.ts';
import type { BootloaderRecord } from '../seams/bootloader-record.ts';
import { flashBootloader } from './flash/record.ts';
import { mcuboot } from './mcuboot/record.ts';
import { noBootloader } from './none/record.ts';
import { riotboot, riotbootDfu } from './riotboot/record.ts';
import { stm32Rom } from './stm32/record.ts';

/** Every bootloader that the boards of the catalogue can be had with. */
export const bootloaders: readonly BootloaderRecord[] = [
  riotbootDfu,
  riotboot,
  mcuboot,
  noBootloader,
  flashBootloader,
  stm32Rom,
];

/** The records of a board's bootloaders, its default first. */
export function bootloadersOf(model: BoardModel): readonly BootloaderRecord[] {
  return model.bootloaders.flatMap((name) => bootloaders.filter((each) => each.name === name));
}

/** Throws `INVALID_ARGUMENT` for a mode that a bootloader does not have on this board. */
function demandMode(record: BootloaderRecord, model: BoardModel, mode: string): void {
  if (record.modes.length > 0) {
    record.layout(model, mode);
    return;
  }
  throw new DfuError('INVALID_ARGUMENT', `${record.name} has no modes, and none is "${mode}"`);
}

/**
 * The record of a board's bootloader; without a name the board's first. Throws `INVALID_ARGUMENT` if the board
 * cannot be had with it, or it has no such mode.
 */
export function bootloaderOf(model: BoardModel, name?: string, mode?: string): BootloaderRecord {
  const had = bootloadersOf(model);
  const found = name === undefined ? had[0] : had.find((each) => each.name === name);
  if (found !== undefined) {
    if (mode !== undefined) demandMode(found, model, mode);
    return found;
  }
  const known = model.bootloaders.join(', ');
  const near = didYouMean(name ?? '', model.bootloaders);
  const wrong = `${model.name} has no bootloader "${name ?? ''}"${near}; it has: ${known}`;
  throw new DfuError('INVALID_ARGUMENT', wrong);
}
