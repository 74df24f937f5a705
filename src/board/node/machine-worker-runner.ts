import { Worker } from 'node:worker_threads';
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
  MachineNotice,
  MachineOptions,
  Peripherals,
  Runner,
  RunningProgram,
} from '../index.ts';
import type { MachineTime } from './chip-time.ts';
import { MachineControl } from './machine-control.ts';
import type { MachineStart } from './machine-control.ts';
import { machineScript } from './worker-scripts.ts';

/** How machine code is executed in a thread. */
export interface MachineWorkerOptions extends MachineOptions {
  /** How its time goes; default `real`. */
  readonly time?: MachineTime | undefined;
}

/** Heap of a chip's thread, in MiB; flash and RAM are outside of it. */
const HEAP_MB = 64;

/**
 * Executes machine code of chips that there is a model of, each in a worker thread of its own and in real time. Erasing and
 * programming flash is done by the board, while the chip waits.
 */
export class MachineWorkerRunner implements Runner {
  readonly takes: readonly number[] = [MACHINE_CODE];
  readonly #options: MachineWorkerOptions;

  constructor(options: MachineWorkerOptions = {}) {
    this.#options = options;
  }

  start(board: Peripherals): RunningProgram {
    const model = chipOf(board);
    return model === undefined ? NOTHING_RUNS : new MachineInThread(board, model, this.#options);
  }
}

/** A chip in a thread. */
class MachineInThread implements RunningProgram {
  readonly #end: MachineOnBoard;
  readonly #control: MachineControl;
  #worker: Worker | undefined;
  #flash: ChipFlash | undefined;
  #over = false;
  #gone: Promise<void> | undefined;

  constructor(board: Peripherals, model: ChipModel, options: MachineWorkerOptions) {
    const end = new MachineOnBoard(board, model, options);
    const shared = MachineControl.memory();
    this.#end = end;
    this.#control = new MachineControl(shared);
    try {
      const mirror = new SharedArrayBuffer(board.flash.sizeBytes);
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
      this.#worker = this.#started(start, flash, `${board.model.name} ${board.serial}`);
    } catch (error) {
      // No threads or memory left on this machine: the watchdog will try again.
      end.failed(`the chip could not be started: ${wordsOf(error)}`);
    }
  }

  stop(): Promise<void> {
    this.#over = true;
    this.#end.stop();
    this.#gone ??= this.#terminated();
    return this.#gone;
  }

  async #terminated(): Promise<void> {
    await this.#worker?.terminate();
  }

  #started(start: MachineStart, flash: ChipFlash, name: string): Worker {
    const end = this.#end;
    const worker = new Worker(machineScript, {
      eval: true,
      env: {},
      execArgv: ['--no-warnings'],
      name,
      stdin: false,
      stdout: true,
      stderr: true,
      workerData: start,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16 },
    });
    worker.on('message', (message: MachineNotice | { readonly type: 'flash' }) =>
      this.#heard(message),
    );
    worker.on('error', (error: unknown) => {
      if (!this.#over) end.failed(`the chip cannot be executed: ${wordsOf(error)}`);
    });
    end.connect({
      flash,
      send: (order) => {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
        worker.postMessage(order);
        this.#control.call();
      },
    });
    return worker;
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
