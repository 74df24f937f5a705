import { Command, Option } from 'commander';
import { collect } from '../shared/collect.ts';
import { addExamples } from '../shared/examples.ts';
import { answering } from '../shared/exit-codes.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { inGroup } from '../shared/rare-options.ts';
import type { Terminal } from '../shared/terminal.ts';
import { manifestCheck } from './check.ts';
import type { CheckOptions } from './check.ts';
import { manifestAdd, manifestCreate } from './create.ts';
import type { AddOptions, CreateOptions } from './create.ts';

const jsonOption = (): Option => new Option('--json', 'for programs');

const boardOption = (): Option =>
  new Option(
    '--board <name=ids>',
    'as lamp=1209:7d00,1209:7d02: how it is known at USB, in each of its modes; dfu: in front of what other boards have in DFU mode, too, as dfu:0483:df11; may be repeated',
  ).argParser(collect);

function addReleaseOptions(to: Command): Command {
  return to
    .option('--release <version>', 'default: what the image says')
    .option('--channel <name>', 'default: stable')
    .option('--bcd-device <bcd>', 'what a device shows while this runs, as 0102 or 1.02')
    .option('--minimum-version <version>', 'the oldest that may be brought to this one at once')
    .option('--notes <file>', 'what is new, as text');
}

function addFileOptions(to: Command): Command {
  return to
    .addOption(
      new Option('--for <name>', 'the board that it is for (all); may be repeated').argParser(
        collect,
      ),
    )
    .option('--label <text>', 'what tells it from other files for the same board')
    .option('-k, --key <file>', 'the key that it is signed with; its public half goes along')
    .option('--alternate <which>', 'alternate setting, by number or by name')
    .option(
      '--address <n>',
      'for DfuSe, of a file that does not say it',
      wholeNumber('--address', [0, 0xffffffff]),
    )
    .addOption(
      new Option(
        '--erase <what>',
        'what is written over, everything, or as a person chooses',
      ).choices(['needed', 'all', 'ask']),
    )
    .option('--url <prefix>', 'where it will be, if not where it lies beside the manifest');
}

function createCommand(terminal: Terminal): Command {
  const made = new Command('create')
    .description('make a manifest of a file; what the file says of itself need not be said')
    .argument('<file>', 'firmware of any format')
    .requiredOption('--product <name>', 'what the product is called')
    .addOption(boardOption())
    .option('-o, --output <file>', 'where the manifest goes', 'manifest.json')
    .option('--force', 'replace a manifest that is there')
    .addOption(jsonOption())
    .action(
      answering((path: string, options: CreateOptions) => manifestCreate(terminal, path, options)),
    );
  inGroup(made, 'The release:', addReleaseOptions);
  inGroup(made, 'The file:', addFileOptions);
  return addExamples(
    made,
    'dfukit manifest create lamp.dfu --product Lamp          all else is in the file',
    'dfukit manifest create lamp.signed.bin --product Lamp --board lamp=1209:7d00 -k key.pem',
  );
}

function addCommand(terminal: Terminal): Command {
  const made = new Command('add')
    .description('put another file into a manifest: of a new release, or of one that is there')
    .argument('<manifest>', 'replaced by the new one')
    .argument('<file>', 'firmware of any format')
    .addOption(boardOption())
    .option('--replace', 'in place of the file of the same release, boards and label')
    .addOption(jsonOption())
    .action(
      answering((manifest: string, file: string, options: AddOptions) =>
        manifestAdd(terminal, [manifest, file], options),
      ),
    );
  inGroup(made, 'The release:', addReleaseOptions);
  inGroup(made, 'The file:', addFileOptions);
  return addExamples(
    made,
    'dfukit manifest add manifest.json lamp-1.3.0.signed.bin',
    'dfukit manifest add manifest.json ring.bin --release 1.2.0 --board ring=1209:7d05 --for ring',
  );
}

function checkCommand(terminal: Terminal): Command {
  const made = new Command('check')
    .description('check a manifest, and size, hash and signature of each file beside it')
    .argument('<manifest>')
    .addOption(
      new Option('-k, --key <file>', 'a public key that the manifest only names').argParser(
        collect,
      ),
    )
    .addOption(jsonOption())
    .action(
      answering((path: string, options: CheckOptions) => manifestCheck(terminal, path, options)),
    );
  return addExamples(made, 'dfukit manifest check manifest.json');
}

/** `dfukit manifest create | add | check`. */
export function command(terminal: Terminal): Command {
  const made = new Command('manifest')
    .description('what a web page offers to flash: make and check firmware manifests')
    .addCommand(createCommand(terminal))
    .addCommand(addCommand(terminal))
    .addCommand(checkCommand(terminal));
  return addExamples(
    made,
    'dfukit manifest create lamp.dfu --product Lamp',
    'dfukit manifest check manifest.json',
  );
}
