import type { FirmwareBoard } from '../../src/board/index.ts';
import { usbusDescription } from '../../src/board/stand-in/usbus.ts';
import { withUsbusDfu } from './modules.ts';

/** Comes up on USB as RIOT's stack does: its strings, and whatever functions are built in. */
export async function startUsbus(board: FirmwareBoard): Promise<void> {
  const functions = withUsbusDfu ? [{ type: 'dfu-runtime' } as const] : [];
  await board.usb.attach(usbusDescription(board, functions));
}
