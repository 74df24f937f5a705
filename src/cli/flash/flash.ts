import { Command, Option } from 'commander';
import { DfuError } from '../../bytes/index.ts';
import { powerCutKinds } from '../../flash/index.ts';
import type { PowerCutKind } from '../../flash/index.ts';
import type { BootOptions } from './boot.ts';
import type { FitOptions } from './fit.ts';
import type { InspectOptions } from './inspect.ts';
import type { MapCommandOptions } from './map.ts';
import { addDeviceOptions, confirmAfter, placed } from './options.ts';
import type { PowercutOptions } from './powercut-options.ts';
import type { WearOptions } from './wear.ts';
import type { WhyOptions } from './why.ts';
import { partOption } from '../shared/image-part.ts';
import type { Terminal } from '../shared/terminal.ts';
import { addExamples } from '../shared/examples.ts';
import { answering } from '../shared/exit-codes.ts';
import { duration, wholeNumber } from '../shared/numbers.ts';
import { addDetails, rare } from '../shared/rare-options.ts';

const jsonOption = (): Option => new Option('--json', 'for programs');

function onDump(name: string, words: string): Command {
  const made = new Command(name).description(words);
  return addDeviceOptions(
    made.argument(
      '<dump>',
      'raw flash, the flash file of a board, or Intel HEX, S-records, UF2, ELF',
    ),
  );
}

function addUpdateOptions(to: Command): Command {
  return to
    .option(
      '--update <file>',
      'put this image into the secondary slot (of image 0) and ask for it first',
    )
    .option(...partOption)
    .addOption(
      new Option('--request <type>', 'ask for the secondary image (of image 0) first').choices([
        'test',
        'perm',
      ]),
    );
}

function inspectCommand(terminal: Terminal): Command {
  const made = onDump(
    'inspect',
    'slots, images, trailers, and the state of the device in a sentence',
  )
    .addOption(jsonOption())
    .action(
      answering(async (path: string, options: InspectOptions) => {
        const { flashInspect } = await import('./inspect.ts');
        return flashInspect(terminal, path, options);
      }),
    );
  return addExamples(
    made,
    'dfukit flash inspect dump.bin --board reel_board',
    'dfukit flash inspect dump.hex --layout layout.json --json',
  );
}

function mapCommand(terminal: Terminal): Command {
  const made = onDump('map', 'what stands where in all of the flash, range by range')
    .option('--words', 'all that is said of each range, below it')
    .addOption(jsonOption())
    .action(
      answering(async (path: string, options: MapCommandOptions) => {
        const { flashMap } = await import('./map.ts');
        return flashMap(terminal, path, options);
      }),
    );
  return addExamples(
    made,
    'dfukit flash map dump.bin --board reel_board',
    'dfukit flash map dump.bin --board reel_board -k key.pem --words',
  );
}

function bootCommand(terminal: Terminal): Command {
  const made = addUpdateOptions(onDump('boot', 'what the next boots do; the dump is not changed'))
    .addOption(
      new Option('--times <n>', 'boots; default 1').argParser(wholeNumber('--times', [1, 1000])),
    )
    .addOption(
      new Option(
        '--confirm <when>',
        'the application confirms: always, or after boots 1,3',
      ).argParser(confirmAfter),
    )
    .option('-o, --output <file>', 'write the flash as it is afterwards')
    .option('--ops', 'list every operation')
    .addOption(jsonOption())
    .action(
      answering(async (path: string, options: BootOptions) => {
        const { flashBoot } = await import('./boot.ts');
        return flashBoot(terminal, path, options);
      }),
    );
  return addExamples(
    made,
    'dfukit flash boot dump.bin --board reel_board -k key.pem --times 2',
    'dfukit flash boot dump.bin --board reel_board --update new.bin --request test -o after.bin',
  );
}

function whyCommand(terminal: Terminal): Command {
  const made = onDump('why', 'what becomes of each image, and the first check that one fails')
    .addOption(jsonOption())
    .action(
      answering(async (path: string, options: WhyOptions) => {
        const { flashWhy } = await import('./why.ts');
        return flashWhy(terminal, path, options);
      }),
    );
  return addExamples(
    made,
    'dfukit flash why dump.bin --board reel_board',
    'dfukit flash why dump.bin --sectors 256x4K --primary 0xc000:0x76000 --secondary 0x82000:0x76000',
  );
}

/** Reads `--kinds`. */
function kinds(text: string): PowerCutKind[] {
  return text.split(',').map((name) => {
    const kind = powerCutKinds.find((each) => each === name);
    if (kind !== undefined) return kind;
    const words = `expected ${powerCutKinds.join(', ')}, got "${name}"`;
    throw new DfuError('INVALID_ARGUMENT', `--kinds: ${words}`);
  });
}

