import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { DfuError } from '../../bytes/index.ts';

/** How often a stale lock is cleared away before giving up: others may be doing the same. */
const ATTEMPTS = 10;

let uniqueNumber = 0;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** When the process started, in clock ticks since boot (proc(5)): tells a reused pid. Or empty. */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; field 22 is the twentieth behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Who wrote this lock, if still about. What nobody can have written is stale. */
function holderOf(text: string): number | undefined {
  const [, pidText = '', started = ''] = /^(\d{1,10}) (\d*)\n$/.exec(text) ?? [];
  if (pidText === '') return undefined;
  const pid = Number(pidText);
  return isAlive(pid) && (started === '' || started === startTimeOf(pid)) ? pid : undefined;
}

function readLock(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The process that holds the lock of that name, if one does. */
export function lockHolder(path: string): number | undefined {
  const text = readLock(path);
  return text === undefined ? undefined : holderOf(text);
}

/**
 * A lock between processes: a file that holds the number of the process. One whose process is gone
 * counts for nothing and is cleared away.
 */
export class FileLock {
  readonly #path: string;
  readonly #text: string;
  #held = true;

  private constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  /** Takes the lock. Throws `BUSY` with the process that holds it, `IO` or `ACCESS` if it cannot be made. */
  static take(path: string): FileLock {
    const text = `${process.pid} ${startTimeOf(process.pid)}\n`;
    uniqueNumber += 1;
    const own = `${path}.${process.pid}.${uniqueNumber}`;
    try {
      writeFileSync(own, text, { flag: 'wx' });
      try {
        for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
          if (FileLock.#claim(own, path)) return new FileLock(path, text);
        }
      } finally {
        unlinkSync(own);
      }
    } catch (error) {
      if (DfuError.is(error)) throw error;
      const code = codeOf(error) === 'EACCES' || codeOf(error) === 'EROFS' ? 'ACCESS' : 'IO';
      throw new DfuError(code, `cannot make the lock ${path}: ${String(error)}`, { cause: error });
    }
    throw new DfuError('BUSY', `${path} is being fought over`);
  }

  /** Gives it back. Nothing happens the second time. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (readLock(this.#path) === this.#text) unlinkSync(this.#path);
  }

  /** A link is made or it is not, even with two at once. False: a stale one was cleared; try again. */
  static #claim(own: string, path: string): boolean {
    try {
      linkSync(own, path);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const found = readLock(path);
    if (found === undefined) return false;
    const pid = holderOf(found);
    if (pid !== undefined) throw new DfuError('BUSY', `in use by process ${pid} (${path})`);
    FileLock.#clear(path, `${own}.stale`, found);
    return false;
  }

  /** Clears a stale lock away, and puts it back if it turns out to be somebody's new one. */
  static #clear(path: string, aside: string, stale: string): void {
    try {
      renameSync(path, aside);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      throw error;
    }
    if (readLock(aside) !== stale) {
      try {
        linkSync(aside, path);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
    unlinkSync(aside);
  }
}
