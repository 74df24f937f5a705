import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DfuError } from '../../bytes/index.ts';
import { systemWords } from './system-words.ts';
import { UnreadableFile } from './unreadable-file.ts';
import type { FileBytes, WriteOptions } from './write-file.ts';

/** The files that a command reads and writes. */
export interface Files {
  /** Throws `NOT_FOUND` or `IO`, as an `UnreadableFile`. */
  read(path: string): Uint8Array;
  /** What stands in a file that writing would replace; undefined where none is, or a pipe or a terminal. */
  standing(path: string): Uint8Array | undefined;
  /**
   * A file is there whole or not at all: it is written under another name, then renamed. Throws `BUSY`
   * for the flash of a board that runs, `NOT_FOUND` where its folder is missing, else `IO`.
   */
  write(path: string, bytes: FileBytes, options?: WriteOptions): Promise<void>;
}

/** `NOT_FOUND` and `IO` in words of our own around what the system says. */
function fileError(path: string, cause: unknown): DfuError {
  if (DfuError.is(cause)) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new DfuError('NOT_FOUND', `${path}: no such file`, { cause });
  const words = code === 'EISDIR' ? 'it is a folder' : systemWords(cause);
  return new DfuError('IO', `${path}: ${words}`, { cause });
}

/** The most that is read at once: Node takes no more than 2 GiB. */
const PIECE_BYTES = 0x10000000;

/** The most that is read of one file: what 32 bits can address. */
const MOST_BYTES = 0x100000000;

/** All of a file, of more than 2 GiB too; `pieceBytes` is for tests. */
export function readWhole(path: string, pieceBytes: number = PIECE_BYTES): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const stat = fstatSync(file);
    const { size } = stat;
    if (!stat.isFile() && !stat.isDirectory()) return readStream(file);
    if (stat.isFile() && size > MOST_BYTES) {
      throw new Error(`it has ${size} bytes, and no more than ${MOST_BYTES} are read`);
    }
    // Files of the kernel have something to read and no size; a folder says that it is one.
    return size === 0 || !stat.isFile()
      ? new Uint8Array(readFileSync(file))
      : readPieces(file, size, pieceBytes);
  } finally {
    closeSync(file);
  }
}

/** Most bytes of what has no size: a pipe, a device. /dev/zero has no end. */
const MOST_OF_STREAM = 0x10000000;
const STREAM_PIECE_BYTES = 0x100000;

function readStream(file: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let total = 0; total <= MOST_OF_STREAM;) {
    const piece = new Uint8Array(STREAM_PIECE_BYTES);
    const read = readSync(file, piece, 0, piece.length, null);
    if (read === 0) return new Uint8Array(Buffer.concat(pieces));
    pieces.push(piece.subarray(0, read));
    total += read;
  }
  throw new Error(`expected an end within ${MOST_OF_STREAM} bytes; put what is wanted into a file`);
}

/** Into the bytes that are handed out: what is large is there once. */
function readPieces(file: number, size: number, pieceBytes: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const read = readSync(file, bytes, at, Math.min(pieceBytes, size - at), at);
    if (read === 0) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

/** The files of this machine. */
export const diskFiles: Files = {
  read(path) {
    try {
      return readWhole(path);
    } catch (error) {
      const { code, message, cause } = fileError(path, error);
      throw new UnreadableFile(code, message, { cause });
    }
  },
  standing(path) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
    return diskFiles.read(path);
  },
  async write(path, bytes, options = {}) {
    try {
      const { writeFile } = await import('./write-file.ts');
      await writeFile(path, bytes, options);
    } catch (error) {
      const folder = dirname(path);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(folder)) {
        const words = `it cannot be created: no such folder: ${folder}`;
        throw new DfuError('NOT_FOUND', `${path}: ${words}`, { cause: error });
      }
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