const powercutHelp = `
Each operation of the next boot is cut: cleanly in front of it (clean), after its first half in whole
write units (torn), and with its second half done, down to half a write unit (torn-tail). Each cut is
followed by boots until nothing changes any more; each of those cuts again by one in the boot after it.
Exit code 1: some cut led to a loss, nothing boots, or the update is not taken.

With --execute the bootloader is the machine code in the dump, which the chip of --board executes from
power-on until an application is entered: in a slot of the board, or where --application says. One cut, not
two in a row. Without a host; a boot that takes more than --within of the chip's time hangs.`;

/** Options of `--execute`, each of which few need. */
const executeOptions = (): readonly Option[] => [
  new Option(
    '--application <address>',
    'with --execute, where an application may stand; ADDRESS:SIZE; may be repeated',
  ).argParser(placed('--application')),
  new Option('--every <n>', 'with --execute, cut each so-manieth operation').argParser(
    wholeNumber('--every', [1, 1_000_000]),
  ),
  new Option('--sample <n>', 'with --execute, cut so many operations of all').argParser(
    wholeNumber('--sample', [1, 1_000_000]),
  ),
  new Option('--seed <n>', 'what a sample is drawn with; default 1').argParser(
    wholeNumber('--seed', [0, 0xffffffff]),
  ),
  new Option('--within <time>', 'with --execute, most a boot may take; default 60s').argParser(
    duration('--within'),
  ),
  new Option('--bootrom <file>', "with --execute, your copy of the chip's ROM"),
];

function powercutCommand(terminal: Terminal): Command {
  const made = addUpdateOptions(
    onDump('powercut', 'cut the power at every operation of the next boot'),
  )
    .addOption(
      new Option('--after <n>', 'cut the boot after so many undisturbed ones').argParser(
        wholeNumber('--after', [1, 1000]),
      ),
    )
    .addOption(new Option('--kinds <list>', 'of clean,torn,torn-tail').argParser(kinds))
    .option('--once', 'one cut only, not two in a row')
    .option('--execute', "the dump's own bootloader, executed by the chip of --board")
    .option('--svg <file>', 'draw operations and sectors in the colour of the outcome')
    .option('--vectors <folder>', 'write each loss as vector files that reproduce it')
    .addOption(jsonOption())
    .action(
      answering(async (path: string, options: PowercutOptions) => {
        const { flashPowercut } = await import('./powercut.ts');
        return flashPowercut(terminal, path, options);
      }),
    );
  for (const each of executeOptions()) made.addOption(rare(each));
  return addExamples(
    addDetails(made, powercutHelp),
    'dfukit flash powercut dump.bin --board reel_board -k key.pem --update new.bin',
    'dfukit flash powercut dump.bin --layout layout.json --once --svg map.svg',
    'dfukit flash powercut dump.bin --board rpi_pico --execute --sample 50',
  );
}

function fitCommand(terminal: Terminal): Command {
  const made = new Command('fit')
    .description('largest image of a layout in bytes, and by how much a file is too big')
    .argument('[image]', 'MCUboot image, or a plain binary');
  addDeviceOptions(made)
    .option(...partOption)
    .addOption(
      new Option('--image <n>', 'which one of a layout with several; default: all').argParser(
        wholeNumber('--image', [0, 15]),
      ),
    )
    .addOption(jsonOption())
    .action(
      answering(async (path: string | undefined, options: FitOptions) => {
        const { flashFit } = await import('./fit.ts');
        return flashFit(terminal, path, options);
      }),
    );
  return addExamples(
    made,
    'dfukit flash fit --board reel_board',
    'dfukit flash fit zephyr.signed.bin --board reel_board',
  );
}

function wearCommand(terminal: Terminal): Command {
  const made = onDump('wear', 'erases of each sector and seconds, for each algorithm')
    .option('--update <file>', 'the image that replaces the primary one')
    .option(...partOption)
    .addOption(jsonOption())
    .action(
      answering(async (path: string, options: WearOptions) => {
        const { flashWear } = await import('./wear.ts');
        return flashWear(terminal, path, options);
      }),
    );
  return addExamples(
    made,
    'dfukit flash wear dump.bin --board reel_board',
    'dfukit flash wear dump.bin --board reel_board --update new.bin',
  );
}

/** `dfukit flash …`. Each command is loaded when it is called, and what it works with. */
export function command(terminal: Terminal): Command {
  const made = new Command('flash')
    .description('the laboratory: what a dump of flash means and what becomes of it')
    .addCommand(inspectCommand(terminal))
    .addCommand(mapCommand(terminal))
    .addCommand(bootCommand(terminal))
    .addCommand(whyCommand(terminal))
    .addCommand(fitCommand(terminal))
    .addCommand(powercutCommand(terminal))
    .addCommand(wearCommand(terminal));
  return addExamples(
    made,
    'dfukit flash inspect dump.bin --board reel_board',
    'dfukit flash powercut dump.bin --board reel_board --update new.bin',
  );
}
