import { DfuError } from '../../src/bytes/index.ts';
import { command } from '../../src/cli/image/image.ts';
import { vectorFile } from './mcuboot/imgtool-runs.ts';
import { CommandEnd } from '../../src/cli/shared/exit-codes.ts';
import type { Files } from '../../src/cli/shared/files.ts';
import type { FileBytes } from '../../src/cli/shared/write-file.ts';
import { FakeTerminal } from './fake-terminal.ts';

const joined = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

/** One run with its files in memory: what it reads is the vectors', what it writes is kept. */
export class Desk implements Files {
  readonly written = new Map<string, Uint8Array>();
  readonly terminal: FakeTerminal = new FakeTerminal(this);
  readonly #given: (path: string) => Uint8Array;

  constructor(given: (path: string) => Uint8Array = vectorFile) {
    this.#given = given;
  }

  read(path: string): Uint8Array {
    const made = this.written.get(path);
    if (made !== undefined) return made;
    try {
      return this.#given(/^(?:in|out|keys)\//.test(path) ? path : `in/${path}`);
    } catch (cause) {
      throw new DfuError('NOT_FOUND', `${path}: no such file`, { cause });
    }
  }

  standing(path: string): Uint8Array | undefined {
    return this.written.get(path);
  }

  write(path: string, bytes: FileBytes): Promise<void> {
    this.written.set(path, bytes instanceof Uint8Array ? bytes : joined(bytes));
    return Promise.resolve();
  }

  /** Types a line each, as answers to what is asked. */
  type(...lines: string[]): void {
    for (const line of lines) this.terminal.in.write(`${line}\n`);
  }

  get out(): Buffer {
    return this.terminal.out.bytes;
  }

  get err(): string {
    return this.terminal.err.text;
  }

  get lines(): string[] {
    return this.out.toString().split('\n').slice(0, -1);
  }

  get lastError(): string {
    return this.err.trimEnd().split('\n').at(-1) ?? '';
  }
}

/** Runs `dfukit image …`; answers its exit code and what it printed. */
export async function image(desk: Desk, ...args: string[]): Promise<{ exit: number; out: string }> {
  const from = desk.out.length;
  let exit = 0;
  try {
    await command(desk.terminal).exitOverride().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommandEnd)) throw error;
    exit = error.exitCode;
  }
  return { exit, out: desk.out.subarray(from).toString() };
}
