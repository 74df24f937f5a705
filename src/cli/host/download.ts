import { Command } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { unchangedElse } from '../../host/index.ts';
import { INJECT_HELP, addGangOptions, isGang } from './gang-options.ts';
import { addApplicationOptions, applicationOf } from './application-options.ts';
import { addExamples } from '../shared/examples.ts';
import { answering } from '../shared/exit-codes.ts';
import { readInput } from '../shared/read-input.ts';
import { addDetails, rareOnes } from '../shared/rare-options.ts';
import type { Terminal } from '../shared/terminal.ts';
import { addDryRunOptions } from './dry-run-options.ts';
import { planOf, timesOf } from './download-plan.ts';
import type { DownloadCommand } from './download-plan.ts';
import { addDownloadFormatOptions } from './format-options.ts';
import { addPolicyOptions, expectedOf, heldTo } from './policy-options.ts';
import { addManifestOptions, refuseWithoutManifest } from './manifest-options.ts';
import { addReadBackOptions } from './read-back-options.ts';
import { runOnBus } from './run-on-bus.ts';
import { addTransferOptions, selectionOf } from './select.ts';
import { sendOrTell } from './send-or-tell.ts';

/** `dfukit download FILE`. */
export function command(terminal: Terminal): Command {
  const transfers = addTransferOptions(new Command('download'), [
    'other-device',
    'other-place',
    'outside-layout',
    'no-layout',
    'unknown-version',
  ]);
  const made = addApplicationOptions(addReadBackOptions(transfers))
    .description('write a file into a device (- for standard input)')
    .argument('[file]', 'of any format; left out with --manifest')
    .option('--force', 'go past all that would be refused; it is told')
    .action(
      answering((path: string | undefined, options: DownloadCommand) =>
        unchangedElse(() => run(terminal, path, options)),
      ),
    );
  addPolicyOptions(addDryRunOptions(addDownloadFormatOptions(addManifestOptions(made))));
  return addExamples(
    addDetails(addGangOptions(rareOnes(made, '--allow')), INJECT_HELP),
    'dfukit download firmware.dfu                            the only device there is',
    'dfukit download slot1.bin -a 1 -d 1209:7d00,1209:7d02 -R',
    'dfukit download app.bin -s 0x08000000:leave             DfuSe',
    'dfukit download app.bin -d 1209:7d02 --all              many at once',
    'dfukit download --manifest manifest.json                for the board there is',
    'dfukit download slot0.bin -a 0 --bus usbip://127.0.0.1  a virtual board',
  );
}

async function run(
  terminal: Terminal,
  path: string | undefined,
  options: DownloadCommand,
): Promise<number> {
  const { manifest } = options;
  if (manifest !== undefined) {
    const { downloadByManifest } = await import('./manifest-download.ts');
    return downloadByManifest(terminal, path, { ...options, manifest });
  }
  refuseWithoutManifest(options);
  if (path === undefined && options.dfuseAddress === undefined) {
    throw new DfuError(
      'INVALID_ARGUMENT',
      "missing required argument 'file'; only -s with commands needs none",
    );
  }
  const { wait, reset: detach } = options;
  const file = path === undefined ? undefined : await readInput(terminal, path);
  const expected = await expectedOf(terminal, options);
  const own = planOf(file, options, expected?.target);
  const plan = await heldTo(terminal, own, options, expected?.keys);
  const times = timesOf(options);
  if (isGang(options)) {
    if (options.key !== undefined && options.inject !== undefined)
      throw new DfuError(
        'INVALID_ARGUMENT',
        '--inject changes what --key has checked: no signature is right behind it',
      );
    if (options.dryRun === true)
      throw new DfuError(
        'INVALID_ARGUMENT',
        '--dry-run is for one device: say which with -S or -p',
      );
    if (file === undefined) throw new DfuError('INVALID_ARGUMENT', 'many devices need a file');
    if (wait === true)
      throw new DfuError('INVALID_ARGUMENT', '--wait is for one device; --watch for many');
    const { downloadGang } = await import('./download-gang.ts');
    return downloadGang(terminal, options, {
      file,
      plan,
      terms: { ...times, ...applicationOf(options), detach },
    });
  }
  return runOnBus(terminal, options, async (around) => {
    const selection = selectionOf(options);
    if (options.dfuseAddress?.lengthBytes !== undefined) {
      const message = 'the length in -s is for uploads, and of a download it says nothing';
      around.onEvent({ type: 'note', message });
    }
    const terms = { ...around, ...times, ...applicationOf(options), selection, wait, detach };
    return sendOrTell(terminal, options, { bus: around.bus, plan, terms });
  });
}
