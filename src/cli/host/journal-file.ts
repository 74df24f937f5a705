import { readFileSync } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DfuError } from '../../bytes/index.ts';
import { readJournal } from '../../gang/index.ts';
import type { GangJournal, JournalEntry, JournalState } from '../../gang/index.ts';
import { systemWords } from '../shared/system-words.ts';
import { lockFile } from './file-lock.ts';
import type { FileLock } from './file-lock.ts';

/** A journal on the disk, which this program alone writes. */
export interface JournalFile extends GangJournal {
  readonly before: JournalState;
  /** What was wrong with it and is mended, for a person. */
  readonly note: string | undefined;
  close(): Promise<void>;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Opens a journal, or begins one. A line that a crash has cut goes, nothing of it was done; one that lacks but its end
 * gets it. Throws `BUSY` where another program writes it, `MALFORMED` for what is no journal, `INVALID_ARGUMENT` for what is no
 * file, `IO`.
 */
export async function openJournal(path: string): Promise<JournalFile> {
  const lock = await lockOf(path);
  try {
    const before = contents(path);
    const { state, wholeBytes, torn, lacksEnd } = readJournal(before, (bytes) =>
      new TextDecoder().decode(bytes),
    );
    const file = await open(path, 'a');
    if (lacksEnd) await durably(file, '\n');
    else if (torn.length > 0) await cut(file, wholeBytes);
    const isCut = torn.length > 0 && !lacksEnd;
    const note = isCut
      ? `${path}: the last line was cut by a crash, ${torn.length} bytes of it are removed`
      : undefined;
    return new Lines(file, { before: state, note, lock });
  } catch (error) {
    await lock.release();
    throw failure(path, error);
  }
}

/** Whatever name it goes by here: one file has one lock. */
async function lockOf(path: string): Promise<FileLock> {
  try {
    return await lockFile(`${await realName(path)}.lock`);
  } catch (error) {
    throw failure(path, error);
  }
}

async function realName(path: string): Promise<string> {
  try {
    const name = await realpath(path);
    if (!(await stat(name)).isFile()) throw new DfuError('INVALID_ARGUMENT', 'it is no file');
    return name;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return join(await realpath(dirname(path)), basename(path));
  }
}

function contents(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NO_BYTES;
    throw error;
  }
}

async function cut(file: FileHandle, bytes: number): Promise<void> {
  await file.truncate(bytes);
  await file.sync();
}

async function durably(file: FileHandle, text: string): Promise<void> {
  await file.appendFile(text);
  await file.datasync();
}

function failure(path: string, error: unknown): unknown {
  if (DfuError.is(error)) {
    return new DfuError(error.code, `${path}: ${error.message}`, { cause: error });
  }
  return new DfuError('IO', `${path}: ${systemWords(error)}`, { cause: error });
}

class Lines implements JournalFile {
  readonly before: JournalState;
  readonly note: string | undefined;
  readonly #file: FileHandle;
  readonly #lock: FileLock;
  /** One line at a time, in their order. */
  #last: Promise<void> = Promise.resolve();
  #broken: unknown;

  constructor(
    file: FileHandle,
    { before, note, lock }: { before: JournalState; note: string | undefined; lock: FileLock },
  ) {
    this.#file = file;
    this.before = before;
    this.note = note;
    this.#lock = lock;
  }

  append(entry: JournalEntry): Promise<void> {
    const line = JSON.stringify({ time: new Date().toISOString(), ...entry });
    const written = this.#last.then(() => this.#write(`${line}\n`));
    this.#last = written.catch(() => {});
    return written;
  }

  /** Behind a line of which nobody knows how much is there, no more are written. */
  async #write(line: string): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      await durably(this.#file, line);
    } catch (error) {
      const message = `the journal cannot be written: ${systemWords(error)}`;
      this.#broken = new DfuError('IO', message, { cause: error });
      throw this.#broken;
    }
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
    await this.#lock.release();
  }
}
