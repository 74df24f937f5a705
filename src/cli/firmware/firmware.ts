import { statSync } from 'node:fs';
import { Command } from 'commander';
import { bootloaderOf, bootloadersOf } from '../../board/index.ts';
import { buildFirmware, firmwareExamples, loadExample } from '../../board/node/index.ts';
import type { BoardModel, BootloaderRecord } from '../../board/index.ts';
import type { FirmwareBuildOptions } from '../../board/node/index.ts';
import { DfuError, didYouMean } from '../../bytes/index.ts';
import { sendPlan, sendTo } from '../../host/index.ts';
import type { Selection } from '../../host/index.ts';
import { parseUsbId } from '../../usb/index.ts';
import type { PrivateKey } from '../../image/index.ts';
import { BOARD_HELP, boardNamed } from '../shared/board-named.ts';
import { ExitCode, answering, cannot } from '../shared/exit-codes.ts';
import { addExamples } from '../shared/examples.ts';
import { addDetails } from '../shared/rare-options.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { ALGORITHM_HELP, signingKey } from '../board/mcuboot-options.ts';
import { builtImage } from './built-image.ts';
import { passOn } from '../shared/pass-on.ts';
import { isSourceName } from '../shared/program-source.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { exitOf } from '../host/progress.ts';
import { runOnBus } from '../host/run-on-bus.ts';
import { busOption } from '../host/select.ts';
import { asArgumentLater } from '../shared/wrong-argument.ts';

interface ImageOptions {
  readonly board: string;
  readonly slot?: number | undefined;
  readonly version?: string | undefined;
  readonly bootloader?: string | undefined;
  readonly usbusDfu: boolean;
  readonly config?: readonly string[] | undefined;
  readonly algorithm?: string | undefined;
  readonly key?: string | undefined;
  readonly unsigned?: true | undefined;
}

interface BuildCommand extends ImageOptions {
  readonly json?: true | undefined;
  readonly output: string;
}

interface FlashCommand extends ImageOptions {
  readonly usbId?: string | undefined;
  readonly serial?: string | undefined;
  readonly path?: string | undefined;
  readonly wait?: true | undefined;
  readonly bus: readonly string[];
  readonly json?: true | undefined;
}

/** `dfukit firmware …`. */
export function command(terminal: Terminal): Command {
  const group = new Command('firmware')
    .description('firmware for virtual boards: build it, flash it')
    .addCommand(listCommand(terminal))
    .addCommand(buildCommand(terminal))
    .addCommand(flashCommand(terminal));
  return addExamples(
    group,
    'dfukit firmware list',
    'dfukit firmware build hello-world --board reel_board -o hello.bin',
  );
}

function listCommand(terminal: Terminal): Command {
  const list = new Command('list')
    .description('the examples that come along, built')
    .option('--json', 'one JSON object a line instead of text')
    .action(({ json }: { readonly json?: true }) => {
      for (const name of firmwareExamples) {
        if (json === true) writeJson(terminal.out, { firmware: name });
        else terminal.out.write(`${name}\n`);
      }
    });
  return addExamples(list, 'dfukit firmware list');
}

/** What both `build` and `flash` need to make an image. */
function addImageOptions(to: Command, or = ''): Command {
  return to
    .argument(
      '<dir>',
      `folder with a main.ts, a .ts or .js file, or the name of an example (see firmware list)${or}`,
    )
    .requiredOption('--board <board>', `which board: ${BOARD_HELP}`)
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
    );
}

/** `CONFIG_X=y` or `CONFIG_X` sets it, `CONFIG_X=n` does not. Throws `INVALID_ARGUMENT`. */
function addSymbol(text: string, before: readonly string[] = []): readonly string[] {
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

/** Seconds since 1970. */
function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}

