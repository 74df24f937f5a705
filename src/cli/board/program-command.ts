import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import type { EraseOptions, ProgramOptions } from './program.ts';
import { ALGORITHM_HELP } from './mcuboot-options.ts';
import { BOARD_HELP } from '../shared/board-named.ts';
import { addExamples } from '../shared/examples.ts';
import { partOption } from '../shared/image-part.ts';
import { wholeNumber } from '../shared/numbers.ts';
import type { Terminal } from '../shared/terminal.ts';

/** Reads an address in flash, decimal or hex. */
const address = wholeNumber('--address', [0, 0xffffffff]);

const programHelp = `
A file with addresses (hex, ELF, UF2) goes to its own; what it has for the bootloader is left out.

Examples:
  dfukit board program reel_board zephyr.signed.bin --flash reel.bin
  dfukit board program my-board.json merged.hex --flash board.bin
  dfukit board program particle-xenon slot1.2.riot.bin --flash xenon.bin
  dfukit board program reel_board v2.signed.bin --slot 1 --flash reel.bin`;

/** `dfukit board program`. */
export function programCommand(terminal: Terminal): Command {
  return new Command('program')
    .description('write an image into the flash file, as the regular programmer does: no USB')
    .argument('<board>', BOARD_HELP)
    .argument(
      '<image>',
      'what a build leaves: .bin, .hex, .elf, .uf2; any bytes with --slot or --address',
    )
    .requiredOption('--flash <file>', 'the file that holds the flash; made if it is not there')
    .option('--bootloader <name>', 'whose layout the slots have')
    .option('--algorithm <name>', ALGORITHM_HELP)
    .option(
      '--slot <n>',
      'into this slot; default: where its header says',
      wholeNumber('--slot', [0, 255]),
    )
    .option('--address <a>', 'to this address', address)
    .option(...partOption)
    .option('--force', 'even if it will not run there')
    .option('--json', 'one JSON object a line instead of text')
    .addHelpText('after', programHelp)
    .action(async (name: string, image: string, options: ProgramOptions) => {
      if (options.slot !== undefined && options.address !== undefined) {
        throw new DfuError('INVALID_ARGUMENT', 'expected --slot or --address, got both');
      }
      const { programBoard } = await import('./program.ts');
      await programBoard(terminal, { name, imagePath: image }, options);
    });
}

/** `dfukit board erase`. */
export function eraseCommand(terminal: Terminal): Command {
  const made = new Command('erase')
    .description('erase the whole flash file')
    .argument('<board>', BOARD_HELP)
    .requiredOption('--flash <file>', 'the file that holds the flash')
    .option('--json', 'one JSON object a line instead of text')
    .action(async (name: string, options: EraseOptions) => {
      const { eraseBoard } = await import('./program.ts');
      await eraseBoard(terminal, name, options);
    });
  return addExamples(made, 'dfukit board erase reel_board --flash reel.bin');
}
