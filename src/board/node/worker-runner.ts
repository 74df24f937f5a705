import { ES_MODULE, NOTHING_RUNS, ProgramOnPort, boardInfoText, moduleText } from '../index.ts';
import type { Peripherals, Program, Runner, RunningProgram } from '../index.ts';
import { WorkerPort } from './worker-port.ts';

/** What a program may use of the machine that the board runs on. */
export interface WorkerRunnerOptions {
  /** Heap of one program, in MiB; default 64. Buffers outside of the heap are not counted. */
  readonly heapMb?: number | undefined;
}

/**
 * Runs programs that are ES modules, each in a worker thread of its own and there in a context that
 * holds the language and the board's interface and nothing else.
 *
 * This keeps a program's mistakes in: it can crash, loop or fill its heap, and the board's watchdog
 * deals with it. It is no wall against a program that wants out: `node:vm` is no security boundary,
 * memory outside of the heap is not limited, and a worker shares its process: one allocation that V8
 * cannot make at all (a string of hundreds of megabytes in one piece) ends that. Run programs that
 * you would also run with `node`; for others there is `ProcessRunner`.
 */
export class WorkerRunner implements Runner {
  readonly takes: readonly number[] = [ES_MODULE];
  readonly #heapMb: number;

  constructor({ heapMb = 64 }: WorkerRunnerOptions = {}) {
    this.#heapMb = heapMb;
  }

  start(board: Peripherals, program: Program | undefined): RunningProgram {
    const source = moduleText(board, program);
    if (source === undefined) return NOTHING_RUNS;
    const name = `${board.model.name} ${board.serial}`;
    try {
      const start = { source, info: boardInfoText(board) };
      return new ProgramOnPort(board, new WorkerPort(start, { heapMb: this.#heapMb, name }));
    } catch (error) {
      // No threads or memory left on this machine: the watchdog will try again.
      board.fault(`the program could not be started: ${String(error)}`);
      return NOTHING_RUNS;
    }
  }
}
