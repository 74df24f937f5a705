import type { FirmwareBoard } from '../../src/board/index.ts';
import { withUsbusDfu } from '../common/modules.ts';
import { startUsbus } from '../common/usbus.ts';
import { printBootBanner } from '../common/zephyr.ts';

/** Says hello: in Zephyr's words, or in RIOT's and which of the two slots it was started from. */
export async function main(board: FirmwareBoard): Promise<void> {
  const { console, image } = board;
  if (board.platform === 'zephyr') {
    printBootBanner(board);
    console.print(`Hello World! ${board.target}`);
    return;
  }
  console.print('Hello World!');
  console.print(`You are running dfukit on a(n) ${board.name} board.`);
  console.print(`This board features a(n) ${board.chip} CPU.`);
  console.print(`Slot ${image.slot}, version ${image.version}.`);
  if (withUsbusDfu) await startUsbus(board);
}
