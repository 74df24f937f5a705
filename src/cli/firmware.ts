import { statSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import {
  boardModel,
  buildFirmware,
  firmwareExamples,
  firmwareImage,
  loadExample,
  parseUsbId,
  riotbootName,
} from '../board/index.ts';
import { DfuError } from '../bytes/index.ts';
import { connect, download } from '../host/index.ts';
import type { Selection } from '../host/index.ts';
import { BUS_FORMS } from './bus.ts';
import { ExitCode } from './exit-codes.ts';
import { wholeNumber } from './numbers.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { asArgument } from './wrong-argument.ts';

interface ImageOptions {
  readonly board: string;
  readonly slot: number;
  readonly version?: number;
  readonly bootloader?: string;
  readonly usbusDfu: boolean;
}

interface BuildCommand extends ImageOptions {
  readonly output: string;
}

interface FlashCommand extends ImageOptions {
  readonly usbId: string;
  readonly serial?: string;
  readonly path?: string;
  readonly wait?: true;
  readonly bus: string;
  readonly json?: true;
}

/** EX_TEMPFAIL: everything was sent, and nothing says that it runs. */
const UNCONFIRMED = 75;

/** `dfukit firmware …`. */
export function command(): Command {
  return new Command('firmware')
    .description('firmware for virtual boards: build it, flash it')
    .addCommand(listCommand())
    .addCommand(buildCommand())
    .addCommand(flashCommand());
}

function listCommand(): Command {
  return new Command('list').description('the examples that come along, built').action(() => {
    for (const name of firmwareExamples) process.stdout.write(`${name}\n`);
  });
}

/** What both `build` and `flash` need to make an image. */
function addImageOptions(to: Command): Command {
  return to
    .argument('<dir>', 'folder with a main.ts, or the name of an example (see firmware list)')
    .requiredOption('--board <board>', 'which board, see board list')
    .requiredOption('--slot <n>', 'the slot that it is linked for', wholeNumber('--slot', [0, 255]))
    .option('--bootloader <name>', 'whose layout the slots have')
    .option('--no-usbus-dfu', 'leave the DFU run-time interface out');
}

function addVersion(to: Command): Command {
  return to.option(
    '--version <v>',
    'the greater one boots; default: the time in seconds',
    wholeNumber('--version', [0, 0xffffffff]),
  );
}

/** RIOT's APP_VER: seconds since 1970, so that what was built last boots. */
function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

function buildCommand(): Command {
  return addVersion(addImageOptions(new Command('build')))
    .description('build a firmware and put it into an image for a slot')
    .requiredOption('-o, --output <file>', 'the image; - for standard output')
    .addHelpText(
      'after',
      '\nWithout --bootloader the layout is that of riotboot_dfu, or with --no-usbus-dfu that of plain riotboot, as in RIOT.',
    )
    .action(async (dir: string, options: BuildCommand) => {
      const image = await makeImage(dir, options);
      if (options.output === '-') {
        process.stdout.write(image);
        return;
      }
      writeImage(options.output, image);
    });
}

function writeImage(path: string, image: Uint8Array): void {
  try {
    writeFileSync(path, image);
    process.stdout.write(`${path}: ${image.length} bytes\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`dfukit: cannot write ${path}: ${reason}\n`);
    process.exitCode = ExitCode.cannotCreate;
  }
}

function flashCommand(): Command {
  return addVersion(addImageOptions(new Command('flash')))
    .description(
      'build a firmware and download it to its slot; a board in run-time mode is asked first',
    )
    .option('--usb-id <vvvv:pppp>', 'vendor and product in DFU mode', '1209:7d02')
    .option('-S, --serial <serial>', 'serial number of the board')
    .option('-p, --path <path>', 'bus and ports, e.g. 1-4.2')
    .option('-w, --wait', 'wait until such a board is plugged in')
    .option('--bus <bus>', `where devices are: ${BUS_FORMS}`, 'native')
    .option('--json', 'one JSON object a line instead of text')
    .action(async (dir: string, options: FlashCommand) => {
      const selection = selectionOf(options);
      const image = await makeImage(dir, {
        ...options,
        // What takes downloads is riotboot_dfu, whatever the firmware itself can do.
        bootloader: options.bootloader ?? 'riotboot_dfu',
      });
      await runOnBus(options, (around) => send(image, selection, options, around));
    });
}

/** Any board in run-time mode, and DFU mode by its ids; then the alternate that is the slot. */
function selectionOf({
  usbId,
  slot,
  serial,
  path,
}: Pick<FlashCommand, 'usbId' | 'slot' | 'serial' | 'path'>): Selection {
  const { idVendor, idProduct } = parseUsbId(usbId);
  return {
    runtime: { vendor: 'any', product: 'any' },
    dfu: { vendor: idVendor, product: idProduct },
    alternate: slot,
    ...(serial !== undefined && { runtimeSerial: serial, dfuSerial: serial }),
    ...(path !== undefined && { path }),
  };
}

async function send(
  image: Uint8Array,
  selection: Selection,
  { wait }: Pick<FlashCommand, 'wait'>,
  { bus, clock, signal, onEvent }: Surroundings,
): Promise<void> {
  const session = await connect(bus, { clock, signal, onEvent, selection, wait });
  try {
    const { ending } = await download(session, image, { signal, onEvent });
    if (ending === 'unconfirmed') process.exitCode = UNCONFIRMED;
  } finally {
    await session.close();
  }
}

/** The image for a slot out of a folder or an example. */
async function makeImage(dir: string, options: ImageOptions): Promise<Uint8Array> {
  const { board, slot, version = secondsNow(), usbusDfu } = options;
  const model = asArgument(() => boardModel(board));
  const usual = usbusDfu ? 'riotboot_dfu' : 'riotboot';
  const bootloader = riotbootName(model, options.bootloader ?? usual);
  const payload = await makePayload(dir, usbusDfu ? ['usbus_dfu'] : []);
  return asArgument(() => firmwareImage(payload, { model, bootloader, slot, version }));
}

async function makePayload(dir: string, modules: readonly string[]): Promise<Uint8Array> {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) {
    return buildFirmware(dir, { modules });
  }
  if (firmwareExamples.includes(dir)) return loadExample(dir, { modules });
  const known = firmwareExamples.join(', ');
  throw new DfuError('INVALID_ARGUMENT', `${dir}: no such folder, and no such example (${known})`);
}
