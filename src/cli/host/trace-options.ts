import type { Command } from 'commander';
import { rareOnes } from '../shared/rare-options.ts';

/** What is written down, and what is played. */
export interface TraceOptions {
  readonly trace?: string | undefined;
  readonly replay?: string | undefined;
}

/** Adds `--trace` and `--replay`. */
export function addTraceOptions(command: Command): Command {
  command
    .option(
      '--trace <file>',
      'write down every control transfer, the bytes of the firmware included: NDJSON, or pcapng for Wireshark if it is called .pcapng',
    )
    .option(
      '--replay <file>',
      'instead of a bus, the devices of a trace, a report or a recording of fwupd',
    );
  return rareOnes(command, '--trace', '--replay');
}
