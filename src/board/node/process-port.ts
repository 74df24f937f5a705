import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { CREDIT_UNITS, MOST_UNITS, crashWords } from '../index.ts';
import type { CreditMessage, PortMessage, ProgramPort } from '../index.ts';
import type { FirmwareStart } from './firmware-world.ts';
import { FrameReader, encodeFrame } from './frames.ts';
import type { Frame } from './frames.ts';
import { processCommand } from './process-start.ts';
import type { ProcessLimits } from './process-start.ts';
import { preludeScript, processScript } from './worker-scripts.ts';

/** What a process says on standard error that is kept, in characters: V8's last words. */
const MOST_LAST_WORDS = 4096;
/** UTF-8 has up to three bytes for what counts as one unit. */
const MOST_FRAME_BYTES = 3 * MOST_UNITS;

/** A port to a program in a process of its own, which may do nothing but speak with its board. */
export class ProcessPort implements ProgramPort {
  readonly #child: ChildProcess;
  readonly #toProgram: Writable;
  readonly #source: string;
  readonly #gone: Promise<void>;
  readonly #frames = new FrameReader(MOST_FRAME_BYTES + CREDIT_UNITS);
  #heard: (message: unknown) => void = () => {};
  #over: (why: string) => void = () => {};
  #why: string | undefined;
  #lastWords = '';

  /** Starts the process. Throws what Node throws where there is none to be had. `script` is what runs in it. */
  constructor(
    start: Omit<FirmwareStart, 'prelude'>,
    limits: ProcessLimits,
    script: string = processScript,
  ) {
    const { file, args, uid, gid, guarded } = processCommand(script, limits);
    const child = spawn(file, args, {
      cwd: process.platform === 'win32' ? undefined : '/',
      env: {},
      uid,
      gid,
      stdio: ['pipe', 'pipe', 'pipe', guarded ? 'pipe' : 'ignore'],
      windowsHide: true,
      // Ctrl-C at the terminal is for the board, not for its program.
      detached: process.platform !== 'win32',
    });
    this.#child = child;
    this.#source = start.source;
    const [toProgram, fromProgram, errors] = [child.stdin, child.stdout, child.stderr];
    if (toProgram === null || fromProgram === null || errors === null) throw new Error('no pipes');
    this.#toProgram = toProgram;
    this.#gone = new Promise((resolve) => child.once('close', () => resolve()));
    // Whoever writes to a program that has ended is told by its end.
    for (const pipe of child.stdio) pipe?.on('error', () => {});
    child.on('error', (error) => {
      this.#why ??= error.message;
      this.#ended();
    });
    child.on('exit', () => this.#dismissGuard());
    this.#listen(fromProgram, errors);
    this.#write({ head: JSON.stringify({ ...start, prelude: preludeScript }) });
  }

  post(message: PortMessage | CreditMessage): void {
    this.#write('credit' in message ? { head: `+${message.credit}` } : message);
  }

  get unreadBytes(): number {
    return this.#toProgram.writableLength;
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#heard = listener;
  }

  onEnd(listener: (why: string) => void): void {
    this.#over = listener;
  }

  async terminate(): Promise<void> {
    this.#over = () => {};
    this.#heard = () => {};
    this.#child.kill('SIGKILL');
    if (this.#child.pid !== undefined) await this.#gone;
  }

  #listen(fromProgram: Readable, errors: Readable): void {
    fromProgram.on('data', (piece: Uint8Array) => this.#read(piece));
    fromProgram.on('close', () => this.#ended());
    errors.setEncoding('utf8');
    errors.on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-MOST_LAST_WORDS);
    });
  }

  #read(piece: Uint8Array): void {
    this.#frames.push(piece);
    try {
      for (;;) {
        const frame = this.#frames.next();
        if (frame === undefined) return;
        if (frame.head.startsWith('!')) this.#why = crashWords(frame.head.slice(1), this.#source);
        else this.#heard(frame);
      }
    } catch {
      // No program that uses its interface writes such a frame: whoever listens takes it for nonsense.
      this.#heard(undefined);
      this.#child.kill('SIGKILL');
    }
  }

  /** The pipe is closed: all that it said has been heard. */
  #ended(): void {
    const outOfMemory = /heap out of memory|Allocation failed|allocation failed/.test(
      this.#lastWords,
    );
    const last = outOfMemory ? 'its memory is full' : 'the program has ended by force';
    this.#over(this.#why ?? last);
    this.#over = () => {};
    this.#child.kill('SIGKILL');
  }

  /** The shell's child waits for a line, or for the end. */
  #dismissGuard(): void {
    const guard = this.#child.stdio[3] as Writable | null | undefined;
    guard?.end('\n');
  }

  #write(frame: Frame): void {
    if (this.#toProgram.writable) this.#toProgram.write(encodeFrame(frame));
  }
}
