import { DfuError } from '../../src/bytes/index.ts';
import { command } from '../../src/cli/image/image.ts';
import type { ImageIo } from '../../src/cli/shared/terminal.ts';
import { vectorFile } from './mcuboot/imgtool-runs.ts';

/** One run with its files in memory: what it reads is the vectors', what it writes is kept. */
export class Desk implements ImageIo {
  readonly written = new Map<string, Uint8Array>();
  readonly #out: Uint8Array[] = [];
  err = '';
  readonly passphrases: string[] = [];
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

  write(path: string, bytes: Uint8Array): void {
    this.written.set(path, bytes);
  }

  print(text: string | Uint8Array): void {
    this.#out.push(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  }

  warn(text: string): void {
    this.err += `${text}\n`;
  }

  passphrase(): Promise<string> {
    return Promise.resolve(this.passphrases.shift() ?? '');
  }

  get out(): Buffer {
    return Buffer.concat(this.#out);
  }

  get lines(): string[] {
    return this.out.toString().split('\n').slice(0, -1);
  }

  get lastError(): string {
    return this.err.trimEnd().split('\n').at(-1) ?? '';
  }
}

/** Runs `dfukit image …`; answers its exit code and what it printed. */
export async function image(
  desk: Desk,
  ...args: string[]
): Promise<{ exit: unknown; out: string }> {
  process.exitCode = undefined;
  const from = desk.out.length;
  await command(desk).exitOverride().parseAsync(args, { from: 'user' });
  return { exit: process.exitCode, out: desk.out.subarray(from).toString() };
}
