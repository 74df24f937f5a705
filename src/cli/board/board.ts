import { Command } from 'commander';
import { importCommand } from './import-options.ts';
import { listCommand, showCommand } from './list.ts';
import { eraseCommand, programCommand } from './program-command.ts';
import { runCommand } from './run-command.ts';
import { addExamples } from '../shared/examples.ts';
import type { Terminal } from '../shared/terminal.ts';

/** `dfukit board …`. What runs or programs a board is loaded when that is asked for. */
export function command(terminal: Terminal): Command {
  const made = new Command('board')
    .description('virtual boards that any DFU host can flash')
    .addCommand(listCommand(terminal))
    .addCommand(showCommand(terminal))
    .addCommand(runCommand(terminal))
    .addCommand(programCommand(terminal))
    .addCommand(eraseCommand(terminal))
    .addCommand(importCommand(terminal));
  return addExamples(
    made,
    'dfukit board list',
    'dfukit board run reel_board --flash reel.bin',
    'dfukit board program reel_board zephyr.signed.bin --flash reel.bin',
  );
}
