import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { MachineStart } from './machine-control.ts';
import { machineScript } from './worker-scripts.ts';

/** Heap of a chip's thread, in MiB; flash and RAM are outside of it. */
const HEAP_MB = 64;
/** How long a chip that was told to stop may take to do so, in ms; then its thread is ended by force. */
const LEAVE_MS = 2000;
/** How long a thread without a chip is kept, in ms. */
const IDLE_MS = 60_000;

/** A chip that a thread is to execute, from one reset to the next. */
export interface ChipLife {
  readonly start: MachineStart;
  /** The chip's end of what its board and it tell each other. */
  readonly port: MessagePort;
  /** The thread is gone, or there is none to be had. */
  failed(error: unknown): void;
}

/** What the thread is told, once for each chip; it answers with a message when it has left that chip. */
export interface ChipOrderMessage {
  readonly start: MachineStart;
  readonly port: MessagePort;
}

/**
 * The thread of a board's chip. It stays through resets: what the engine has compiled stays, too. A chip begins only when the
 * one before has been left; without one the thread keeps no process alive, and is ended after a while.
 */
export class ChipThread {
  readonly #name: string;
  #worker: Worker | undefined;
  /** The chip that the thread has, and the one that waits for it. */
  #life: ChipLife | undefined;
  #next: ChipLife | undefined;
  #left: (() => void)[] = [];
  #mirror: SharedArrayBuffer | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** What a chip reads as its flash: the same bytes for one after the other. */
  mirror(sizeBytes: number): SharedArrayBuffer {
    this.#mirror ??= new SharedArrayBuffer(sizeBytes);
    return this.#mirror;
  }

  /** Begins to make the thread, if there is none. */
  prepare(): void {
    try {
      this.#made();
      if (this.#life === undefined) this.#after(IDLE_MS, () => void this.close());
    } catch {
      // No threads or memory left on this machine: it is tried again, and told, when a chip is started.
    }
  }

  /** Executes that chip as soon as the one before, which was told to stop, has been left. */
  run(life: ChipLife): void {
    if (this.#life === undefined) this.#deliver(life);
    else this.#next = life;
  }

  /** That chip was told to stop; resolves when the thread has left it. One that does not in time is ended by force. */
  leave(life: ChipLife): Promise<void> {
    if (this.#next === life) this.#next = undefined;
    if (this.#life !== life) return Promise.resolve();
    // Whoever waits for it is to hear of it.
    this.#worker?.ref();
    this.#after(LEAVE_MS, () => void this.#worker?.terminate());
    return new Promise((resolve) => {
      this.#left.push(resolve);
    });
  }

  /** Ends the thread; what it executes, too. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#free();
    worker?.ref();
    await worker?.terminate();
  }

  #deliver(life: ChipLife): void {
    clearTimeout(this.#timer);
    const { start, port } = life;
    try {
      const message: ChipOrderMessage = { start, port };
      this.#made().postMessage(message, [port]);
      this.#life = life;
    } catch (error) {
      life.failed(error);
    }
  }

  #made(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(machineScript, {
      eval: true,
      env: {},
      execArgv: ['--no-warnings'],
      name: this.#name,
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16 },
    });
    this.#worker = worker;
    let why: unknown = new Error('its thread has ended');
    worker.on('message', () => {
      if (this.#worker === worker) this.#free();
    });
    worker.on('error', (error: unknown) => {
      why = error;
    });
    worker.on('exit', () => {
      // One that was let go of has nothing any more.
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const life = this.#life;
      this.#free();
      life?.failed(why);
    });
    // A chip that is executed keeps the process alive by its port; a listener above would do so again.
    worker.unref();
    return worker;
  }

  /** The thread has no chip any more, or there is no thread any more. */
  #free(): void {
    this.#life = undefined;
    this.#worker?.unref();
    clearTimeout(this.#timer);
    for (const resolve of this.#left.splice(0)) resolve();
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) this.#deliver(next);
    else if (this.#worker !== undefined) this.#after(IDLE_MS, () => void this.close());
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
    this.#timer.unref();
  }
}
