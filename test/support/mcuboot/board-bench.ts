import {
  createBoard,
  mcubootFirmware,
  programFlash,
  unboxProgram,
  boardModel,
  mcubootLayout,
} from '../../../src/board/index.ts';
import type {
  Board,
  BoardEvent,
  McubootMode,
  Peripherals,
  Runner,
  RunningProgram,
} from '../../../src/board/index.ts';
import { MemoryFlash } from '../../../src/flash/index.ts';
import { generateKey } from '../../../src/image/index.ts';
import type { PrivateKey } from '../../../src/image/index.ts';
import { VirtualClock } from '../../../src/usb/index.ts';

/** "Runs" a program that is text: prints it, and then does what the test does. */
export class TextRunner implements Runner {
  readonly started: Peripherals[] = [];

  start(board: Peripherals): RunningProgram {
    const { flash, model, image } = board;
    try {
      const read = (address: number, length: number): Uint8Array =>
        flash.read(address - model.flashBaseAddress, length);
      const payload = unboxProgram(read, image.entryAddress, model.ram);
      this.started.push(board);
      board.uart.write(`${new TextDecoder().decode(payload)}\n`);
    } catch (error) {
      board.fault(String(error));
    }
    return { stop: () => Promise.resolve() };
  }

  /** The board, as the program that was started last sees it. */
  get board(): Peripherals {
    const last = this.started.at(-1);
    if (last === undefined) throw new Error('no program was started');
    return last;
  }
}

export interface McubootBench {
  readonly board: Board;
  readonly clock: VirtualClock;
  readonly flash: MemoryFlash;
  readonly runner: TextRunner;
  readonly events: BoardEvent[];
  /** The console since it was last asked for. */
  readonly console: () => string[];
  /** Makes a signed image of a program that is text. */
  readonly image: (text: string, options?: ImageOptions) => Promise<Uint8Array>;
  /** Puts an image into a slot, as the programmer does. */
  readonly program: (image: Uint8Array, slot: number) => void;
  /** Does it and waits until the board has booted, or lost its power. */
  readonly booted: (start: () => void) => Promise<BoardEvent>;
}

interface ImageOptions {
  readonly version?: string;
  readonly slot?: number;
  readonly key?: PrivateKey;
}

/** Made once: what all these boards trust. */
const trusted = await generateKey('ed25519');

interface BenchOptions {
  readonly name?: string;
  readonly mode?: McubootMode;
  readonly flash?: MemoryFlash;
}

/** A board with MCUboot and a virtual clock. */
export function mcubootBench({
  name = 'reel_board',
  mode = 'swap-using-move',
  flash = new MemoryFlash(boardModel(name).flash),
}: BenchOptions = {}): McubootBench {
  const model = boardModel(name);
  const clock = new VirtualClock();
  const runner = new TextRunner();
  const mcuboot = { mode, keys: [trusted] };
  const board = createBoard({ model, flash, clock, runner, bootloader: 'mcuboot', mcuboot });
  const events: BoardEvent[] = [];
  board.listen((event) => events.push(event));
  let heard = 0;
  return {
    board,
    clock,
    flash,
    runner,
    events,
    console() {
      const fresh = events.slice(heard);
      heard = events.length;
      return fresh.flatMap((event) => (event.type === 'console' ? [event.text] : []));
    },
    image: (text, { version, slot, key = trusted } = {}) =>
      mcubootFirmware(new TextEncoder().encode(text), {
        model,
        mode,
        key,
        ...(slot === undefined ? {} : { slot }),
        ...(version === undefined ? {} : { version }),
      }),
    program: (image, slot) => void programFlash(flash, mcubootLayout(model, mode), image, { slot }),
    booted(start) {
      return new Promise((resolve) => {
        const stop = board.listen((event) => {
          const over = event.type === 'boot' || (event.type === 'power' && !event.on);
          if (!over) return;
          stop();
          resolve(event);
        });
        start();
      });
    },
  };
}
