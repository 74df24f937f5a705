import { DfuError, didYouMean } from '../../bytes/index.ts';
import { readBoardFile } from './board-file.ts';
import type { BoardModel } from './board-model.ts';
import { nucleoU575ziQ } from './boards/nucleo-u575zi-q.ts';
import { particleXenon } from './boards/particle-xenon.ts';
import { reelBoard } from './boards/reel-board.ts';
import { rpiPico } from './boards/rpi-pico.ts';
import { stm32f072bDisco } from './boards/stm32f072b-disco.ts';

/** Every board that can be had by name; each is written as a board file, and read as one. */
export const boardModels: readonly BoardModel[] = [
  particleXenon,
  reelBoard,
  nucleoU575ziQ,
  stm32f072bDisco,
  rpiPico,
].map((file) => readBoardFile(file));

/** The board of that name. Throws `NOT_FOUND` with the names that there are. */
export function boardModel(name: string): BoardModel {
  const model = boardModels.find((each) => each.name === name);
  if (model !== undefined) return model;
  const names = boardModels.map((each) => each.name);
  const near = didYouMean(name, names);
  throw new DfuError('NOT_FOUND', `no board "${name}"${near}; there is: ${names.join(', ')}`);
}
