import { ES_MODULE, NOTHING_RUNS, ProgramOnPort, boardInfoText, moduleText } from '../index.ts';
import type { Peripherals, Program, Runner, RunningProgram } from '../index.ts';
import { ProcessPort } from './process-port.ts';

/** What a program may use of the machine that the board runs on. */
export interface ProcessRunnerOptions {
  /** Heap of one program, in MiB; default 64. */
  readonly heapMb?: number | undefined;
  /** Memory outside of the heap that a program can fill, in MiB; default 64. Kept to on Linux. */
  readonly buffersMb?: number | undefined;
}

/**
 * Runs programs that are ES modules, each in a process of its own, for firmware that nobody has read. The process has
 * Node's permission model with nothing permitted (no files, no processes, no threads, no native code), an empty
 * environment, no way to a socket, and limits of memory; started by root it belongs to `nobody`. In it the firmware has
 * a context that holds the language and the board's interface and nothing else, as with a `WorkerRunner`, which starts
 * sooner and takes less memory, and which a firmware that means harm gets out of. SECURITY.md says what this is worth.
 */
export class ProcessRunner implements Runner {
  readonly takes: readonly number[] = [ES_MODULE];
  readonly #limits: { readonly heapMb: number; readonly buffersMb: number };

  constructor({ heapMb = 64, buffersMb = 64 }: ProcessRunnerOptions = {}) {
    this.#limits = { heapMb, buffersMb };
  }

  start(board: Peripherals, program: Program | undefined): RunningProgram {
    const source = moduleText(board, program);
    if (source === undefined) return NOTHING_RUNS;
    try {
      const start = { source, info: boardInfoText(board) };
      return new ProgramOnPort(board, new ProcessPort(start, this.#limits));
    } catch (error) {
      // No processes or memory left on this machine: the watchdog will try again.
      board.fault(`the program could not be started: ${String(error)}`);
      return NOTHING_RUNS;
    }
  }
}
