import type { FirmwareBoard } from '../../src/board/index.ts';
import { startUsbus } from '../common/usbus.ts';

/** Enumerates, and does nothing else. */
export async function main(board: FirmwareBoard): Promise<void> {
  await startUsbus(board);
  board.console.print('Started USB stack!');
}
