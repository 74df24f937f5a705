import { ES_MODULE, ProgramOnPort, boardInfoText } from '../index.ts';
import type { Peripherals, Program, Runner, RunningProgram } from '../index.ts';
import { NOTHING_RUNS, moduleText } from './module-text.ts';
import { SteadyPort } from './steady-port.ts';
import { WorkerPort } from './worker-port.ts';
import type { WorkerRunnerOptions } from './worker-runner.ts';

/**
 * Runs programs as a `WorkerRunner` does, and knows whether they are at rest: with it a board can live on a virtual
 * clock, which goes on when `untilRest` has resolved.
 */
export class SteadyRunner implements Runner {
  readonly takes: readonly number[] = [ES_MODULE];
  readonly #heapMb: number;
  readonly #ports = new Set<SteadyPort>();

  constructor({ heapMb = 64 }: WorkerRunnerOptions = {}) {
    this.#heapMb = heapMb;
  }

  start(board: Peripherals, program: Program | undefined): RunningProgram {
    const source = moduleText(board, program);
    if (source === undefined) return NOTHING_RUNS;
    const name = `${board.model.name} ${board.serial}`;
    const start = { source, info: boardInfoText(board) };
    const port = new SteadyPort(new WorkerPort(start, { heapMb: this.#heapMb, name }));
    this.#ports.add(port);
    const running = new ProgramOnPort(board, port);
    return {
      stop: () => {
        this.#ports.delete(port);
        return running.stop();
      },
    };
  }

  /** Whether no program has anything to do before its board says something, or its time goes on. */
  get isAtRest(): boolean {
    for (const port of this.#ports) if (!port.isAtRest) return false;
    return true;
  }

  /** Resolves when something came of them, or when they are at rest; whoever waits looks again then. */
  async untilRest(): Promise<void> {
    await Promise.race(
      [...this.#ports].filter((port) => !port.isAtRest).map((port) => port.untilRest()),
    );
  }
}
