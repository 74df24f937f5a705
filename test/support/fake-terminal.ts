import { PassThrough, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { dfukit } from '../../src/cli/dfukit.ts';
import { diskFiles } from '../../src/cli/shared/files.ts';
import type { Files } from '../../src/cli/shared/files.ts';
import type { Input, Terminal } from '../../src/cli/shared/terminal.ts';

/** Keeps all that is written to it. */
export class Collector extends Writable {
  isTTY: boolean | undefined;
  columns: number | undefined;
  readonly #slow: boolean;
  #pieces: Buffer[] = [];
  /** All of them as text: long outputs are looked at after each piece. */
  #text = '';
  readonly #decoder = new StringDecoder('utf8');
  readonly #waiting = new Set<(added: string) => void>();

  /** A slow one is full with the first byte, and takes its time. */
  constructor({ slow = false }: { readonly slow?: boolean } = {}) {
    super(slow ? { highWaterMark: 1 } : {});
    this.#slow = slow;
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#pieces.push(Buffer.from(piece));
    const added = this.#decoder.write(piece);
    this.#text += added;
    if (this.#slow) setImmediate(done);
    else done();
    for (const look of this.#waiting) look(added);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get text(): string {
    return this.#text;
  }

  /** Forgets what was written so far, and answers it. */
  take(): string {
    const { text } = this;
    this.#pieces = [];
    this.#text = '';
    return text;
  }

  /** Until the text holds this; the answer is all of it. */
  until(pattern: string | RegExp): Promise<string> {
    // Of what was looked at once, only what may be the beginning of it is looked at again.
    let unseen = this.#text;
    const fits = (added: string): boolean => {
      if (typeof pattern !== 'string') return pattern.test(this.#text);
      unseen += added;
      const found = unseen.includes(pattern);
      unseen = unseen.slice(Math.max(0, unseen.length - pattern.length));
      return found;
    };
    return new Promise((resolve) => {
      const look = (added: string): void => {
        if (!fits(added)) return;
        this.#waiting.delete(look);
        resolve(this.text);
      };
      this.#waiting.add(look);
      look('');
    });
  }
}

/** A terminal in memory. Its files are those of the disk unless others are given. */
export class FakeTerminal implements Terminal {
  readonly in: PassThrough & Input = new PassThrough();
  readonly out: Collector;
  readonly err: Collector = new Collector();
  readonly files: Files;
  /** Codes that the program was ended with at once. */
  readonly exits: number[] = [];
  /** Whether keys come one by one. */
  raw: boolean | undefined;
  /** Where devices are, if not where a real terminal has them. */
  openBus: Terminal['openBus'];
  readonly #stop = new Set<() => void>();
  readonly #front = new Set<() => void>();
  #foreground = true;
  readonly #exit = new Set<() => void>();

  constructor(files: Files = diskFiles, out: Collector = new Collector()) {
    this.out = out;
    this.files = files;
  }

  /** From now on it is one at which somebody sits. */
  sitDown(columns = 80): this {
    Object.assign(this.in, { isTTY: true, setRawMode: (raw: boolean) => (this.raw = raw) });
    Object.assign(this.out, { isTTY: true, columns });
    Object.assign(this.err, { isTTY: true, columns });
    return this;
  }

  /** It runs as a background job of that terminal. */
  putBehind(): this {
    this.#foreground = false;
    return this;
  }

  /** `fg`. */
  bringToFront(): void {
    this.#foreground = true;
    for (const listener of this.#front) listener();
    this.#front.clear();
  }

  inForeground(): boolean {
    return this.#foreground;
  }

  onForeground(listener: () => void): () => void {
    this.#front.add(listener);
    return () => this.#front.delete(listener);
  }

  onStop(listener: () => void): () => void {
    this.#stop.add(listener);
    return () => this.#stop.delete(listener);
  }

  onExit(listener: () => void): () => void {
    this.#exit.add(listener);
    return () => this.#exit.delete(listener);
  }

  exit(code: number): void {
    this.exits.push(code);
    for (const listener of this.#exit) listener();
  }

  /** Ctrl-C. */
  interrupt(): void {
    for (const listener of this.#stop) listener();
  }

  /** Who waits for Ctrl-C, for the end or for the foreground. */
  get listeners(): number {
    return this.#stop.size + this.#exit.size + this.#front.size;
  }
}

/** What a command came to. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line; without a terminal, it is piped and nothing comes in. */
export async function ran(args: readonly string[], terminal?: FakeTerminal): Promise<Ran> {
  const used = terminal ?? new FakeTerminal();
  if (terminal === undefined) used.in.end();
  const exit = await dfukit(args, used);
  return { exit, out: used.out.take(), err: used.err.take() };
}
