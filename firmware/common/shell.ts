import type { FirmwareBoard } from '../../src/board/index.ts';

/** A command of the shell; `args` without its own name. */
export interface ShellCommand {
  readonly name: string;
  readonly description: string;
  run(args: readonly string[], board: FirmwareBoard): void | Promise<void>;
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

/** What every shell has: reboot, and which slot this is. */
const builtIn: readonly ShellCommand[] = [
  {
    name: 'reboot',
    description: 'Reboot the node',
    run: (_, board) => board.reboot(),
  },
  {
    name: 'curslotnr',
    description: 'Print current slot number',
    run: (_, { console, image }) => console.print(`Current slot=${image.slot}`),
  },
  {
    name: 'curslothdr',
    description: 'Print current slot header',
    run(_, { console, image }) {
      if (typeof image.version === 'string') {
        console.print(`Image version: v${image.version}`);
        return;
      }
      console.print('Image magic_number: 0x544f4952');
      console.print(`Image Version: ${hex(image.version)}`);
      console.print(`Image start address: ${hex(image.entryAddress)}`);
    },
  },
];

/** Runs commands from the console, one a line. */
export function startShell(board: FirmwareBoard, own: readonly ShellCommand[]): void {
  const commands = [...builtIn, ...own];
  const help = (): void => {
    board.console.print('Command              Description');
    board.console.print('---------------------------------------');
    for (const { name, description } of commands) {
      board.console.print(`${name.padEnd(20)} ${description}`);
    }
  };
  board.console.onLine(async (line) => {
    const [name = '', ...args] = line.trim().split(/\s+/);
    if (name === '') return;
    const command = commands.find((each) => each.name === name);
    if (command !== undefined) await command.run(args, board);
    else if (name === 'help') help();
    else board.console.print(`shell: command not found: ${name}`);
  });
}
