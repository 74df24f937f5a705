import { Worker } from 'node:worker_threads';
import { tight, withPlace } from '../index.ts';
import type { CreditMessage, PortMessage } from '../index.ts';
import type { FirmwareStart } from './firmware-world.ts';
import { threadOptions } from './worker-port.ts';
import { preludeScript, workerScript } from './worker-scripts.ts';

/**
 * A message that a thread sends back as it came, when it has read it and let go of itself: all that came before it has
 * had its effect by then, and what the program said of that was sent before.
 */
export interface ThreadMark {
  readonly mark: number;
  /** The program is over: nothing of it is heard any more. */
  readonly leaves?: boolean;
}

/** What a thread is told besides what is for its program. */
export type ThreadMessage = ThreadMark | { readonly start: FirmwareStart };

/** Whoever has the thread. */
interface ThreadUser {
  readonly heard: (message: unknown) => void;
  readonly ended: (why: string) => void;
}

/** Programs that one thread runs, one after the other, before it is given up: what V8 keeps of them goes with it. */
const MOST_PROGRAMS = 200;

/** A thread that runs programs, one after the other, each in a world of its own. */
export class FirmwareThread {
  readonly #worker: Worker;
  #user: ThreadUser | undefined;
  #source = '';
  #programs = 0;
  #isOver = false;

  /** Throws what Node throws where there are no threads or memory left. */
  constructor(heapMb: number) {
    const worker = new Worker(workerScript, {
      ...threadOptions({ heapMb, name: 'dfukit programs' }),
      workerData: null,
    });
    this.#worker = worker;
    worker.on('message', (message) => this.#user?.heard(message));
    worker.on('error', (error: unknown) => {
      const { message = String(error), stack = '' } = error instanceof Error ? error : {};
      this.#ended(withPlace(message, stack, this.#source));
    });
    worker.on('exit', () => this.#ended('the program has ended by force'));
  }

  /** Whether it may run another program. */
  get isGood(): boolean {
    return !this.#isOver && this.#programs < MOST_PROGRAMS;
  }

  start(start: Omit<FirmwareStart, 'prelude'>, user: ThreadUser): void {
    this.#user = user;
    this.#source = start.source;
    this.#programs += 1;
    this.#worker.ref();
    this.#say({ start: { ...start, prelude: preludeScript } });
  }

  post(message: PortMessage | CreditMessage): void {
    this.#say('credit' in message ? message : tight(message));
  }

  mark(mark: ThreadMark): void {
    this.#say(mark);
  }

  /** Nobody has it any more; it keeps no process alive. */
  free(): void {
    this.#user = undefined;
    this.#worker.unref();
  }

  async terminate(): Promise<void> {
    this.#isOver = true;
    this.#user = undefined;
    await this.#worker.terminate();
  }

  #say(message: PortMessage | CreditMessage | ThreadMessage): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
    this.#worker.postMessage(message);
  }

  #ended(why: string): void {
    this.#isOver = true;
    this.#user?.ended(why);
    this.#user = undefined;
  }
}
