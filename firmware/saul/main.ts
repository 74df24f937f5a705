import type { FirmwareBoard } from '../../src/board/index.ts';
import { mcubootCommand } from '../common/mcuboot-command.ts';
import { withUsbusDfu } from '../common/modules.ts';
import { startShell } from '../common/shell.ts';
import { startUsbus } from '../common/usbus.ts';
import { printBootBanner } from '../common/zephyr.ts';
import { saulCommand } from './saul-command.ts';

/** Sensors and actuators on the console. */
export async function main(board: FirmwareBoard): Promise<void> {
  if (withUsbusDfu) await startUsbus(board);
  const zephyr = board.platform === 'zephyr';
  if (zephyr) printBootBanner(board);
  startShell(board, zephyr ? [saulCommand, mcubootCommand] : [saulCommand]);
  board.console.print(
    'Welcome to the SAUL example: type "saul" for the list, "help" for the rest.',
  );
}
