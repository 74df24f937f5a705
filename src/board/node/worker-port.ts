import { Worker } from 'node:worker_threads';
import type { WorkerOptions } from 'node:worker_threads';
import { tight, withPlace } from '../index.ts';
import type { CreditMessage, PortMessage, ProgramPort } from '../index.ts';
import type { FirmwareStart } from './firmware-world.ts';
import { preludeScript, workerScript } from './worker-scripts.ts';

/** What a program's thread may use, and what it is called. */
interface WorkerPortOptions {
  readonly heapMb: number;
  readonly name: string;
}

/** How a thread for programs is started. */
export function threadOptions({ heapMb, name }: WorkerPortOptions): WorkerOptions {
  return {
    eval: true,
    env: {},
    execArgv: ['--experimental-vm-modules', '--no-warnings'],
    name,
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 16 },
  };
}

/** A port to a program in a worker thread of Node. */
export class WorkerPort implements ProgramPort {
  readonly #worker: Worker;
  readonly #source: string;

  /** Starts the thread. Throws what Node throws where there are no threads or memory left. */
  constructor(start: Omit<FirmwareStart, 'prelude'>, { heapMb, name }: WorkerPortOptions) {
    this.#source = start.source;
    this.#worker = new Worker(workerScript, {
      ...threadOptions({ heapMb, name }),
      workerData: { ...start, prelude: preludeScript } satisfies FirmwareStart,
    });
  }

  post(message: PortMessage | CreditMessage): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
    this.#worker.postMessage('credit' in message ? message : tight(message));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#worker.on('message', listener);
  }

  onEnd(listener: (why: string) => void): void {
    this.#worker.on('error', (error: unknown) => {
      const { message = String(error), stack = '' } = error instanceof Error ? error : {};
      listener(withPlace(message, stack, this.#source));
    });
    this.#worker.on('exit', () => listener('the program has ended by force'));
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }
}
