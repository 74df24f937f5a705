import { DfuError, didYouMean } from '../bytes/index.ts';
import type { DfuProfile, DfuSeProfile } from '../device/index.ts';
import { COMPATIBLE, DFUSE_PROFILES, DFU_PROFILES } from '../device/index.ts';
import type { NorFlash } from '../flash/index.ts';
import { parseUsbId } from '../usb/index.ts';
import type { Clock } from '../usb/index.ts';
import { Board } from './board.ts';
import type { ButtonConfiguration } from './hardware/button.ts';
import type { BoardModel } from './models/board-model.ts';
import { boardModel } from './models/catalogue.ts';
import type { BootloaderRecord } from './seams/bootloader-record.ts';
import type { DfuPolicy } from './seams/dfu-policy.ts';
import type { ProgramLayout } from './seams/program-layout.ts';
import type { Runner } from './seams/peripherals.ts';
import { bootloaderOf } from './bootloaders/bootloaders.ts';
import type { McubootOptions } from './bootloaders/mcuboot/mcuboot.ts';
import { ES_MODULE, MACHINE_CODE } from './program/box.ts';
import { programSecondStage } from './images/second-stage.ts';
import { MachineRunner } from './machine/machine-runner.ts';
import { chipModel } from '../chip/index.ts';
import { StandInRunner } from './stand-in/stand-in-runner.ts';
import type { StandIn } from './stand-in/stand-in.ts';
import { usbIdentityOf } from './hardware/usb-identity.ts';
import type { UsbIdentityOptions } from './hardware/usb-identity.ts';

/** A board as one would order it. */
export interface BoardOptions extends UsbIdentityOptions {
  /** The board, or its name in the catalogue. */
  readonly model: BoardModel | string;
  /** Its flash: in memory (`MemoryFlash`) or in a file (`NorFlash` over a `FlashFile`). */
  readonly flash: NorFlash;
  readonly clock: Clock;
  /**
   * What runs its programs: `WorkerRunner` of `dfukit/board/node`, or your own. Of several, the first that takes what
   * stands at the image's entry.
   */
  readonly runner: Runner | readonly Runner[];
  /**
   * What plays images of machine code, of which nothing is executed then; the first that is meant for an image counts.
   * Default: a silent one for chips that there is no model of; what has one is executed, in this thread unless one of the
   * runners takes machine code.
   */
  readonly standIns?: readonly StandIn[] | undefined;
  /** One of the board's, by name, or any by its record; default: the board's first. */
  readonly bootloader?: BootloaderRecord | string | undefined;
  /** Vendor and product of DFU mode, `1209:7d02`; default: the bootloader's. */
  readonly usbId?: string | undefined;
  /** Serial number of the chip; default 16 zeros. */
  readonly serial?: string | undefined;
  /** How the bootloader looks at the button. */
  readonly button?: ButtonConfiguration | undefined;
  /**
   * `compatible` (default), `strict`, or a personality such as `riotboot`: how the original answers,
   * defects included. A DfuSe loader: `stm32-rom` (default), `compatible` or `usbd-dfu`.
   */
  readonly profile?: string | undefined;
  /** bitWillDetach, DFU 1.1 table 4.2; default true, as RIOT has it. */
  readonly willDetach?: boolean | undefined;
  /**
   * Refuse a download over the only slot that boots (errVENDOR). Default false: RIOT knows no such
   * refusal, and a slot is often flashed again and again.
   */
  readonly keepBootable?: boolean | undefined;
  /**
   * Refuse an image that the bootloader could not boot while it is sent (default), or write whatever
   * comes, as the originals do. The personalities of the originals always write it.
   */
  readonly checkImages?: boolean | undefined;
  /** riotboot: refuse an image that is older than the newest one installed. Default false. */
  readonly refuseOlder?: boolean | undefined;
  /** What MCUboot is compiled with; needed where it is the bootloader. A record of one's own has its own. */
  readonly mcuboot?: McubootOptions | undefined;
  /** What must hold for DFU_DETACH and DFU_UPLOAD. Default: nothing. */
  readonly policy?: DfuPolicy | undefined;
  /** The functions of its machine code: the one at an address, as `readElfSymbols` names it. A fault says it then. */
  readonly symbols?: ((address: number) => string | undefined) | undefined;
  /** Most time between two feeds of the watchdog, in ms; default 4000. */
  readonly watchdogMs?: number | undefined;
}

