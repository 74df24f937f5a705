import type { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { inGroup, rareOnes } from '../shared/rare-options.ts';

/** Which file of a manifest is meant, as commander reads it. */
export interface ManifestOptions {
  readonly manifest?: string | undefined;
  readonly channel?: string | undefined;
  readonly release?: string | undefined;
  readonly label?: string | undefined;
  /** Name of one of its boards. */
  readonly for?: string | undefined;
}

/** Adds what says which file of a manifest is downloaded. */
export function addManifestOptions(command: Command): Command {
  command.option('--manifest <file>', 'what a manifest has for the board there is');
  inGroup(command, 'A file of a manifest:', (to) =>
    to
      .option('--channel <name>', 'of these releases (default: stable)')
      .option('--release <version>', 'this one, instead of the newest')
      .option('--label <text>', 'of several files for the board, this one')
      .option('--for <board>', 'which board it is, where the device in DFU mode does not tell'),
  );
  return rareOnes(command, '--channel', '--release', '--label', '--for');
}

/** Throws `INVALID_ARGUMENT` for an option that says something of a manifest, where there is none. */
export function refuseWithoutManifest({
  channel,
  release,
  label,
  for: board,
}: ManifestOptions): void {
  const said = Object.entries({ channel, release, label, for: board }).find(
    ([, value]) => value !== undefined,
  );
  if (said === undefined) return;
  throw new DfuError(
    'INVALID_ARGUMENT',
    `--${said[0]} says which file of --manifest: say a manifest`,
  );
}
