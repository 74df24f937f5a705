import { bootloaderOf, createBoard } from '../../board/index.ts';
import {
  FlashFile,
  MachineWorkerRunner,
  ProcessRunner,
  loadStandIn,
  rootKeepsPrivileges,
} from '../../board/node/index.ts';
import type { Board, BoardOptions, StandInText } from '../../board/index.ts';
import { DfuError, crc32 } from '../../bytes/index.ts';
import { DFU_PROFILES } from '../../device/index.ts';
import { MemoryFlash, NorFlash } from '../../flash/index.ts';
import { UsbipServer, attachToKernel } from '../../link/usbip/index.ts';
import type { ExportedDevice, KernelAttachment } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import { machineSetup } from './machine.ts';
import type { MachineCommandOptions } from './machine-options.ts';
import { mcubootOptions } from './mcuboot-options.ts';
import type { McubootChoice } from './mcuboot-options.ts';
import { refuseUseless } from './option-fit.ts';
import type { BootloaderChoices } from './option-fit.ts';
import type { TcpAddress } from './tcp-address.ts';
import { boardNamed } from '../shared/board-named.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What `board run` was asked for. */
export interface BoardRunOptions extends Omit<
  BoardOptions,
  | 'model'
  | 'flash'
  | 'clock'
  | 'runner'
  | 'willDetach'
  | 'serial'
  | 'mcuboot'
  | 'bootloader'
  | 'symbols'
