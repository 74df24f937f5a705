import { Command } from 'commander';
import { parseStandIn, pinMode } from '../../board/index.ts';
import type { ButtonConfiguration, StandInText } from '../../board/index.ts';
import { DFUSE_PROFILES, DFU_PROFILES, STM32_ROM } from '../../device/index.ts';
import type { RunOrder } from './run.ts';
import type { BoardRunOptions } from './session.ts';
import { addImageOptions } from './image-options.ts';
import type { ImageCommandOptions } from './image-options.ts';
import { addMachineOptions } from './machine-options.ts';
import type { MachineCommandOptions } from './machine-options.ts';
import { pin } from './option-fit.ts';
import { addUsbOptions, usbOptionsOf } from './usb-options.ts';
import type { UsbCommandOptions } from './usb-options.ts';
import { parseGdbAddress, parseUsbipAddress } from './tcp-address.ts';
import type { TcpAddress } from './tcp-address.ts';
import { ALGORITHM_HELP } from './mcuboot-options.ts';
import { BOARD_HELP } from '../shared/board-named.ts';
import { collect } from '../shared/collect.ts';
import { wholeNumber } from '../shared/numbers.ts';
import { addDetails, inGroup, rareOnes } from '../shared/rare-options.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

interface RunCommand extends UsbCommandOptions, ImageCommandOptions, MachineCommandOptions {
  readonly bootloader?: string | undefined;
  readonly flash?: string | undefined;
  readonly button?: true | undefined;
  readonly usbId?: string | undefined;
  readonly serial?: string | undefined;
  readonly usbip?: TcpAddress | undefined;
  readonly attach?: true | undefined;
  readonly profile?: string | undefined;
  readonly willDetach?: boolean | undefined;
  readonly keepBootable?: true | undefined;
  readonly watchdog?: number | undefined;
  readonly btnPin?: string | undefined;
  readonly btnMode?: string | undefined;
  readonly btnExtPullup?: true | undefined;
  readonly btnNone?: true | undefined;
  readonly verbose?: true | undefined;
  readonly algorithm?: string | undefined;
  readonly key?: readonly string[] | undefined;
  readonly guarded?: true | undefined;
  readonly standIn?: readonly StandInText[] | undefined;
  readonly json?: true | undefined;
  readonly until?: readonly string[] | undefined;
  readonly failOn?: readonly string[] | undefined;
  readonly timeout?: string | undefined;
}
/** Reads `--will-detach`. */
function bit(text: string): boolean {
  return wholeNumber('--will-detach', [0, 1])(text) === 1;
}

/** Reads `--stand-in`, which may be given again. */
function standIn(text: string, before: readonly StandInText[] = []): StandInText[] {
  return [...before, parseStandIn(text)];
}

const runHelp = `
Without --usbip and --attach it is lent over USB/IP at 127.0.0.1:3240, or a free
port, as the first lines say. Without --flash it forgets everything at the end.

Examples:
  dfukit board run reel_board --flash reel.bin
  dfukit board run particle-xenon --usbip 127.0.0.1:0 --json
  dfukit board run rpi_pico --flash pico.bin --gdb
  dfukit board run reel_board --until boot:version=2.0.0 --timeout 2min`;

const runDetails = `
Over USB/IP the run-time function says bitWillDetach = 0, so that the mode changes inside the reset that
the host owes and a remote client keeps its connection; with --attach and with --profile riotboot it says
1, as RIOT does: the board leaves the bus, and with --attach comes back by itself.

Machine code of your own build (zephyr.signed.bin, slot0.riot.bin) is executed on rpi_pico and stm32f072b_disco, and gdb
may look at it with --gdb (docs/machine-code.md); elsewhere, or with --stand-in, a stand-in plays it. Words: silent (the
default), dfu-runtime, usb-dfu, firmware=PATH; confirm=500ms, upgrade=2s, upgrade=2s/permanent; hang=3s, crash=0ms,
reset=1s. The first that is meant for an image plays it (docs/your-firmware.md):
  --stand-in version=2.0.0:usb-dfu,confirm=500ms --stand-in usb-dfu

Whoever reaches that port can flash the board, and what is flashed runs: in a process of its own that can open
no file, no socket and no other process, has no environment and, if root started it, is nobody (SECURITY.md).

A board with MCUboot trusts the keys that its file names, else the one that signs the examples, which is made when
it is first needed and kept in the user's configuration folder (XDG_CONFIG_HOME/dfukit/examples-rsa-2048.pem).

A SPEC is an event with what it must say; every kind, with its fields, is in docs/board-json.md:
  --until boot:version=2.0.0,slot=0 --until 10s --fail-on fault --fail-on boot:cause=watchdog --timeout 2min
  --until 'console:/Image confirmed/i'  --fail-on 'refused:status=errFIRMWARE'  --timeout 500ms

With --json, events come as one JSON object a line and commands are taken likewise (docs/board-json.md):
  {"command":"reset"}  {"command":"reset","button":true}  {"command":"button","pressed":true}
  {"command":"unplug"}  {"command":"replug"}  {"command":"power-off"}  {"command":"power-on"}
  {"command":"power-cut","afterOperations":100,"kind":"torn"}  {"command":"input","text":"saul read 3"}
  {"command":"sensor","name":"NRF_TEMP","value":1950}  {"command":"state"}  {"command":"quit"}
  {"command":"wait","for":{"event":"boot","version":"2.0.0"},"timeoutMs":10000}
Each is answered by {"event":"done",…} or {"event":"error",…} when it is carried out, with its "id" if it has one.
The end of standard input quits, except that of /dev/null: a board in the background runs on until a signal ends it.`;

