import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { asRoot, installOnDebian } from '../support/needs.ts';
import type { MissingPart } from '../support/needs.ts';

/** GDB for any processor; undefined if it is there. */
export function missingGdb(): MissingPart | undefined {
  if (spawnSync('gdb-multiarch', ['--version'], { stdio: 'ignore' }).status === 0) return undefined;
  return { what: 'gdb-multiarch', install: installOnDebian(asRoot('test/gdb/install')) };
}

/** The real one, as a person would have it in a terminal. */
export class Gdb {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #gone: Promise<void>;
  /** What it has said and nobody has taken. */
  #text = '';
  #looks: (() => void) | undefined;
  #commands = 0;
  #over = false;

  constructor(elf: string) {
    const quiet = ['-nx', '-q', '-iex', 'set debuginfod enabled off'];
    const batch = ['-ex', 'set confirm off', '-ex', 'set pagination off', '-ex', 'set prompt'];
    // One pipe for both, so that what it says stays in order.
    const shell = ['-c', 'exec gdb-multiarch "$@" 2>&1', 'sh'];
    this.#child = spawn('sh', [...shell, ...quiet, ...batch, elf]);
    const heard = (chunk: string): void => {
      this.#text += chunk;
      this.#looks?.();
    };
    this.#child.stdout.setEncoding('utf8').on('data', heard);
    this.#child.stdin.on('error', () => {});
    this.#gone = new Promise((resolve) => {
      this.#child.on('close', () => {
        this.#over = true;
        this.#looks?.();
        resolve();
      });
    });
  }

  /** Types a command; the answer is what it says until it takes the next one. */
  async run(command: string): Promise<string> {
    this.#commands += 1;
    const end = `end of command ${this.#commands}`;
    this.#child.stdin.write(`${command}\necho ${end}\\n\n`);
    return this.until(end);
  }

  /** Types a command whose end does not matter. */
  begin(command: string): void {
    this.#child.stdin.write(`${command}\n`);
  }

  /** All that it says up to this text. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(text);
      if (at >= 0) {
        const said = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + text.length);
        return said;
      }
      if (this.#over) throw new Error(`gdb has ended without "${text}"; it said:\n${this.#text}`);
      await new Promise<void>((resolve) => {
        this.#looks = resolve;
      });
    }
  }

  async quit(): Promise<void> {
    this.#child.stdin.end('quit\n');
    await this.#gone;
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }
}
