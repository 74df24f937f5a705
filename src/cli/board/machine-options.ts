import { Option } from 'commander';
import type { Command } from 'commander';
import type { TcpAddress } from './tcp-address.ts';

/** Options about machine code that a board executes, as commander reads them. */
export interface MachineCommandOptions {
  /** True where no address was given. */
  readonly gdb?: TcpAddress | true | undefined;
  readonly gdbWait?: true | undefined;
  readonly symbols?: string | undefined;
  readonly bootrom?: string | undefined;
  readonly time?: 'real' | 'fast' | undefined;
}

/** Gives a command those that few need; `--gdb` is one of the usual ones. */
export function addMachineOptions(command: Command): Command {
  const time = new Option(
    '--time <pace>',
    'of the chip: real (default), or fast, which leaves out what it would wait for',
  );
  return command
    .option('--gdb-wait', 'as --gdb, and the chip waits for it before its first instruction')
    .option('--symbols <elf>', 'name functions by this file where the chip faults')
    .option('--bootrom <file>', "a boot ROM of your own instead of dfukit's")
    .addOption(time.choices(['real', 'fast']));
}
