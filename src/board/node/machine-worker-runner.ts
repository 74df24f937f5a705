import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { chipModel } from '../../chip/index.ts';
import type { ChipFlash, ChipModel } from '../../chip/index.ts';
import {
  MACHINE_CODE,
  MachineOnBoard,
  NOTHING_RUNS,
  chipOf,
  chipStart,
  machineFlash,
} from '../index.ts';
import type {
  BoardSite,
  MachineNotice,
  MachineOptions,
  Peripherals,
  Runner,
  RunningProgram,
} from '../index.ts';
import type { MachineTime } from './chip-time.ts';
import { MachineControl } from './machine-control.ts';
import type { MachineStart } from './machine-control.ts';
import { ChipThread } from './chip-thread.ts';
import type { ChipLife } from './chip-thread.ts';

/** How machine code is executed in a thread. */
export interface MachineWorkerOptions extends MachineOptions {
  /** How its time goes; default `real`. */
  readonly time?: MachineTime | undefined;
}

/**
 * Executes machine code of chips that there is a model of, each in a worker thread of its own and in real time. Erasing and
 * programming flash is done by the board, while the chip waits. The thread of a board stays through its resets.
 */
export class MachineWorkerRunner implements Runner {
  readonly takes: readonly number[] = [MACHINE_CODE];
  readonly #options: MachineWorkerOptions;
  readonly #threads = new WeakMap<BoardSite['usb'], ChipThread>();

  constructor(options: MachineWorkerOptions = {}) {
    this.#options = options;
  }

  start(board: Peripherals): RunningProgram {
    const model = chipOf(board);
    if (model === undefined) return NOTHING_RUNS;
    return new MachineInThread(board, this.#threadOf(board), { model, ...this.#options });
  }

  prepare(board: BoardSite): void {
    if (chipModel(board.model.chip) !== undefined) this.#threadOf(board).prepare();
  }

  async release({ usb }: BoardSite): Promise<void> {
    const thread = this.#threads.get(usb);
    this.#threads.delete(usb);
    await thread?.close();
  }

  #threadOf({ usb, model, serial }: BoardSite): ChipThread {
    const thread = this.#threads.get(usb) ?? new ChipThread(`${model.name} ${serial}`);
    this.#threads.set(usb, thread);
    return thread;
  }
}

/** A chip in a thread. */
class MachineInThread implements RunningProgram {
  readonly #end: MachineOnBoard;
  readonly #control: MachineControl;
  readonly #thread: ChipThread;
  #port: MessagePort | undefined;
  #life: ChipLife | undefined;
  #flash: ChipFlash | undefined;
  #over = false;
  #gone: Promise<void> | undefined;

  constructor(
    board: Peripherals,
    thread: ChipThread,
    { model, ...options }: MachineWorkerOptions & { readonly model: ChipModel },
  ) {
    const end = new MachineOnBoard(board, model, options);
    const shared = MachineControl.memory();
    this.#end = end;
    this.#thread = thread;
    this.#control = new MachineControl(shared);
    try {
      const mirror = thread.mirror(board.flash.sizeBytes);
      const flash = machineFlash(board.flash, new Uint8Array(mirror));
      this.#flash = flash;
      const { model: _, ...order } = chipStart(board, model, options);
      const { time = 'real' } = options;
      const start: MachineStart = {
        chip: model.name,
        order: { ...order, debug: end.debug() },
        flash: mirror,
        shared,
        time,
      };
      this.#started(start, flash);
    } catch (error) {
      // No memory left on this machine: the watchdog will try again.
      end.failed(`the chip could not be started: ${wordsOf(error)}`);
    }
  }

  stop(): Promise<void> {
    this.#over = true;
    this.#control.stop();
    this.#end.stop();
    this.#port?.close();
    this.#gone ??= this.#life && this.#thread.leave(this.#life);
    return this.#gone ?? Promise.resolve();
  }

  #started(start: MachineStart, flash: ChipFlash): void {
    const end = this.#end;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: MachineNotice | { readonly type: 'flash' }) =>
      this.#heard(message),
    );
    end.connect({
      flash,
      send: (order) => {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
        port1.postMessage(order);
        this.#control.call();
      },
    });
    const failed = (error: unknown): void => {
      if (!this.#over) end.failed(`the chip cannot be executed: ${wordsOf(error)}`);
    };
    this.#life = { start, port: port2, failed };
    this.#thread.run(this.#life);
  }

  #heard(message: MachineNotice | { readonly type: 'flash' }): void {
    if (this.#over) return;
    if (message.type === 'flash') {
      try {
        if (this.#flash !== undefined) this.#control.answer(this.#flash);
      } catch (error) {
        this.#end.failed(`flash: ${wordsOf(error)}`);
      }
      return;
    }
    if (message.type === 'console') this.#control.read(message.bytes.length);
    this.#end.heard(message);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
