import { ES_MODULE, NOTHING_RUNS, ProgramOnPort, boardInfoText, moduleText } from '../index.ts';
import type { Peripherals, Program, Runner, RunningProgram } from '../index.ts';
import { FirmwareThread } from './firmware-thread.ts';
import { SteadyPort } from './steady-port.ts';

/** Heap of a thread, in MiB. */
const HEAP_MB = 64;
/** Threads without a program that are kept for the next ones. */
const MOST_IDLE = 4;

/** Threads that have nothing to do; they keep no process alive. */
const idle: FirmwareThread[] = [];

function takeThread(): FirmwareThread {
  for (let thread = idle.pop(); thread !== undefined; thread = idle.pop()) {
    if (thread.isGood) return thread;
    void thread.terminate();
  }
  return new FirmwareThread(HEAP_MB);
}

function giveBack(thread: FirmwareThread): void {
  thread.free();
  if (idle.length < MOST_IDLE && thread.isGood) idle.push(thread);
  else void thread.terminate();
}

/**
 * Runs programs in threads, one after the other in the same, and knows whether they are at rest: with it a board can
 * live on a virtual clock, which goes on when `untilRest` has resolved. As with a `WorkerRunner`, a program's mistakes
 * are kept in, and one that wants out gets out.
 */
export class SteadyRunner implements Runner {
  readonly takes: readonly number[] = [ES_MODULE];
  readonly #ports = new Set<SteadyPort>();

  start(board: Peripherals, program: Program | undefined): RunningProgram {
    const source = moduleText(board, program);
    if (source === undefined) return NOTHING_RUNS;
    try {
      const start = { source, info: boardInfoText(board) };
      const port = new SteadyPort({ thread: takeThread(), start, freed: giveBack });
      this.#ports.add(port);
      const running = new ProgramOnPort(board, port);
      return {
        stop: () => {
          this.#ports.delete(port);
          return running.stop();
        },
      };
    } catch (error) {
      // No threads or memory left on this machine: the watchdog will try again.
      board.fault(`the program could not be started: ${String(error)}`);
      return NOTHING_RUNS;
    }
  }

  /** Whether no program has anything to do before its board says something, or its time goes on. */
  get isAtRest(): boolean {
    for (const port of this.#ports) if (!port.isAtRest) return false;
    return true;
  }

  /** Resolves when something came of them, or when they are at rest; whoever waits looks again then. */
  async untilRest(): Promise<void> {
    const busy = [...this.#ports].filter((port) => !port.isAtRest);
    await Promise.race(busy.map((port) => port.untilRest()));
  }
}
