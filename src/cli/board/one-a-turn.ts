import type { Input } from '../shared/terminal.ts';

/**
 * Carries out what comes in one piece a turn of the event loop, in its order. A flood of commands then
 * keeps nobody waiting: neither USB nor whoever wants the program to end. More is read when all is done.
 */
export class OneATurn {
  readonly #input: Pick<Input, 'pause' | 'resume'>;
  readonly #tasks: (() => void)[] = [];
  #next = 0;
  #running = false;

  constructor(input: Pick<Input, 'pause' | 'resume'>) {
    this.#input = input;
  }

  add(task: () => void): void {
    this.#tasks.push(task);
    if (this.#running) return;
    this.#running = true;
    this.#input.pause();
    this.#turn();
  }

  /** What was not carried out yet never will be. */
  drop(): void {
    this.#tasks.length = this.#next;
  }

  #turn(): void {
    const task = this.#tasks[this.#next];
    if (task === undefined) {
      this.#tasks.length = 0;
      this.#next = 0;
      this.#running = false;
      this.#input.resume();
      return;
    }
    this.#next += 1;
    task();
    setImmediate(() => this.#turn());
  }
}
