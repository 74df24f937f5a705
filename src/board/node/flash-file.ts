import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { DfuError } from '../../bytes/index.ts';
import { SectorMap } from '../../flash/index.ts';
import type { FlashGeometry, FlashStorage } from '../../flash/index.ts';
import { FileLock, lockHolder } from './file-lock.ts';

/**
 * The bytes of a flash in a file of exactly its size, byte 0 first.
 *
 * Nobody else may open it meanwhile: `FILE.lock` holds the number of this process, and one left by a
 * process of this machine and container that is gone counts for nothing. Symbolic links lead to the same lock; other names of the same
 * file (hard links) are found if they are in its folder. A new file is filled with the erased value under another
 * name and then renamed, so that there is never half a file. Each write goes to the file at once, in
 * one call, and therefore survives the end of this process at any moment, however it ends; a crash of
 * the whole machine may lose what was written since the last `sync` or `close`, which is what `fsync`
 * at each of thousands of words would cost too much to prevent.
 */
export class FlashFile implements FlashStorage {
  readonly path: string;
  readonly sizeBytes: number;
  /** What the file holds. The lock keeps it true. */
  readonly #bytes: Uint8Array;
  readonly #lock: FileLock;
  #file: number | undefined;

  private constructor(path: string, bytes: Uint8Array, lock: FileLock) {
    this.path = path;
    this.sizeBytes = bytes.length;
    this.#bytes = bytes;
    this.#lock = lock;
    this.#file = openSync(path, 'r+');
  }

  /**
   * Opens it, or makes a new one. Throws `BUSY` if another process has it, `MALFORMED` if it has
   * another size, `IO` or `ACCESS` if the system refuses.
   */
  static open(path: string, geometry: FlashGeometry): FlashFile {
    const real = realPath(path);
    const lock = FileLock.take(`${real}.lock`);
    try {
      const pid = holderByOtherName(real);
      if (pid !== undefined) throw new DfuError('BUSY', `in use by process ${pid} (${path})`);
      const { sizeBytes } = new SectorMap(geometry);
      const bytes = readWhole(real) ?? create(real, sizeBytes, geometry.erasedValue);
      if (bytes.length !== sizeBytes) {
        const sizes = `expected ${sizeBytes} bytes, got ${bytes.length}`;
        throw new DfuError('MALFORMED', `${path} is not a flash of this board: ${sizes}`);
      }
      return new FlashFile(real, bytes, lock);
    } catch (error) {
      lock.release();
      throw asDfuError(path, error);
    }
  }

  read(offsetBytes: number, target: Uint8Array, lengthBytes: number): void {
    target.set(this.#bytes.subarray(offsetBytes, offsetBytes + lengthBytes));
  }

  write(offsetBytes: number, bytes: Uint8Array): void {
    const file = this.#open();
    try {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(file, bytes, done, bytes.length - done, offsetBytes + done);
      }
    } catch (error) {
      throw asDfuError(this.path, error);
    }
    this.#bytes.set(bytes, offsetBytes);
  }

  fill(offsetBytes: number, lengthBytes: number, value: number): void {
    this.write(offsetBytes, new Uint8Array(lengthBytes).fill(value));
  }

  /** Makes sure that what was written survives a crash of the machine. */
  sync(): void {
    fsyncSync(this.#open());
  }

  /** Syncs, closes and gives the lock back. Nothing happens the second time. */
  close(): void {
    if (this.#file === undefined) return;
    try {
      fsyncSync(this.#file);
      closeSync(this.#file);
    } finally {
      this.#file = undefined;
      this.#lock.release();
    }
  }

  #open(): number {
    if (this.#file !== undefined) return this.#file;
    throw new DfuError('IO', `${this.path} is closed`);
  }
}

/** The process that has a flash file open, by this name, through links, or by another name beside it. */
export function flashFileHolder(path: string): number | undefined {
  const real = realPath(path);
  return lockHolder(`${real}.lock`) ?? holderByOtherName(real);
}

/** Who holds the lock of another name of this file: one with the same inode, in the same folder. */
function holderByOtherName(real: string): number | undefined {
  const own = statSync(real, { throwIfNoEntry: false, bigint: true });
  if (own === undefined || own.nlink === 1n) return undefined;
  const folder = dirname(real);
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.lock')) continue;
    const other = join(folder, name.slice(0, -'.lock'.length));
    if (other === real) continue;
    const found = statSync(other, { throwIfNoEntry: false, bigint: true });
    if (found?.ino !== own.ino || found.dev !== own.dev) continue;
    const holder = lockHolder(join(folder, name));
    if (holder !== undefined) return holder;
  }
  return undefined;
}

/** Through links, so that one file has one lock. */
function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    // Not there yet; its folder is.
    const folder = dirname(whole);
    return existsSync(folder) ? join(realpathSync(folder), basename(whole)) : whole;
  }
}

function readWhole(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function create(path: string, sizeBytes: number, erasedValue: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes).fill(erasedValue);
  // A name that nobody can have laid a link at: it must not be there.
  const temporary = `${path}.${randomUUID()}.new`;
  const file = openSync(temporary, 'wx');
  try {
    for (let done = 0; done < sizeBytes;) {
      done += writeSync(file, bytes, done, sizeBytes - done, done);
    }
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  return bytes;
}

function asDfuError(path: string, error: unknown): unknown {
  if (DfuError.is(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const refused = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new DfuError(refused ? 'ACCESS' : 'IO', `${path}: ${message}`, { cause: error });
}
