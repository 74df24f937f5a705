import { statSync } from 'node:fs';
import { Command } from 'commander';
import {
  RIOTBOOT_DFU_ID,
  STM32_ROM_ID,
  boardModel,
  bootloaderName,
  firmwareImage,
  mcubootFirmware,
  mcubootMode,
  plainFirmware,
  riotbootName,
} from '../../board/index.ts';
import { buildFirmware, firmwareExamples, loadExample } from '../../board/node/index.ts';
import type { BoardModel } from '../../board/index.ts';
import type { FirmwareBuildOptions } from '../../board/node/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { connect, download, downloadDfuSe, speaksDfuSe } from '../../host/index.ts';
import type { Selection } from '../../host/index.ts';
import { parseUsbId } from '../../usb/index.ts';
import { BUS_FORMS } from '../host/bus.ts';
import type { PrivateKey } from '../../image/index.ts';
import { ExitCode, answering, cannot } from '../shared/exit-codes.ts';
import type { Terminal } from '../shared/terminal.ts';
import { ALGORITHM_HELP, signingKey } from '../board/mcuboot-options.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { runOnBus } from '../host/run-on-bus.ts';
import type { Surroundings } from '../host/run-on-bus.ts';
import { asArgument, asArgumentLater } from '../shared/wrong-argument.ts';

interface ImageOptions {
  readonly board: string;
  readonly slot?: number | undefined;
  readonly version?: string | undefined;
  readonly bootloader?: string | undefined;
  readonly usbusDfu: boolean;
  readonly config: readonly string[];
  readonly algorithm?: string | undefined;
  readonly key?: string | undefined;
  readonly unsigned?: true | undefined;
}

interface BuildCommand extends ImageOptions {
  readonly output: string;
}

interface FlashCommand extends ImageOptions {
  readonly usbId?: string | undefined;
  readonly serial?: string | undefined;
  readonly path?: string | undefined;
  readonly wait?: true | undefined;
  readonly bus: string;
  readonly json?: true | undefined;
}

/** `dfukit firmware …`. */
export function command(terminal: Terminal): Command {
  return new Command('firmware')
    .description('firmware for virtual boards: build it, flash it')
    .addCommand(listCommand(terminal))
    .addCommand(buildCommand(terminal))
    .addCommand(flashCommand(terminal));
}

function listCommand(terminal: Terminal): Command {
  return new Command('list').description('the examples that come along, built').action(() => {
    for (const name of firmwareExamples) terminal.out.write(`${name}\n`);
  });
}

/** What both `build` and `flash` need to make an image. */
function addImageOptions(to: Command): Command {
  return to
    .argument('<dir>', 'folder with a main.ts, or the name of an example (see firmware list)')
    .requiredOption('--board <board>', 'which board, see board list')
    .option(
      '--slot <n>',
      'the slot that it is linked for; MCUboot: 0 unless images run in place',
      wholeNumber('--slot', [0, 255]),
    )
    .option('--bootloader <name>', 'whose layout the slots have')
    .option('--no-usbus-dfu', 'leave the DFU run-time interface out')
    .option(
      '--config <symbol>',
      'Zephyr: set this to y, e.g. CONFIG_APP_USB_DFU_USE_FLASH_BACKEND=y; may be given again',
      addSymbol,
      [],
    );
}

/** `CONFIG_X=y` or `CONFIG_X` sets it, `CONFIG_X=n` does not. Throws `INVALID_ARGUMENT`. */
function addSymbol(text: string, before: readonly string[]): readonly string[] {
  const [, name, value = 'y'] = /^(CONFIG_[A-Z0-9_]+)(?:=([yn]))?$/.exec(text) ?? [];
  if (name === undefined) {
    throw new DfuError('INVALID_ARGUMENT', `--config: expected CONFIG_NAME=y, got "${text}"`);
  }
  const others = before.filter((each) => each !== name);
  return value === 'y' ? [...others, name] : others;
}

function addVersion(to: Command): Command {
  return to.option(
    '--version <v>',
    'riotboot: the greater one boots, default the time in seconds; MCUboot: major.minor.revision+build, default 0.0.0',
  );
}

