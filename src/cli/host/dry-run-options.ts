import type { Command } from 'commander';

/** Whether a download is only described. */
export interface DryRunOptions {
  readonly dryRun?: true | undefined;
}

/** Adds `--dry-run` to a download. */
export function addDryRunOptions(command: Command): Command {
  return command.option('--dry-run', 'print the exact plan, and send nothing');
}