/** The names that `--profile` takes, the default first. */
const profiles = [
  'compatible (default)',
  ...Object.keys(DFU_PROFILES).filter((name) => name !== 'compatible'),
].join(', ');

/** Those of a DfuSe loader. */
const dfuseProfiles = [
  `${STM32_ROM.name} (default)`,
  ...Object.keys(DFUSE_PROFILES).filter((name) => name !== STM32_ROM.name),
].join(', ');

/** `dfukit board run`. */
export function runCommand(terminal: Terminal): Command {
  const made = new Command('run')
    .description('power a board and keep it running')
    .argument('<board>', BOARD_HELP)
    .option('--bootloader <name>', "one of the board's, see board list")
    .option('--flash <file>', 'keep the flash in this file; made if it is not there')
    .option('--button', 'hold the button while the board starts')
    .option('--usb-id <vvvv:pppp>', 'vendor and product in DFU mode; default 1209:7d02')
    .option(
      '--serial <text>',
      'serial number; default 16 hex digits made from board and flash file',
    )
    .option(
      '--usbip <host:port>',
      'lend it over USB/IP there; port 0: a free one',
      parseUsbipAddress,
    )
    .option('--attach', "attach it to this machine's kernel (Linux, root, vhci-hcd)")
    .option('--gdb [host:port]', 'take a debugger there; default 127.0.0.1:3333', parseGdbAddress)
    .option(
      '--profile <name>',
      `how DFU is answered: ${profiles}; stm32f072b_disco: ${dfuseProfiles}`,
    )
    .option('--will-detach <bit>', 'bitWillDetach, whatever the link: 0 or 1', bit)
    .option('--keep-bootable', 'refuse a download over the only slot that boots')
    .option(
      '--watchdog <ms>',
      'period of the watchdog',
      wholeNumber('--watchdog', [100, 3_600_000]),
    )
    .option('--algorithm <name>', ALGORITHM_HELP)
    .option(
      '--key <file>',
      "key that MCUboot trusts; again for more of its kind; default: the examples'",
      collect,
    )
    .option(
      '--stand-in <text>',
      'who plays images of machine code, [version=…|sha256=…|slot=…:]WORD,… (--help-all); again for more',
      standIn,
    )
    .option('--guarded', 'MCUboot refuses known hazards instead of doing as it does')
    .option('--btn-pin <pin>', 'BTN_BOOTLOADER_PIN: the pin that the bootloader looks at', pin)
    .option('--btn-mode <mode>', 'BTN_BOOTLOADER_MODE, e.g. GPIO_IN_PU')
    .option('--btn-ext-pullup', 'BTN_BOOTLOADER_EXT_PULLUP')
    .option('--btn-none', 'BTN_BOOTLOADER_NONE: it looks at none')
    .option(
      '--until <spec>',
      'put it away, with exit code 0, at this event or after this time; again: each after the one before',
      collect,
    )
    .option(
      '--fail-on <spec>',
      'put it away at this event, with exit code 1; again for more',
      collect,
    )
    .option('--timeout <time>', 'put it away after this time, with exit code 124')
    .option('-v, --verbose', 'what the USB link does, on standard error')
    .option('--json', 'events and commands as JSON')
    .action((name: string, options: RunCommand) => run(terminal, name, options));
  inGroup(made, 'Machine code that it executes:', addMachineOptions);
  inGroup(made, 'Images that it takes:', addImageOptions);
  inGroup(made, 'What it says on USB:', addUsbOptions);
  return addDetails(rareOnes(made, ...seldom), runDetails).addHelpText('after', runHelp);
}

/** What boards have set right for most. */
const seldom: readonly string[] = [
  '--gdb-wait',
  '--symbols',
  '--bootrom',
  '--time',
  '--usb-id',
  '--profile',
  '--will-detach',
  '--keep-bootable',
  '--watchdog',
  '--guarded',
  '--btn-pin',
  '--btn-mode',
  '--btn-ext-pullup',
  '--btn-none',
  '--no-image-check',
  '--refuse-older',
  '--image-vendor',
  '--image-class',
  '--no-ms-os',
  '--no-webusb',
  '--landing-page',
  '--no-serial-string',
  '--detach-needs',
  '--upload-needs',
];

async function run(terminal: Terminal, boardName: string, options: RunCommand): Promise<void> {
  const { runBoard } = await import('./run.ts');
  const { endsOf } = await import('./ends.ts');
  const asked = (): RunOrder => ({
    options: runOptionsOf(terminal, boardName, options),
    ends: endsOf(options),
  });
  await runBoard(terminal, asked, { json: options.json === true });
}

/** What was asked for. Throws for what cannot be had. */
function runOptionsOf(terminal: Terminal, boardName: string, options: RunCommand): BoardRunOptions {
  const { flash, serial, usbip, bootloader, usbId, profile, willDetach, watchdog } = options;
  return {
    boardName,
    holdButton: options.button === true,
    attach: options.attach === true,
    button: buttonOf(options),
    keepBootable: options.keepBootable === true,
    checkImages: options.imageCheck !== false,
    refuseOlder: options.refuseOlder !== undefined,
    flashFile: flash,
    serial,
    usbip,
    bootloader,
    usbId,
    profile,
    willDetach,
    watchdogMs: watchdog,
    log: options.verbose === true ? (line) => warn(terminal, line) : undefined,
    ...usbOptionsOf(options),
    mcuboot: options,
    choices: options,
    standInTexts: options.standIn,
    machine: options,
  };
}

function buttonOf({ btnPin, btnMode, btnExtPullup, btnNone }: RunCommand): ButtonConfiguration {
  return {
    pin: btnPin,
    mode: btnMode === undefined ? undefined : pinMode(btnMode),
    extPullup: btnExtPullup === true,
    none: btnNone === true,
  };
}