/** Throws `INVALID_ARGUMENT` with the profiles that there are. */
function profileOf(name: string, isDfuSe: boolean): DfuProfile {
  const profile = Object.hasOwn(DFU_PROFILES, name) ? DFU_PROFILES[name] : undefined;
  if (profile !== undefined) return profile;
  if (isDfuSe && dfuseProfileOf(name) !== undefined) return COMPATIBLE;
  const known = [
    ...new Set([...Object.keys(DFU_PROFILES), ...(isDfuSe ? Object.keys(DFUSE_PROFILES) : [])]),
  ];
  const near = didYouMean(name, known);
  const message = `no profile "${name}"${near}; there is: ${known.join(', ')}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

function dfuseProfileOf(name: string | undefined): DfuSeProfile | undefined {
  return name !== undefined && Object.hasOwn(DFUSE_PROFILES, name)
    ? DFUSE_PROFILES[name]
    : undefined;
}

/**
 * Those that were ordered, and for machine code that nobody takes one that executes it; or a stand-in, for a chip that
 * there is no model of. Stand-ins that were ordered come first: what none of them is meant for is executed, too.
 */
function runnersOf(
  { runner, standIns }: Pick<BoardOptions, 'runner' | 'standIns'>,
  { chip }: BoardModel,
): readonly Runner[] {
  const runners = [runner].flat();
  const taker = runners.find(({ takes }) => takes?.includes(MACHINE_CODE) ?? true);
  if (taker !== undefined && standIns === undefined) return runners;
  const programs = runners.find(({ takes }) => takes?.includes(ES_MODULE));
  const hasModel = chipModel(chip) !== undefined;
  const executes = hasModel ? (taker ?? new MachineRunner()) : undefined;
  if (standIns === undefined && executes !== undefined) return [executes, ...runners];
  return [new StandInRunner(standIns, { programs, others: executes }), ...runners];
}

/** Throws `INVALID_ARGUMENT` for what no string descriptor can hold. */
function checkSerial(serial: string): string {
  if (/^[\u0020-\u007e]{1,126}$/.test(serial)) return serial;
  const expected = 'expected 1 to 126 printable ASCII characters';
  throw new DfuError('INVALID_ARGUMENT', `serial number: ${expected}, got "${serial}"`);
}

/** Throws `INVALID_ARGUMENT` for a stand-in of a slot that the board does not have: it would never play. */
function checkStandIns(standIns: readonly StandIn[], { slots }: ProgramLayout): void {
  for (const { when: { slot } = {} } of standIns) {
    if (slot === undefined || slot < slots.length) continue;
    const expected =
      slots.length === 0 ? 'there are no slots' : `expected one below ${slots.length}`;
    throw new DfuError('INVALID_ARGUMENT', `stand-in for slot ${slot}: ${expected}`);
  }
}

/**
 * Puts a board together; it has no power yet. Throws `NOT_FOUND` for a board that does not exist,
 * `INVALID_ARGUMENT` for anything that it cannot be had with.
 */
export function createBoard(options: BoardOptions): Board {
  const { flash, clock, button, watchdogMs } = options;
  const { usbId, willDetach, keepBootable, checkImages, refuseOlder, mcuboot } = options;
  const model = typeof options.model === 'string' ? boardModel(options.model) : options.model;
  const serial = checkSerial(options.serial ?? '0'.repeat(16));
  const dfuse = dfuseProfileOf(options.profile);
  const wanted = options.bootloader;
  const record = typeof wanted === 'object' ? wanted : bootloaderOf(model, wanted);
  const profile = profileOf(options.profile ?? 'compatible', record.dfu?.dfuse === true);
  const usbIdentity = usbIdentityOf(options, profile);
  checkStandIns(options.standIns ?? [], record.layout(model, mcuboot?.mode));
  if (record.inFlash !== true) programSecondStage(model, flash);
  const bootloader = record.make({
    model,
    serial,
    profile,
    usbIdentity,
    usbId: usbId === undefined ? undefined : parseUsbId(usbId),
    willDetach,
    keepBootable,
    checkImages,
    refuseOlder,
    build: mcuboot,
    dfuse,
  });
  return new Board({
    model,
    flash,
    clock,
    runner: runnersOf(options, model),
    serial,
    bootloader,
    usbIdentity,
    policy: options.policy,
    symbols: options.symbols,
    button,
    watchdogMs,
  });
}
