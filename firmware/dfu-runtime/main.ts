import type { FirmwareBoard } from '../../src/board/index.ts';

/** What start-up code looks for, and where: the last word of RAM, which nobody initialises. */
const MAGIC_JUMP_BOOTLOADER = 0xdeadbeef;

/**
 * The DFU run-time class on a chip whose loader is in ROM: `detach` leaves a magic number in RAM that
 * survives the reset, and start-up code goes to the loader for it.
 */
export async function main(board: FirmwareBoard): Promise<void> {
  const { console, noInitRam, usb } = board;
  const magic = noInitRam.address + noInitRam.sizeBytes - 4;
  console.print(`${board.name}: the application is running`);
  await usb.attach({
    idVendor: 0x1209,
    idProduct: 0x0001,
    manufacturer: 'dfukit',
    product: board.name,
    serial: board.serial,
    functions: [
      {
        type: 'dfu-runtime',
        name: 'DFU run-time',
        async detach() {
          console.print('detach: to the bootloader');
          await noInitRam.writeWord(magic, MAGIC_JUMP_BOOTLOADER);
          await board.reboot();
        },
      },
    ],
  });
}
