import { Command } from 'commander';
import { boardModels, flashSizeBytes } from '../../board/index.ts';
import type { BoardModel } from '../../board/index.ts';
import { hexNumber } from '../../bytes/index.ts';
import { BOARD_HELP, boardNamed } from '../shared/board-named.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

function sizeOf({ flash }: BoardModel): string {
  const bytes = flashSizeBytes(flash);
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}

function line(model: BoardModel): string {
  const { name, chip, bootloaders } = model;
  return `${name.padEnd(20)} ${chip.padEnd(12)} ${sizeOf(model).padEnd(10)} ${bootloaders.join(', ')}`;
}

const listHelp = `
Examples:
  dfukit board list
  dfukit board list my-board.json reel_board`;

/** `dfukit board list`. */
export function listCommand(terminal: Terminal): Command {
  return new Command('list')
    .description('which boards there are, or what a board file describes')
    .argument('[board...]', `only these: ${BOARD_HELP}`)
    .option('--json', 'as JSON, one object a line')
    .addHelpText('after', listHelp)
    .action(async (names: readonly string[], { json }: { readonly json?: true }) => {
      const models: BoardModel[] = names.length === 0 ? [...boardModels] : [];
      for (const name of names) models.push(await boardNamed(terminal, name));
      for (const model of models) {
        const { name, chip, bootloaders, flash } = model;
        const flashBytes = flashSizeBytes(flash);
        if (json === true) writeJson(terminal.out, { board: name, chip, flashBytes, bootloaders });
        else terminal.out.write(`${line(model)}\n`);
      }
    });
}

/** Places and sizes, which people know in hex. */
const IN_HEX: ReadonlySet<string> = new Set([
  'flashBaseAddress',
  'baseAddress',
  'address',
  'optionAddress',
  'offsetBytes',
  'sizeBytes',
  'romStartOffset',
  'headerBytes',
  'bootloaderBytes',
  'erasedValue',
]);

/** A board as a file that describes it. */
function fileText(model: BoardModel): string {
  const file = { $schema: 'https://unpkg.com/dfukit/schemas/board.schema.json', ...model };
  const hex = (key: string, value: unknown): unknown =>
    typeof value === 'number' && IN_HEX.has(key) ? hexNumber(value) : value;
  return `${JSON.stringify(file, hex, 2)}\n`;
}

const showHelp = `
What it prints can be changed and given to every command that takes a board (docs/boards.md).

Examples:
  dfukit board show reel_board > my-board.json
  dfukit board run my-board.json`;

/** `dfukit board show`. */
export function showCommand(terminal: Terminal): Command {
  return new Command('show')
    .description('a board as a board file, whole: to look at, or to begin one of your own with')
    .argument('<board>', BOARD_HELP)
    .addHelpText('after', showHelp)
    .action(async (name: string) => {
      terminal.out.write(fileText(await boardNamed(terminal, name)));
    });
}
