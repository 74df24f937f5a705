import {
  closeSync,
  fchmodSync,
  fchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DfuError } from '../../bytes/index.ts';

/** How a file is written. */
interface WriteOptions {
  /** At no moment can anybody but its owner read it, whatever stood there before. */
  readonly secret?: boolean | undefined;
  /** Make the folders that it stands in. */
  readonly makeFolders?: boolean | undefined;
}

/** The files that a command reads and writes. */
export interface Files {
  /** Throws `NOT_FOUND` or `IO`. */
  read(path: string): Uint8Array;
  /**
   * A file is there whole or not at all: it is written under another name, then renamed. Throws `BUSY`
   * for the flash of a board that runs, `NOT_FOUND` where its folder is missing, else `IO`.
   */
  write(path: string, bytes: Uint8Array, options?: WriteOptions): Promise<void>;
}

/** `NOT_FOUND` and `IO` in words of our own around what the system says. */
function fileError(path: string, cause: unknown): DfuError {
  if (DfuError.is(cause)) return cause;
  const code = codeOf(cause);
  if (code === 'ENOENT') return new DfuError('NOT_FOUND', `${path}: no such file`, { cause });
  const words = cause instanceof Error ? cause.message : String(cause);
  return new DfuError('IO', `${path}: ${words}`, { cause });
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** Links that lead to links that lead to nothing: as many as Linux follows. */
const MOST_LINKS = 40;

/** Where a path leads, through links; a link to nothing leads to where the file will be made. */
function through(path: string, links = 0): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || links === MOST_LINKS) throw error;
  }
  const folder = realpathSync(dirname(whole));
  const here = join(folder, basename(whole));
  let link: string;
  try {
    link = readlinkSync(here);
  } catch {
    return here;
  }
  return through(resolve(folder, link), links + 1);
}

/** Throws `BUSY` if a board that runs has its flash in this file: it would not survive that. Else `IO`. */
export async function refuseRunningFlash(path: string): Promise<void> {
  let real: string;
  try {
    real = through(path);
  } catch (error) {
    // No folder, no board in it.
    if (codeOf(error) === 'ENOENT') return;
    throw fileError(path, error);
  }
  const { nlink = 1 } = statSync(real, { throwIfNoEntry: false }) ?? {};
  if (nlink === 1 && statSync(`${real}.lock`, { throwIfNoEntry: false }) === undefined) return;
  // Loaded where a lock is about, and nowhere else.
  const { flashFileHolder } = await import('../../board/node/index.ts');
  const holder = flashFileHolder(real);
  if (holder === undefined) return;
  throw new DfuError('BUSY', `${path}: process ${holder} has it open; stop that board first`);
}

/** Writes a file whole, as the one that was there: its mode and its owner stay. */
function replace(path: string, bytes: Uint8Array, before: Stats | undefined): void {
  writeBeside(path, bytes, {
    mode: 0o666,
    finish(file) {
      if (before === undefined) return;
      const own = statOf(file.path);
      if (own.uid !== before.uid || own.gid !== before.gid) {
        fchownSync(file.number, before.uid, before.gid);
      }
      fchmodSync(file.number, before.mode & 0o7777);
    },
  });
}

const statOf = (path: string): Stats => statSync(path);

/** Under another name in the same folder, with the mode that it is made with; then renamed. */
function writeBeside(
  path: string,
  bytes: Uint8Array,
  terms: {
    readonly mode: number;
    readonly finish?: (file: { readonly path: string; readonly number: number }) => void;
  },
): void {
  const name = `.dfukit-${process.pid}-${process.hrtime.bigint()}.new`;
  const temporary = join(dirname(path), name);
  const file = openSync(temporary, 'wx', terms.mode);
  try {
    try {
      writeFileSync(file, bytes);
      terms.finish?.({ path: temporary, number: file });
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What the system says where a file cannot be replaced, but may still be written to. */
const closedFolder: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EROFS']);

async function writeFile(path: string, bytes: Uint8Array, secret: boolean): Promise<void> {
  const before = statSync(path, { throwIfNoEntry: false });
  if (before !== undefined && !before.isFile()) {
    // A pipe or a terminal: nothing stays there, and nothing can take its name.
    writeFileSync(path, bytes);
    return;
  }
  await refuseRunningFlash(path);
  const real = through(path);
  if (secret) {
    writeBeside(real, bytes, { mode: 0o600 });
    return;
  }
  try {
    replace(real, bytes, before);
  } catch (error) {
    if (before === undefined || !closedFolder.has(codeOf(error))) throw error;
    writeFileSync(real, bytes);
  }
}

/** The files of this machine. */
export const diskFiles: Files = {
  read(path) {
    try {
      return Uint8Array.from(readFileSync(path));
    } catch (error) {
      throw fileError(path, error);
    }
  },
  async write(path, bytes, { secret = false, makeFolders = false } = {}) {
    try {
      if (makeFolders) mkdirSync(dirname(path), { recursive: true });
      await writeFile(path, bytes, secret);
    } catch (error) {
      throw fileError(path, error);
    }
  },
};

/** Text of a file in UTF-8. */
export function readText(files: Files, path: string): string {
  return new TextDecoder().decode(files.read(path));
}

/** Whether a path is of an Intel HEX file. */
export function isHexPath(path: string): boolean {
  return /\.hex$/i.test(path);
}
