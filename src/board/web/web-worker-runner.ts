import { ES_MODULE, NOTHING_RUNS, ProgramOnPort, boardInfoText, moduleText } from '../index.ts';
import type { Peripherals, Program, Runner, RunningProgram } from '../index.ts';
import { FirmwarePort } from './firmware-port.ts';
import type { FirmwareWorker } from './firmware-port.ts';
import { firmwareScript } from './web-scripts.ts';

/** How the workers of programs are made. */
export interface WebWorkerRunnerOptions {
  /**
   * Makes a worker that runs `firmwareScript`; default: one of a `blob:` address, which a page's policy must allow
   * (`worker-src blob:`). Whoever serves the script as a file of its own can send a policy of its own with it.
   */
  readonly worker?: (() => FirmwareWorker) | undefined;
}

/**
 * Runs programs that are ES modules in a browser, each in a worker of its own. Before a program starts, everything is taken from that
 * worker but the language and the board's interface; what a program would import is refused.
 *
 * This keeps a program's mistakes in: it can crash or loop, and the board's watchdog deals with it. It is no wall against
 * a program that wants out: a worker belongs to its page's origin, its memory is the page's, and whoever finds a way around
 * what was taken away can do what a script of that origin can do.
 *
 * A program that prints more than its board has read, without ever letting go, loses lines and is told so: a worker of a
 * browser cannot wait for its board.
 */
export class WebWorkerRunner implements Runner {
  readonly takes: readonly number[] = [ES_MODULE];
  readonly #worker: () => FirmwareWorker;

  constructor({ worker = blobWorker }: WebWorkerRunnerOptions = {}) {
    this.#worker = worker;
  }

  start(board: Peripherals, program: Program | undefined): RunningProgram {
    const source = moduleText(board, program);
    if (source === undefined) return NOTHING_RUNS;
    try {
      const start = { source, info: boardInfoText(board) };
      return new ProgramOnPort(board, new FirmwarePort(this.#worker(), start));
    } catch (error) {
      board.fault(`the program could not be started: ${String(error)}`);
      return NOTHING_RUNS;
    }
  }
}

/** What is used of a browser here. */
interface Browser {
  readonly Worker: new (url: string, options: { readonly name: string }) => FirmwareWorker;
  readonly Blob: new (parts: readonly string[], options: { readonly type: string }) => object;
  readonly URL: { createObjectURL(blob: object): string };
}

let scriptAddress: string | undefined;

/** One address for all of them, as long as the page lives: when it could be given back, nobody says. */
function blobWorker(): FirmwareWorker {
  const { Worker, Blob, URL } = globalThis as unknown as Browser;
  scriptAddress ??= URL.createObjectURL(new Blob([firmwareScript], { type: 'text/javascript' }));
  return new Worker(scriptAddress, { name: 'dfukit program' });
}
