import type { FirmwareBoard, FirmwareBootControl } from '../../src/board/index.ts';
import type { ShellCommand } from './shell.ts';

async function tell(boot: FirmwareBootControl, { console, image }: FirmwareBoard): Promise<void> {
  console.print(`image version: ${image.version}`);
  console.print(`swap type: ${await boot.swapType()}`);
  console.print(`confirmed: ${(await boot.isConfirmed()) ? 1 : 0}`);
}

async function run([verb, argument]: readonly string[], board: FirmwareBoard): Promise<void> {
  const { boot, console } = board;
  if (boot === undefined) {
    console.print('mcuboot: this board was not started by MCUboot');
    return;
  }
  switch (verb) {
    case undefined:
      await tell(boot, board);
      return;
    case 'confirm':
      await boot.confirm();
      return;
    case 'erase':
      await boot.eraseUpgrade();
      return;
    case 'request_upgrade':
      if (argument === undefined || argument === 'permanent') {
        await boot.requestUpgrade(argument === 'permanent');
        return;
      }
  }
  console.print('usage: mcuboot [confirm|erase|request_upgrade [permanent]]');
}

/** `mcuboot`, as Zephyr's shell has it: what MCUboot says of the images, and what can be asked of it. */
export const mcubootCommand: ShellCommand = {
  name: 'mcuboot',
  description: 'MCUboot commands: confirm, erase, request_upgrade [permanent]',
  async run(args, board) {
    try {
      await run(args, board);
    } catch (error) {
      board.console.print(`mcuboot: ${error instanceof Error ? error.message : String(error)}`);
    }
  },
};
