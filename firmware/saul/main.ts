import type { FirmwareBoard } from '../../src/board/index.ts';
import { withUsbusDfu } from '../common/modules.ts';
import { startShell } from '../common/shell.ts';
import { startUsbus } from '../common/usbus.ts';
import { saulCommand } from './saul-command.ts';

/** Sensors and actuators on the console. */
export async function main(board: FirmwareBoard): Promise<void> {
  if (withUsbusDfu) await startUsbus(board);
  startShell(board, [saulCommand]);
  board.console.print(
    'Welcome to the SAUL example: type "saul" for the list, "help" for the rest.',
  );
}
