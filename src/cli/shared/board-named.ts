import { boardModel, bootloaderOf, isBoardPath } from '../../board/index.ts';
import type { BoardModel, BootloaderRecord } from '../../board/index.ts';
import type { Terminal } from './terminal.ts';
import { asArgument } from './wrong-argument.ts';

/** What takes the name of a board takes this. */
export const BOARD_HELP = 'a name (see board list) or the path of a board file';

/** A bootloader as `--bootloader` names it: `mcuboot`, or `mcuboot:offset` for another mode than its usual one. */
export function bootloaderNamed(
  model: BoardModel,
  text: string | undefined,
): { readonly record: BootloaderRecord; readonly mode: string | undefined } {
  const [name, ...rest] = text?.split(':') ?? [];
  const mode = rest.length > 0 ? rest.join(':') : undefined;
  return { record: bootloaderOf(model, name, mode), mode };
}

/**
 * The board of the catalogue that has this name, or that the file at this path describes. Throws `INVALID_ARGUMENT` for
 * a name that there is not, and for files as `loadBoardFile` does.
 */
export async function boardNamed(terminal: Terminal, board: string): Promise<BoardModel> {
  if (!isBoardPath(board)) return asArgument(() => boardModel(board));
  const { loadBoardFile } = await import('../../board/node/index.ts');
  return loadBoardFile(board, { read: (path) => terminal.files.read(path) });
}
