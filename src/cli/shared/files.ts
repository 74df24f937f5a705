import { readFileSync } from 'node:fs';
import { DfuError } from '../../bytes/index.ts';
import { systemWords } from './system-words.ts';
import type { WriteOptions } from './write-file.ts';

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
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new DfuError('NOT_FOUND', `${path}: no such file`, { cause });
  const words = systemWords(cause);
  return new DfuError('IO', `${path}: ${words}`, { cause });
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
  async write(path, bytes, options = {}) {
    try {
      const { writeFile } = await import('./write-file.ts');
      await writeFile(path, bytes, options);
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
