import { Option } from 'commander';
import type { Command } from 'commander';

/** Options about which images a board takes, as commander reads them. */
export interface ImageCommandOptions {
  /** False if switched off. */
  readonly imageCheck?: boolean | undefined;
  readonly refuseOlder?: 'version' | 'security-counter' | undefined;
  readonly imageVendor?: string | undefined;
  readonly imageClass?: string | undefined;
}

/** Gives a command these options. */
export function addImageOptions(command: Command): Command {
  const older = new Option(
    '--refuse-older [by]',
    'refuse an image that is older than what is installed, by version or, with MCUboot, security counter',
  );
  return command
    .option(
      '--no-image-check',
      'write any image, as the originals do, instead of refusing what could not boot',
    )
    .addOption(older.choices(['version', 'security-counter']).preset('version'))
    .option(
      '--image-vendor <id>',
      "MCUboot takes images for this vendor only: a UUID or a name, as imgtool's --vid",
    )
    .option('--image-class <id>', "and for this class of devices, as imgtool's --cid");
}
