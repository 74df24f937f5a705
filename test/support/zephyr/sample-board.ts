import { startSample } from '../../../firmware/usb-dfu/sample.ts';
import {
  boardModel,
  createBoard,
  mcubootFirmware,
  mcubootLayout,
  programFlash,
  unboxProgram,
} from '../../../src/board/index.ts';
import type {
  Board,
  BoardEvent,
  BoardOptions,
  McubootOptions,
  Peripherals,
  Runner,
  RunningProgram,
} from '../../../src/board/index.ts';
import { MemoryFlash } from '../../../src/flash/index.ts';
import { generateKey, parseVersion, signImage } from '../../../src/image/index.ts';
import type { PrivateKey, SignOptions } from '../../../src/image/index.ts';
import { LoopbackBus } from '../../../src/link/loopback/index.ts';
import type { LoopbackPlug } from '../../../src/link/loopback/index.ts';
import { VirtualClock } from '../../../src/usb/index.ts';
import { onClock } from '../scripted-pipe.ts';
import { inProcess } from './in-process.ts';

/** A program that is this text is the sample; any other is a text that it prints. */
const SAMPLE = 'usb-dfu';

/** Runs the sample, with its flash backend, in the thread of the test. */
class SampleRunner implements Runner {
  start(board: Peripherals): RunningProgram {
    const { flash, model, image } = board;
    const read = (address: number, length: number): Uint8Array =>
      flash.read(address - model.flashBaseAddress, length);
    const text = new TextDecoder().decode(unboxProgram(read, image.entryAddress, model.ram));
    const print = (line: string): void => board.uart.write(`${line}\n`);
    if (text !== SAMPLE) {
      print(text);
      return { stop: () => Promise.resolve() };
    }
    const program = inProcess(board, print);
    startSample(program.board, { flashBackend: true }).catch((error: unknown) => {
      board.fault(String(error));
    });
    return {
      stop() {
        program.usb.stop();
        return Promise.resolve();
      },
    };
  }
}

/** Made once: what these boards trust. */
export const trusted: PrivateKey = await generateKey('ecdsa-p256');

export interface SampleBoard {
  readonly board: Board;
  readonly clock: VirtualClock;
  readonly flash: MemoryFlash;
  readonly bus: LoopbackBus;
  readonly plug: LoopbackPlug;
  /** Where the slots begin, in flash. */
  readonly slotOffsets: readonly number[];
  /** The console so far, without times. */
  readonly console: () => string[];
  /** The same, as printed. */
  readonly rawConsole: () => string[];
  readonly image: (text: string) => Promise<Uint8Array>;
  /** On virtual time. */
  readonly run: <T>(work: Promise<T>) => Promise<T>;
  /** Resets the board and waits until it has booted. */
  readonly reset: () => Promise<void>;
}

interface SampleBoardOptions extends Pick<BoardOptions, 'checkImages'> {
  /** What its MCUboot is compiled with besides the key. */
  readonly mcuboot?: Omit<McubootOptions, 'keys'>;
  /** Version of the sample; default 0.0.0. */
  readonly version?: string;
  /** Signs it with this besides. */
  readonly sign?: Partial<SignOptions>;
}

/** A board with MCUboot and the sample in slot 0, running, at a host. */
export async function sampleBoard(
  name: 'nucleo_u575zi_q' | 'reel_board',
  profile: string,
  { mcuboot: build = {}, version, sign, ...options }: SampleBoardOptions = {},
): Promise<SampleBoard> {
  const model = boardModel(name);
  const clock = new VirtualClock();
  const flash = new MemoryFlash(model.flash);
  const mcuboot = { ...build, keys: [trusted] };
  const mode = build.mode;
  const layout = mcubootLayout(model, mode);
  // The watchdog of a program that has no loop of its own would bite while time jumps.
  const rest = {
    ...options,
    profile,
    mcuboot,
    watchdogMs: 1e9,
    serial: '20363736594E501200220033',
  };
  const board = createBoard({ model, flash, clock, runner: new SampleRunner(), ...rest });
  const events: BoardEvent[] = [];
  board.listen((event) => events.push(event));
  const image = async (text: string): Promise<Uint8Array> => {
    const payload = new TextEncoder().encode(text);
    const like = { model, ...(mode === undefined ? {} : { mode }), version: version ?? '0.0.0' };
    if (sign === undefined) return mcubootFirmware(payload, { ...like, key: trusted });
    const signed = await signImage(await mcubootFirmware(payload, like), {
      version: parseVersion(like.version),
      headerSize: layout.headerBytes,
      key: trusted,
      ...sign,
    });
    return signed.bytes;
  };
  const booted = (start: () => void): Promise<void> =>
    new Promise((resolve) => {
      const stop = board.listen(({ type }) => {
        if (type !== 'boot') return;
        stop();
        resolve();
      });
      start();
    });
  programFlash(flash, layout, await image(SAMPLE), { slot: 0 });
  const bus = new LoopbackBus(clock, { manner: 'linux' });
  const plug = bus.plug(board.port);
  const run = <T>(work: Promise<T>): Promise<T> => onClock(clock, work);
  // Not on virtual time: what the bootloader waits for is its cryptography.
  await booted(() => board.powerOn());
  const rawConsole = (): string[] =>
    events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
  return {
    board,
    clock,
    flash,
    bus,
    plug,
    image,
    run,
    rawConsole,
    slotOffsets: layout.slots.map(({ address }) => address - model.flashBaseAddress),
    console: () => rawConsole().map((line) => line.replace(/^\[[0-9:.,]+\] /, '')),
    reset: () => booted(() => board.pressReset()),
  };
}