function buildCommand(terminal: Terminal): Command {
  const build = addVersion(addImageOptions(new Command('build')))
    .description('build a firmware and put it into an image for a slot')
    .requiredOption('-o, --output <file>', 'the image; - for standard output')
    .option('--algorithm <name>', ALGORITHM_HELP)
    .option(
      '--key <file>',
      "MCUboot: key to sign with; default: the board file's, or the examples'",
    )
    .option('--unsigned', 'MCUboot: leave room for the header and do not sign; for imgtool sign')
    .option('--json', 'one JSON object a line instead of text')
    .action(async (dir: string, options: BuildCommand) => {
      const image = await makeImage(terminal, dir, options);
      if (options.output === '-') {
        await passOn(terminal.out, image);
        return;
      }
      await writeImage(terminal, options, image);
    });
  return addExamples(
    addDetails(build, buildDetails),
    'dfukit firmware build hello-world --board reel_board --version 1.2.0 -o hello.bin',
    'dfukit firmware build my-firmware --board particle-xenon --slot 0 -o slot0.bin',
  );
}

const buildDetails = `
Without --bootloader the layout is that of riotboot_dfu, or with --no-usbus-dfu that of plain riotboot, as in RIOT;
on boards that cannot be had with these, that of the board's first bootloader.

For MCUboot the image comes signed, as Zephyr's zephyr.signed.bin. The key of the examples is made when it is
first needed, and kept in the user's configuration folder (XDG_CONFIG_HOME/dfukit/examples-rsa-2048.pem).`;

async function writeImage(
  terminal: Terminal,
  { output: path, json }: BuildCommand,
  image: Uint8Array,
): Promise<void> {
  try {
    await terminal.files.write(path, image);
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'BUSY') throw error;
    throw cannot(`write ${path}`, error.cause, ExitCode.cannotCreate);
  }
  const bytes = image.length;
  if (json === true) writeJson(terminal.out, { type: 'built', file: path, bytes });
  else terminal.out.write(`${path}: ${bytes} bytes\n`);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** A file that is no source of a firmware. */
function isBuilt(path: string): boolean {
  return isFile(path) && !isSourceName(path);
}

/** The options that say how a firmware is made, as they are typed. */
function made({ version, config, usbusDfu }: ImageOptions): Readonly<Record<string, unknown>> {
  return {
    '--version': version,
    '--config': config?.length === 0 ? undefined : config,
    '--no-usbus-dfu': usbusDfu ? undefined : true,
  };
}

function flashCommand(terminal: Terminal): Command {
  const flash = addVersion(addImageOptions(new Command('flash'), ', or an image that is built'))
    .description(
      'build a firmware and download it to its slot; a board in run-time mode is asked first',
    )
    .option('--usb-id <vvvv:pppp>', "vendor and product in DFU mode; default: the bootloader's")
    .option('-S, --serial <serial>', 'serial number of the board')
    .option('-p, --path <path>', 'bus and ports, e.g. 1-4.2')
    .option('-w, --wait', 'wait until such a board is plugged in')
    .addOption(busOption())
    .option('--json', 'one JSON object a line instead of text')
    .action(
      answering(async (dir: string, options: FlashCommand) => {
        // What takes downloads is the bootloader, whatever the firmware itself can do.
        const model = await boardNamed(terminal, options.board);
        const record = takingDownloads(model, options);
        const { bytes, address, slot } = isBuilt(dir)
          ? builtImage(terminal, dir, { model, record, slot: options.slot, useless: made(options) })
          : {
              bytes: await makeImage(terminal, dir, { ...options, bootloader: record.name }),
              address: model.flashBaseAddress,
              slot: options.slot,
            };
        const selection = selectionOf({ ...options, slot }, record);
        // A loader that speaks DfuSe wants to know where the flash begins; any other knows.
        const plan = sendPlan(bytes, { address, leave: true });
        return runOnBus(terminal, options, async (around) => {
          const terms = { ...around, selection, wait: options.wait };
          return exitOf(await sendTo(around.bus, plan, terms));
        });
      }),
    );
  return addExamples(
    flash,
    'dfukit firmware flash saul --board particle-xenon --slot 0 --bus usbip://127.0.0.1',
    'dfukit firmware flash hello.bin --board reel_board -w',
  );
}

/**
 * The bootloader that takes the download: the one that is asked for, or the board's. Throws `INVALID_ARGUMENT`
 * if it takes none, unless somebody says where DFU mode is.
 */
