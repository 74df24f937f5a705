import { GdbStub } from '../../board/index.ts';
import { GdbServer } from '../../board/node/index.ts';
import type { MachineWorkerOptions } from '../../board/node/index.ts';
import type { Board, BoardModel } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { chipModel } from '../../chip/index.ts';
import type { NorFlash } from '../../flash/index.ts';
import { readElfSymbols, recognise } from '../../image/index.ts';
import type { Clock } from '../../usb/index.ts';
import type { MachineCommandOptions } from './machine-options.ts';
import { addressText, isLoopback } from './tcp-address.ts';
import type { TcpAddress } from './tcp-address.ts';
import { readBootrom } from '../shared/bootrom.ts';
import { inFile } from '../shared/firmware-file.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** How a board's machine code is executed, and what is around it. */
interface MachineSetup {
  readonly runner: MachineWorkerOptions;
  readonly symbols: ((address: number) => string | undefined) | undefined;
  /** Takes debuggers, if that was asked for; answers where. */
  listen(board: Board, flash: NorFlash): Promise<TcpAddress | undefined>;
  close(): Promise<void>;
}

/** The options that do nothing where nothing is executed. */
const needsChip: readonly (readonly [key: keyof MachineCommandOptions, option: string])[] = [
  ['gdb', '--gdb'],
  ['gdbWait', '--gdb-wait'],
  ['symbols', '--symbols'],
  ['bootrom', '--bootrom'],
  ['time', '--time'],
];

/** Where debuggers look first. */
const USUAL_PORT = 3333;

function symbolsOf(terminal: Terminal, path: string | undefined): MachineSetup['symbols'] {
  if (path === undefined) return undefined;
  const file = terminal.files.read(path);
  return inFile(path, () => {
    if (file[0] !== 0x7f || recognise(file).format === 'uf2') {
      throw new DfuError('MALFORMED', 'expected an ELF file, for its symbols');
    }
    const symbols = readElfSymbols(file);
    if (symbols.count > 0) return (address) => symbols.nameOf(address);
    const words = 'it has no symbols: was it stripped? The linker leaves them without -s';
    throw new DfuError('MALFORMED', words);
  });
}

/**
 * What was asked for, with files read. Throws `INVALID_ARGUMENT` for options that would do nothing on that board,
 * `MALFORMED` for a file that is not what it must be.
 */
export function machineSetup(
  terminal: Terminal,
  model: BoardModel,
  options: MachineCommandOptions,
  { clock, log }: { readonly clock: Clock; readonly log?: ((line: string) => void) | undefined },
): MachineSetup {
  const chip = chipModel(model.chip);
  const useless = needsChip.find(([key]) => options[key] !== undefined)?.[1];
  if (chip === undefined && useless !== undefined) {
    const why = `machine code of ${model.chip} is not executed`;
    throw new DfuError('INVALID_ARGUMENT', `${useless} would do nothing: ${why}`);
  }
  const holds = options.gdbWait === true;
  const address = options.gdb === true || options.gdb === undefined ? undefined : options.gdb;
  const stub = holds || options.gdb !== undefined ? new GdbStub({ clock, holds }) : undefined;
  let server: GdbServer | undefined;
  return {
    runner: {
      bootrom: chip && readBootrom(terminal, chip, options.bootrom),
      time: options.time,
      debugger: stub?.machineDebugger,
    },
    symbols: symbolsOf(terminal, options.symbols),
    listen: async (board, flash) => {
      if (stub === undefined) return undefined;
      board.listen((event) => stub.told(event));
      const made = await listen(address, (where) => serverFor(stub, board, { flash, where, log }));
      server = made.server;
      if (!isLoopback(made.where)) {
        const words = `whoever reaches ${addressText(made.where)} can change what the board executes`;
        warn(terminal, `Warning: ${words}; the protocol of gdb knows no password`);
      }
      return made.where;
    },
    close: async () => server?.close(),
  };
}

function serverFor(
  stub: GdbStub,
  board: Board,
  {
    flash,
    where,
    log,
  }: {
    readonly flash: NorFlash;
    readonly where: TcpAddress;
    readonly log: ((line: string) => void) | undefined;
  },
): GdbServer {
  const { model } = board;
  return new GdbServer({
    stub,
    ...where,
    log,
    board: {
      get isOn() {
        return board.isOn;
      },
      chip: model.chip,
      flashAddress: model.flashBaseAddress,
      geometry: model.flash,
      flashBytes: flash.sizeBytes,
      reset: () => board.pressReset(),
      flash: {
        eraseFlash: (offsetBytes, lengthBytes) => flash.erase(offsetBytes, lengthBytes),
        programFlash: (offsetBytes, bytes) => flash.program(offsetBytes, bytes),
      },
    },
  });
}

/** At the usual port unless told otherwise; at a free one if that is taken. */
async function listen(
  wanted: TcpAddress | undefined,
  make: (where: TcpAddress) => GdbServer,
): Promise<{ readonly server: GdbServer; readonly where: TcpAddress }> {
  const at = async (
    where: TcpAddress,
  ): Promise<{ readonly server: GdbServer; readonly where: TcpAddress }> => {
    const server = make(where);
    return { server, where: await server.listen() };
  };
  if (wanted !== undefined) return at(wanted);
  try {
    return await at({ host: '127.0.0.1', port: USUAL_PORT });
  } catch (error) {
    if (!DfuError.is(error, 'BUSY')) throw error;
    return at({ host: '127.0.0.1', port: 0 });
  }
}
