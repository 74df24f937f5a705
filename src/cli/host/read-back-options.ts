import { Option } from 'commander';
import type { Command } from 'commander';
import type { SendOptions } from '../../host/index.ts';
import { rare } from '../shared/rare-options.ts';

/** What is read back of a device, as commander reads it. */
export interface ReadBackOptions {
  readonly verify?: true | undefined;
  readonly changedOnly?: true | undefined;
  readonly resume?: true | undefined;
}

/** Adds the options that read a device before or behind the writing. */
export function addReadBackOptions(command: Command): Command {
  return command
    .option('--verify', 'read it back, and compare (80: cannot be read)')
    .option('--changed-only', 'read it first, and write only what differs')
    .addOption(
      rare(new Option('--resume', 'of a DfuSe device, go on where an earlier download stopped')),
    );
}

/** The library's words for them. */
export function readBackOf({
  verify,
  changedOnly,
  resume,
}: ReadBackOptions): Pick<SendOptions, 'verify' | 'changedOnly' | 'resume'> {
  return { verify, changedOnly, resume };
}