/** RIOT's APP_VER: seconds since 1970, so that what was built last boots. */
function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

function buildCommand(terminal: Terminal): Command {
  return addVersion(addImageOptions(new Command('build')))
    .description('build a firmware and put it into an image for a slot')
    .requiredOption('-o, --output <file>', 'the image; - for standard output')
    .option('--algorithm <name>', ALGORITHM_HELP)
    .option('--key <file>', "MCUboot: key to sign with; default: the examples'")
    .option('--unsigned', 'MCUboot: leave room for the header and do not sign; for imgtool sign')
    .addHelpText(
      'after',
      `
Without --bootloader the layout is that of riotboot_dfu, or with --no-usbus-dfu that of plain riotboot, as in RIOT;
on boards that cannot be had with these, that of the board's first bootloader.

For MCUboot the image comes signed, as Zephyr's zephyr.signed.bin. The key of the examples is made when it is
first needed, and kept in the user's configuration folder (XDG_CONFIG_HOME/dfukit/examples-rsa-2048.pem).`,
    )
    .action(async (dir: string, options: BuildCommand) => {
      const image = await makeImage(terminal, dir, options);
      if (options.output === '-') {
        terminal.out.write(image);
        return;
      }
      await writeImage(terminal, options.output, image);
    });
}

async function writeImage(terminal: Terminal, path: string, image: Uint8Array): Promise<void> {
  try {
    await terminal.files.write(path, image);
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'BUSY') throw error;
    throw cannot(`write ${path}`, error.cause, ExitCode.cannotCreate);
  }
  terminal.out.write(`${path}: ${image.length} bytes\n`);
}

function flashCommand(terminal: Terminal): Command {
  return addVersion(addImageOptions(new Command('flash')))
    .description(
      'build a firmware and download it to its slot; a board in run-time mode is asked first',
    )
    .option('--usb-id <vvvv:pppp>', "vendor and product in DFU mode; default: the bootloader's")
    .option('-S, --serial <serial>', 'serial number of the board')
    .option('-p, --path <path>', 'bus and ports, e.g. 1-4.2')
    .option('-w, --wait', 'wait until such a board is plugged in')
    .option('--bus <bus>', `where devices are: ${BUS_FORMS}`, 'native')
    .option('--json', 'one JSON object a line instead of text')
    .action(
      answering(async (dir: string, options: FlashCommand) => {
        // What takes downloads is the bootloader, whatever the firmware itself can do.
        const bootloader = options.bootloader ?? takingDownloads(options.board);
        const selection = selectionOf(options, bootloader);
        const image = await makeImage(terminal, dir, { ...options, bootloader });
        const { flashBaseAddress } = boardModel(options.board);
        return runOnBus(terminal, options, (around) =>
          send(image, { selection, address: flashBaseAddress, wait: options.wait }, around),
        );
      }),
    );
}

/** The bootloader of a board that takes downloads. Throws `INVALID_ARGUMENT` if none does. */
function takingDownloads(board: string): string {
  const model = asArgument(() => boardModel(board));
  const found = model.bootloaders.find((name) => name === 'riotboot_dfu' || name === 'stm32-rom');
  if (found !== undefined) return found;
  const why = `no bootloader of ${board} takes downloads (${model.bootloaders.join(', ')})`;
  const instead = 'use board program, or dfukit download to a firmware that takes them';
  throw new DfuError('INVALID_ARGUMENT', `${why}; ${instead}`);
}

/** Any board in run-time mode, and DFU mode by its ids; then the alternate that is the slot. */
function selectionOf(
  { usbId, slot, serial, path }: Pick<FlashCommand, 'usbId' | 'slot' | 'serial' | 'path'>,
  bootloader: string,
): Selection {
  const isRom = bootloader === 'stm32-rom';
  const usual = isRom ? STM32_ROM_ID : RIOTBOOT_DFU_ID;
  const { idVendor, idProduct } = usbId === undefined ? usual : parseUsbId(usbId);
  return {
    runtime: { vendor: 'any', product: 'any' },
    dfu: { vendor: idVendor, product: idProduct },
    // The loader in ROM: the flash; the other alternate has the option bytes.
    alternate: isRom ? 0 : slot,
    runtimeSerial: serial,
    dfuSerial: serial,
    path,
  };
}