function takingDownloads(
  model: BoardModel,
  { bootloader, usbId }: Pick<FlashCommand, 'bootloader' | 'usbId'>,
): BootloaderRecord {
  const had = bootloader === undefined ? bootloadersOf(model) : [bootloaderOf(model, bootloader)];
  const found = had.find(({ dfu }) => dfu !== undefined);
  if (found !== undefined) return found;
  const [asked] = had;
  if (bootloader !== undefined && usbId !== undefined && asked !== undefined) return asked;
  const names = had.map(({ name }) => name).join(', ');
  const why = `no bootloader of ${model.name} takes downloads (${names})`;
  const instead = 'use board program, or dfukit download to a firmware that takes them';
  throw new DfuError('INVALID_ARGUMENT', `${why}; ${instead}`);
}

/** Any board in run-time mode, and DFU mode by its ids; then the alternate that is the slot. */
function selectionOf(
  { usbId, slot, serial, path }: Pick<FlashCommand, 'usbId' | 'slot' | 'serial' | 'path'>,
  { dfu }: BootloaderRecord,
): Selection {
  const ids = usbId === undefined ? dfu?.usbId : parseUsbId(usbId);
  return {
    runtime: { vendor: 'any', product: 'any' },
    dfu: { vendor: ids?.idVendor ?? 'any', product: ids?.idProduct ?? 'any' },
    alternate: dfu === undefined ? slot : dfu.alternate(slot),
    runtimeSerial: serial,
    dfuSerial: serial,
    path,
  };
}

/**
 * The bootloader that a firmware is made for. As in RIOT one with the DFU run-time interface goes with a
 * bootloader that has USB DFU, and one without it with one that has none.
 */
function bootloaderFor(
  model: BoardModel,
  { bootloader, usbusDfu }: Pick<ImageOptions, 'bootloader' | 'usbusDfu'>,
): BootloaderRecord {
  const usual = bootloadersOf(model).find(
    ({ dfu, firmware }) => firmware.runtimeModules.length > 0 && (dfu !== undefined) === usbusDfu,
  );
  return bootloaderOf(model, bootloader ?? usual?.name);
}

/** What the image is signed with; nothing for `--unsigned`. */
async function keyOf(
  terminal: Terminal,
  model: BoardModel,
  { key: path, unsigned }: ImageOptions,
): Promise<PrivateKey | undefined> {
  if (unsigned !== true) return signingKey(terminal, model, path);
  if (path === undefined) return undefined;
  throw new DfuError('INVALID_ARGUMENT', 'expected --key or --unsigned, got both');
}

/** The image for a slot out of a folder or an example. */
async function makeImage(
  terminal: Terminal,
  dir: string,
  options: ImageOptions,
): Promise<Uint8Array> {
  const { slot, usbusDfu, config, algorithm: mode } = options;
  const model = await boardNamed(terminal, options.board);
  const { firmware, trustsKeys } = bootloaderFor(model, options);
  if (firmware.needsSlot && slot === undefined) {
    throw new DfuError('INVALID_ARGUMENT', 'expected --slot with the slot that it is linked for');
  }
  const key = trustsKeys ? await keyOf(terminal, model, options) : undefined;
  const hashed = key === undefined && options.unsigned !== true;
  const version = options.version ?? firmware.version(secondsNow());
  const payload = await makePayload(dir, {
    config,
    modules: usbusDfu ? firmware.runtimeModules : [],
  });
  return asArgumentLater(firmware.box(payload, { model, mode, slot, version, key, hashed }));
}

async function makePayload(
  dir: string,
  { modules = [], config = [] }: FirmwareBuildOptions,
): Promise<Uint8Array> {
  const isFolder = statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder || (isFile(dir) && isSourceName(dir))) {
    return buildFirmware(dir, { modules, config });
  }
  if (firmwareExamples.includes(dir)) return loadExample(dir, { modules, config });
  const known = firmwareExamples.join(', ');
  const near = didYouMean(dir, firmwareExamples);
  const what = isFile(dir) ? 'neither a folder nor a .ts or .js file' : 'no such folder';
  const message = `${dir}: ${what}, and no such example (${known})${near}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}
