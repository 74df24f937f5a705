import {
  boardLayout,
  boardModel,
  createBoard,
  firmwareImage,
  programFlash,
} from '../../src/board/index.ts';
import type {
  Board,
  BoardEvent,
  BoardOptions,
  Peripherals,
  Runner,
  RunningProgram,
} from '../../src/board/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import type { UsbDevice } from '../../src/usb/index.ts';

/** A runner without a processor: tests do what the program would. */
export class FakeRunner implements Runner {
  readonly started: Peripherals[] = [];
  stopped = 0;

  start(peripherals: Peripherals): RunningProgram {
    this.started.push(peripherals);
    return {
      stop: () => {
        this.stopped += 1;
        return Promise.resolve();
      },
    };
  }

  /** The board, as the program that was started last sees it. */
  get board(): Peripherals {
    const last = this.started.at(-1);
    if (last === undefined) throw new Error('no program was started');
    return last;
  }
}

export interface TestBoard {
  readonly board: Board;
  readonly clock: VirtualClock;
  readonly flash: MemoryFlash;
  readonly events: BoardEvent[];
  readonly port: UsbDevice;
  /** Puts a firmware into a slot, as the programmer does. */
  readonly install: (slot: number, version: number, source?: string) => void;
  /** The last event of that type. */
  readonly last: <T extends BoardEvent['type']>(
    type: T,
  ) => Extract<BoardEvent, { type: T }> | undefined;
}

/** A particle-xenon with a virtual clock, and everything that happens to it. */
export function testBoard(
  runner: Runner | readonly Runner[],
  options: Omit<Partial<BoardOptions>, 'flash' | 'clock' | 'runner'> = {},
): TestBoard {
  const model = boardModel('particle-xenon');
  const clock = new VirtualClock();
  const flash = new MemoryFlash(model.flash);
  const bootloader = options.bootloader === 'riotboot' ? 'riotboot' : 'riotboot_dfu';
  const board = createBoard({ ...options, model, flash, clock, runner });
  const events: BoardEvent[] = [];
  board.listen((event) => events.push(event));
  return {
    board,
    clock,
    flash,
    events,
    port: board.port,
    install(slot, version, source = 'export const main = () => {};') {
      const payload = new TextEncoder().encode(source);
      const image = firmwareImage(payload, { model, bootloader, slot, version });
      programFlash(flash, boardLayout(model, bootloader), image);
    },
    last<T extends BoardEvent['type']>(type: T) {
      const found = events.findLast((event) => event.type === type);
      return found as Extract<BoardEvent, { type: T }> | undefined;
    },
  };
}

/** Resolves with the next event that fits, rejects never: a test that waits in vain times out. */
export function happening(board: Board, fits: (event: BoardEvent) => boolean): Promise<BoardEvent> {
  return new Promise((resolve) => {
    const stop = board.listen((event) => {
      if (!fits(event)) return;
      stop();
      resolve(event);
    });
  });
}

/** Resolves when the console prints that line. */
export function prints(board: Board, text: string): Promise<BoardEvent> {
  return happening(board, (event) => event.type === 'console' && event.text === text);
}