interface SendTerms {
  readonly selection: Selection;
  /** Where the flash begins, for a bootloader that wants to know. */
  readonly address: number;
  readonly wait: true | undefined;
}

async function send(
  image: Uint8Array,
  { selection, address, wait }: SendTerms,
  { bus, clock, signal, onEvent }: Surroundings,
): Promise<number> {
  const session = await connect(bus, { clock, signal, onEvent, selection, wait });
  try {
    const terms = { signal, onEvent };
    const { ending } = speaksDfuSe(session.interface)
      ? await downloadDfuSe(session, [{ address, data: image }], { ...terms, leave: true })
      : await download(session, image, terms);
    return ending === 'unconfirmed' ? ExitCode.unconfirmed : ExitCode.ok;
  } finally {
    await session.close();
  }
}

/** The image for a slot out of a folder or an example. */
async function makeImage(
  terminal: Terminal,
  dir: string,
  options: ImageOptions,
): Promise<Uint8Array> {
  const model = asArgument(() => boardModel(options.board));
  const usual = options.usbusDfu ? 'riotboot_dfu' : 'riotboot';
  const known = model.bootloaders.includes(usual) ? usual : undefined;
  const bootloader = bootloaderName(model, options.bootloader ?? known);
  switch (bootloader) {
    case 'mcuboot': {
      const key = await keyOf(terminal, options);
      return makeMcubootImage(await makePayload(dir, options), model, { ...options, key });
    }
    case 'none':
    case 'stm32-rom':
      return plainFirmware(await makePayload(dir, options), model);
    default:
      return makeRiotbootImage(dir, model, { ...options, bootloader });
  }
}

async function makeRiotbootImage(
  dir: string,
  model: BoardModel,
  options: ImageOptions,
): Promise<Uint8Array> {
  const { slot, usbusDfu, config } = options;
  if (slot === undefined) {
    throw new DfuError('INVALID_ARGUMENT', 'expected --slot with the slot that it is linked for');
  }
  const version = options.version === undefined ? secondsNow() : riotVersion(options.version);
  const bootloader = riotbootName(model, options.bootloader);
  const payload = await makePayload(dir, { config, modules: usbusDfu ? ['usbus_dfu'] : [] });
  return asArgument(() => firmwareImage(payload, { model, bootloader, slot, version }));
}

const riotVersion = wholeNumber('--version', [0, 0xffffffff]);

interface McubootTerms extends Omit<ImageOptions, 'key'> {
  readonly key: PrivateKey | undefined;
}

/** What the image is signed with; nothing for `--unsigned`. */
async function keyOf(
  terminal: Terminal,
  { key: path, unsigned }: ImageOptions,
): Promise<PrivateKey | undefined> {
  if (unsigned !== true) return signingKey(terminal, path);
  if (path === undefined) return undefined;
  throw new DfuError('INVALID_ARGUMENT', 'expected --key or --unsigned, got both');
}

async function makeMcubootImage(
  payload: Uint8Array,
  model: BoardModel,
  { slot, version, algorithm, key }: McubootTerms,
): Promise<Uint8Array> {
  const image = mcubootFirmware(payload, {
    model,
    slot,
    version,
    mode: algorithm === undefined ? undefined : mcubootMode(algorithm),
    key,
  });
  return asArgumentLater(image);
}

async function makePayload(
  dir: string,
  { modules = [], config = [] }: FirmwareBuildOptions,
): Promise<Uint8Array> {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true) {
    return buildFirmware(dir, { modules, config });
  }
  if (firmwareExamples.includes(dir)) return loadExample(dir, { modules, config });
  const known = firmwareExamples.join(', ');
  throw new DfuError('INVALID_ARGUMENT', `${dir}: no such folder, and no such example (${known})`);
}
