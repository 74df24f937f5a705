import type { FirmwareBoard } from '../../src/board/index.ts';
import { printBootBanner } from '../common/zephyr.ts';
import { useFlashBackend } from './config.ts';
import { startSample } from './sample.ts';

/** Zephyr's sample `usb/dfu`. */
export async function main(board: FirmwareBoard): Promise<void> {
  printBootBanner(board);
  await startSample(board, { flashBackend: useFlashBackend });
}
