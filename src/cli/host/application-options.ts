import { Option } from 'commander';
import type { Command } from 'commander';
import type { ApplicationTerms } from '../../host/index.ts';
import { seconds } from '../shared/numbers.ts';
import { rare } from '../shared/rare-options.ts';

/** Which application is waited for, as commander reads it. */
export interface ApplicationOptions {
  readonly waitApp?: number | true | undefined;
  readonly expectVersion?: string | undefined;
  readonly expectSerial?: string | undefined;
}

/** How long it is waited for, in s. */
const DEFAULT_SECONDS = 30;

/** Adds the options that wait for the application behind a download. */
export function addApplicationOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--wait-app [seconds]', 'afterwards, wait for its application (30 s)').argParser(
        seconds('--wait-app', 3600),
      ),
    )
    .addOption(
      rare(
        new Option(
          '--expect-version <v>',
          'wait for it, and see that it is this one: bcdDevice as 0102 or 1.02, or a text in its name',
        ),
      ),
    )
    .addOption(rare(new Option('--expect-serial <serial>', 'the same, by its serial number')));
}

/** The library's words for them. */
export function applicationOf({
  waitApp,
  expectVersion,
  expectSerial,
}: ApplicationOptions): ApplicationTerms {
  const waitAppMs = waitApp === true ? DEFAULT_SECONDS * 1000 : waitApp;
  return { waitAppMs, expectVersion, expectSerial };
}
