import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Bench } from './bench.ts';

/** What `board run --json` writes: one object a line. */
interface BoardMessage {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** The command line of this project's own program. */
export const dfukit: readonly string[] = [`${process.env['DFUKIT']}/dist/cli/main.js`];

/** The board that most scenarios are about. */
const USUAL = 'particle-xenon';

/** How long a board may take to say what it is expected to say. */
const LIMIT_MS = 120_000;

function matches(message: BoardMessage, expected: object): boolean {
  return Object.entries(expected).every(([key, value]) =>
    value instanceof RegExp ? value.test(String(message[key])) : message[key] === value,
  );
}

/** A virtual board in a process of its own, as a script drives it. */
export class BoardProcess {
  readonly #bench: Bench;
  readonly #child: ChildProcess;
  readonly #messages: BoardMessage[] = [];
  #seen = 0;
  #wake: () => void = () => {};
  #exit: number | undefined;

  private constructor(bench: Bench, args: readonly string[]) {
    this.#bench = bench;
    bench.note(`board: dfukit board run ${args.join(' ')}`);
    const [first = '-'] = args;
    const [name, options] = first.startsWith('-') ? [USUAL, args] : [first, args.slice(1)];
    const command = [...dfukit, 'board', 'run', name, '--json', ...options];
    const child = spawn(process.execPath, command, { cwd: bench.folder, stdio: 'pipe' });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => bench.note(`board: ${chunk.toString()}`));
    createInterface(child.stdout).on('line', (line) => {
      bench.note(`board: ${line}`);
      this.#messages.push(JSON.parse(line) as BoardMessage);
      this.#wake();
    });
    child.on('close', (code) => {
      this.#exit = code ?? -1;
      this.#wake();
    });
    bench.atEnd(() => this.quit());
  }

  /** Starts a board and waits until it is ready; its name comes first, if it is not the usual one. */
  static async run(bench: Bench, ...args: readonly string[]): Promise<BoardProcess> {
    const board = new BoardProcess(bench, args);
    await board.#find({ event: 'ready' }, 0);
    return board;
  }

  /** Starts a board at this machine's own kernel and waits until the kernel has configured it. */
  static async attached(bench: Bench, ...args: readonly string[]): Promise<BoardProcess> {
    const board = await BoardProcess.run(bench, '--attach', ...args);
    await board.configured();
    return board;
  }

  /**
   * Waits for the next message with these fields; a regular expression is tried on the field as
   * text. What came before it is never looked at again.
   */
  async next(expected: object): Promise<BoardMessage> {
    const index = await this.#find(expected, this.#seen);
    this.#seen = index + 1;
    return this.#messages[index] as BoardMessage;
  }

  /** Waits until the board is configured on USB and this machine's programs can see it. */
  async configured(id: string = '1209:7d02'): Promise<void> {
    await this.next({ event: 'usb', state: 'configured', id });
    await this.#bench.run('udevadm', ['settle', '--timeout=10']);
    await this.#bench.until(`lsusb shows ${id}`, async () => {
      const { status } = await this.#bench.quietly('lsusb', ['-d', id]);
      return status === 0 ? true : undefined;
    });
  }

  /** Whether such a message has come at all. */
  has(expected: object): boolean {
    return this.#messages.some((message) => matches(message, expected));
  }

  send(command: object): void {
    this.#bench.note(`board <- ${JSON.stringify(command)}`);
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
  }

  /** Ends it; its exit status must be 0. */
  async quit(): Promise<void> {
    if (this.#exit === undefined) this.send({ command: 'quit' });
    await this.#bench.until('the board has ended', () => this.#exit, LIMIT_MS);
    if (this.#exit !== 0) throw new Error(`the board ended with ${this.#exit}`);
  }

  async #find(expected: object, from: number): Promise<number> {
    const end = Date.now() + LIMIT_MS;
    let index = from;
    for (;;) {
      for (; index < this.#messages.length; index += 1) {
        if (matches(this.#messages[index] as BoardMessage, expected)) return index;
      }
      const what = Object.entries(expected).map(([key, value]) => `${key} ${value}`);
      if (this.#exit !== undefined) throw new Error(`the board ended before: ${what.join(', ')}`);
      const left = end - Date.now();
      if (left <= 0) throw new Error(`not within ${LIMIT_MS} ms: ${what.join(', ')}`);
      await this.#message(left);
    }
  }

  /** Resolves at the next message, at the end of the board, or when the time is over. */
  #message(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
