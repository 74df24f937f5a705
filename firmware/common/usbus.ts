import type { FirmwareBoard } from '../../src/board/index.ts';
import { withUsbusDfu } from './modules.ts';

/** RIOT's own vendor and product, for firmware that has no better one. */
const idVendor = 0x1209;
const idProduct = 0x7d00;

/** Comes up on USB as RIOT's stack does: its strings, and whatever functions are built in. */
export async function startUsbus(board: FirmwareBoard): Promise<void> {
  await board.usb.attach({
    idVendor,
    idProduct,
    manufacturer: 'RIOT-os.org',
    product: board.name,
    serial: board.serial,
    configuration: 'USB config',
    functions: withUsbusDfu ? [{ type: 'dfu-runtime' }] : [],
  });
}
