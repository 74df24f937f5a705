import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeedCommand } from './seed-command.ts';

/** How a program ended. */
export interface Ended {
  readonly status: number;
  /** What it wrote, both streams in the order of arrival. */
  readonly output: string;
}

export interface RunOptions {
  /** After that many milliseconds it is killed and the scenario fails. Default 60 000. */
  readonly timeoutMs?: number;
  /** Sees the output as it comes. */
  readonly onOutput?: (soFar: string) => void;
}

/** What a scenario works with: a folder, programs, and a log of all that was said. */
export class Bench {
  /** Scratch folder of this scenario. */
  readonly folder: string = mkdtempSync(join(tmpdir(), 'scenario-'));
  /** The commands of documents that were typed here. */
  readonly commands: SeedCommand[] = [];
  readonly #began = performance.now();
  readonly #log: string[] = [];
  readonly #cleanups: (() => Promise<void> | void)[] = [];

  /** Adds a line to the log, with the time since the beginning in seconds. */
  note(line: string): void {
    const seconds = (performance.now() - this.#began) / 1000;
    this.#log.push(`${seconds.toFixed(3).padStart(7)} ${line}`);
  }

  /** All notes, as text. */
  get log(): string {
    return this.#log.join('\n');
  }

  /** Run when the scenario has ended, last first. */
  atEnd(cleanup: () => Promise<void> | void): void {
    this.#cleanups.push(cleanup);
  }

  async cleanUp(): Promise<void> {
    for (const cleanup of this.#cleanups.toReversed()) await cleanup();
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Runs a program to its end, and notes what it said. */
  async run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    this.note(`$ ${[command, ...args].join(' ')}`);
    const ended = await this.quietly(command, args, options);
    this.note(`${lastOf(ended.output)}=> ${ended.status}`);
    return ended;
  }

  /** Runs a program to its end. */
  async quietly(
    command: string,
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<Ended> {
    const { timeoutMs = 60_000, onOutput } = options;
    const child = spawn(command, args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      onOutput?.(output);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const status = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        if (code !== null) resolve(code);
        else reject(new Error(`${command} ended by ${signal} after:\n${lastOf(output)}`));
      });
    }).finally(() => clearTimeout(timer));
    return { status, output };
  }

  /** Waits until a probe answers something, asking again and again for at most that long. */
  async until<T>(
    what: string,
    probe: () => Promise<T | undefined> | T | undefined,
    limitMs: number = 20_000,
  ): Promise<T> {
    const end = Date.now() + limitMs;
    for (;;) {
      const found = await probe();
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
      await delay(50);
    }
  }
}

/** A progress bar draws itself again and again over one line; only the last state is worth keeping. */
function lastOf(output: string): string {
  return output
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1))
    .join('\n');
}
