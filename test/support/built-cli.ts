import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
/** The command, as it was built. */
export const main: string = resolve(root, 'dist/cli/main.js');

/** Builds the package if what was built is out of date. */
export function prepareBuild(): void {
  const script = resolve(root, 'scripts/prepare.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the package does not build:\n${stderr}`);
}

/** What a command came to. */
export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `dfukit` with these arguments to its end. */
export function dfukit(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  return new Promise((done) => child.on('close', (status) => done({ status, out, err })));
}

/** An event of `board run --json`. */
export type Message = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly pattern: Message;
  readonly found: (message: Message) => void;
  readonly failed: (error: Error) => void;
}

function fits(pattern: unknown, value: unknown): boolean {
  if (typeof pattern !== 'object' || pattern === null) return pattern === value;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(pattern).every(([key, each]) => fits(each, (value as Message)[key]));
}

/** A `dfukit board run --json` as another process; a particle-xenon unless the arguments begin with another. */
export class BoardProcess {
  /** Everything that it has said. */
  readonly messages: Message[] = [];
  readonly ended: Promise<{ readonly status: number | null; readonly signal: string | null }>;
  readonly #child: ChildProcessWithoutNullStreams;
  /** Up to here `until` has looked. */
  #seen = 0;
  #waiting: Waiting | undefined;
  #rest = '';
  #over = false;

  constructor(...args: string[]) {
    const board = args[0]?.startsWith('-') === false ? [] : ['particle-xenon'];
    this.#child = spawn(process.execPath, [main, 'board', 'run', ...board, ...args, '--json']);
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#heard(chunk));
    this.#child.stdin.on('error', () => {});
    this.ended = new Promise((done) => {
      this.#child.on('close', (status, signal) => {
        this.#over = true;
        this.#waiting?.failed(this.#error('has ended'));
        done({ status, signal });
      });
    });
  }

  /** The first event that fits, of those that no call has looked at before. */
  until(pattern: Message): Promise<Message> {
    return new Promise((found, failed) => {
      this.#waiting = { pattern, found, failed };
      this.#look();
    });
  }

  /** Gives a command and waits until it is carried out. */
  async command(command: Message): Promise<void> {
    this.write(JSON.stringify(command));
    await this.until({ event: 'done', command: command['command'] });
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  closeInput(): void {
    this.#child.stdin.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #heard(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.messages.push(JSON.parse(line) as Message);
    this.#look();
  }

  #look(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    while (this.#seen < this.messages.length) {
      const message = this.messages[this.#seen];
      this.#seen += 1;
      if (message !== undefined && fits(waiting.pattern, message)) {
        this.#waiting = undefined;
        waiting.found(message);
        return;
      }
    }
    if (this.#over) waiting.failed(this.#error('had ended'));
  }

  #error(what: string): Error {
    const wanted = JSON.stringify(this.#waiting?.pattern);
    const said = this.messages.map((each) => JSON.stringify(each)).join('\n');
    return new Error(`the board ${what} while ${wanted} was waited for; it said:\n${said}`);
  }
}