> {
  readonly boardName: string;
  /** Its name; default: the board's first. */
  readonly bootloader?: string | undefined;
  /** File that holds the flash; without it, memory. */
  readonly flashFile?: string | undefined;
  /** Flash that somebody has put something into already, instead. */
  readonly flash?: NorFlash | undefined;
  readonly serial?: string | undefined;
  /** Hold the button while the board starts. */
  readonly holdButton: boolean;
  readonly usbip?: TcpAddress | undefined;
  readonly attach: boolean;
  readonly willDetach?: boolean | undefined;
  /** What MCUboot is compiled with, where it is the bootloader. */
  readonly mcuboot?: McubootChoice | undefined;
  /** What was asked of the bootloader; refused if it does nothing there. */
  readonly choices?: BootloaderChoices | undefined;
  /** Who plays images of machine code. */
  readonly standInTexts?: readonly StandInText[] | undefined;
  /** How its machine code is executed, and who debugs it. */
  readonly machine?: MachineCommandOptions | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

/** A board that is running, and where it can be reached. */
export interface BoardSession {
  readonly board: Board;
  /** Undefined if it is attached to the kernel only. */
  readonly usbip: (TcpAddress & { readonly busid: string }) | undefined;
  /** Where a debugger finds it, if it takes one. */
  readonly gdb: TcpAddress | undefined;
  /** Port of vhci_hcd that it is at. */
  readonly kernelPort: number | undefined;
  close(): Promise<void>;
}

/** The port where USB/IP clients look first. */
const USUAL_PORT = 3240;

/**
 * The serial number of a board that was given none: eight digits for the board, eight for the file
 * that holds its flash, so that the same file is the same board each time.
 */
function defaultSerial(boardName: string, flashFile: string | undefined): string {
  const digits = (text: string): string =>
    crc32(new TextEncoder().encode(text)).toString(16).toUpperCase().padStart(8, '0');
  return digits(boardName) + digits(flashFile ?? '');
}

/**
 * Puts a board together and starts it. Without an address and without `attach` its USB/IP server takes
 * 127.0.0.1:3240, or a free port if that is taken.
 */
export async function startBoard(
  terminal: Terminal,
  options: BoardRunOptions,
  observe: (board: Board) => void,
): Promise<BoardSession> {
  const model = await boardNamed(terminal, options.boardName);
  const clock = timerClock(globalThis);
  const { flashFile, serial, usbip, attach, willDetach, log, holdButton, ...others } = options;
  const { mcuboot: choice = {}, choices = {}, flash: given, standInTexts = [], ...left } = others;
  const { machine: machineOptions = {}, ...rest } = left;
  const bootloader = bootloaderOf(model, rest.bootloader);
  refuseUseless(bootloader, choices);
  const machine = machineSetup(terminal, model, machineOptions, { clock, log });
  const standIns = await Promise.all(standInTexts.map((each) => loadStandIn(each)));
  const mcuboot = bootloader.trustsKeys ? await mcubootOptions(terminal, model, choice) : undefined;
  const file = flashFile === undefined ? undefined : FlashFile.open(flashFile, model.flash);
  const closers: (() => unknown)[] = [() => file?.close()];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).toReversed()) await each();
  };
  if (rootKeepsPrivileges()) {
    const words = `${process.execPath} can be started by root alone, so flashed firmware runs as root, too`;
    warn(terminal, `Warning: ${words}; SECURITY.md says what holds it`);
  }
  try {
    const norFlash =
      file === undefined
        ? (given ?? new MemoryFlash(model.flash))
        : new NorFlash(model.flash, file);
    const board = createBoard({
      ...rest,
      bootloader,
      mcuboot,
      model,
      clock,
      flash: norFlash,
      runner: [new ProcessRunner(), new MachineWorkerRunner(machine.runner)],
      standIns,
      symbols: machine.symbols,
      serial: serial ?? defaultSerial(model.name, file?.path),
      willDetach: willDetach ?? usualWillDetach(options),
    });
    closers.push(() => board.close());
    observe(board);
    const listening = attach && usbip === undefined ? undefined : await listen(usbip, log);
    const server = listening?.server ?? new UsbipServer({ clock, log });
    closers.push(() => server.close());
    const exported = server.add(board.port);
    closers.push(() => machine.close());
    const gdb = await machine.listen(board, norFlash);
    const started = untilStarted(board);
    // Not every board has one.
    if (holdButton) board.setButton(true);
    board.powerOn();
    if (holdButton) board.setButton(false);
    await started;
    const kernel = attach ? await plugIntoKernel(exported, log) : undefined;
    if (kernel !== undefined) closers.push(() => kernel.close());
    return {
      board,
      usbip: listening && { ...listening.address, busid: exported.busId },
      gdb,
      kernelPort: kernel?.port,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Until its bootloader has decided: some take their time. */
function untilStarted(board: Board): Promise<void> {
  return new Promise((resolve) => {
    const stop = board.listen(({ type }) => {
      if (type !== 'boot' && type !== 'fault') return;
      stop();
      resolve();
    });
  });
}

/**
 * bitWillDetach unless told otherwise. A remote client does not import a board again by itself: there
 * the mode must change inside the reset that the host owes. A profile that is a real device's may have its own.
 */
function usualWillDetach({ attach, usbip, profile }: BoardRunOptions): boolean {
  const own = profile === undefined ? undefined : DFU_PROFILES[profile]?.willDetach;
  return own ?? (attach && usbip === undefined);
}

function plugIntoKernel(
  exported: ExportedDevice,
  log: ((line: string) => void) | undefined,
): Promise<KernelAttachment> {
  return attachToKernel(exported, { log });
}

async function listen(
  wanted: TcpAddress | undefined,
  log: ((line: string) => void) | undefined,
): Promise<{ server: UsbipServer; address: TcpAddress }> {
  const clock = timerClock(globalThis);
  const at = async (address: TcpAddress): Promise<{ server: UsbipServer; address: TcpAddress }> => {
    const server = new UsbipServer({ clock, ...address, log });
    return { server, address: await server.listen() };
  };
  if (wanted !== undefined) return at(wanted);
  try {
    return await at({ host: '127.0.0.1', port: USUAL_PORT });
  } catch (error) {
    if (!DfuError.is(error, 'BUSY')) throw error;
    return at({ host: '127.0.0.1', port: 0 });
  }
}
