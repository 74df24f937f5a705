import { randomUUID } from 'node:crypto';
import {
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { DfuError } from '../../bytes/index.ts';

/** How often a stale lock is cleared away before giving up: others may be doing the same. */
const ATTEMPTS = 10;

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** When a process started, in clock ticks since boot (proc(5)): tells a reused pid. Or empty. */
function startTimeOf(pid: number | 'self'): string {
  // In a container whose /proc is another's, the numbers there are not ours.
  if (pid !== 'self' && linkOf('/proc/self') !== String(process.pid)) return '';
  const stat = textOf(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything; field 22 is the twentieth behind it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/**
 * Where the number of a process means something: this boot of this machine, and in it this PID namespace (a
 * container has its own). `-` where the system does not tell.
 */
function world(): { readonly boot: string; readonly host: string; readonly namespace: string } {
  const [namespace = '-'] = /\d+/.exec(linkOf('/proc/self/ns/pid')) ?? [];
  const boot = textOf('/proc/sys/kernel/random/boot_id') || '-';
  return { boot, host: encodeURIComponent(hostname()) || '-', namespace };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Who wrote a lock. */
interface Holder {
  readonly pid: number;
  /** Its number means nothing here, so that nobody can tell whether it is still about. */
  readonly isElsewhere: boolean;
}

/** Who wrote this lock, if still about or if that cannot be told. What nobody can have written is stale. */
function holderOf(text: string): Holder | undefined {
  const [, pidText = '', started = '', boot = '', host = '', namespace = ''] =
    /^(\d{1,10}) (\d*)(?: (\S+) (\S+) (\S+))?\n$/.exec(text) ?? [];
  if (pidText === '') return undefined;
  const pid = Number(pidText);
  const here = world();
  if (boot !== '' && boot !== here.boot) {
    // The machine has started anew since then; or it is another one, at a disk that both have.
    return host === here.host ? undefined : { pid, isElsewhere: true };
  }
  if (namespace !== '' && namespace !== here.namespace) return { pid, isElsewhere: true };
  const now = startTimeOf(pid);
  const same = started === '' || now === '' || started === now;
  return isAlive(pid) && same ? { pid, isElsewhere: false } : undefined;
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
  return text === undefined ? undefined : holderOf(text)?.pid;
}

function busy({ pid, isElsewhere }: Holder, path: string): DfuError {
  const where = isElsewhere ? ' of another container or machine' : '';
  const remedy = isElsewhere ? '; if nothing runs there any more, remove that file' : '';
  return new DfuError('BUSY', `in use by process ${pid}${where} (${path})${remedy}`);
}

/**
 * A lock between processes: a file that holds the number of the process, and where that means something. One whose
 * process is gone counts for nothing and is cleared away; one of another container or machine, of which that
 * cannot be told, is held.
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
    const { boot, host, namespace } = world();
    const text = `${process.pid} ${startTimeOf('self')} ${boot} ${host} ${namespace}\n`;
    // Two containers may have the same numbers.
    const own = `${path}.${process.pid}.${randomUUID()}`;
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
    const holder = holderOf(found);
    if (holder !== undefined) throw busy(holder, path);
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
