import type { BoardFile } from 'dfukit/board';
import { Problem } from '../problem.ts';
import { bytesOf } from '../read-file.ts';

/** No board file is larger. */
const MOST_BOARD_BYTES = 1 << 20;

/** No flash of a board is larger, and no text of one needs more. */
const MOST_FIRMWARE_BYTES = 256 << 20;

/** What a file is taken for: a board, what is in a board's flash, or something to be flashed to it. */
type FileKind = 'board' | 'dump' | 'firmware';

/**
 * By its name, and by its size: the page itself saves flash under such a name, and what is as large as the whole flash
 * could go into no slot of it.
 */
export function kindOf({ name, size }: File, flashBytes: number | undefined): FileKind {
  if (/\.json$/i.test(name)) return 'board';
  return /\.flash\.bin$/i.test(name) || size === flashBytes ? 'dump' : 'firmware';
}

/** The one file that was dropped. Throws `Problem` for several, and for a folder. */
export function droppedFile({ files, items }: DataTransfer): File {
  const [file] = files;
  const isFolder = items[0]?.webkitGetAsEntry()?.isDirectory === true;
  if (file === undefined || files.length > 1 || isFolder) {
    throw new Problem('expected one file: a board file, a firmware or a dump of flash');
  }
  return file;
}

/** What a dump of flash holds. Throws `Problem` for more than that flash has room for, and for none. */
export async function dumpOf(file: File, flashBytes: number): Promise<Uint8Array> {
  if (file.size === 0 || file.size > flashBytes) {
    throw new Problem(
      `${file.name}: expected a dump of at most ${flashBytes} bytes, which is the flash of this board, got ${file.size}`,
    );
  }
  return bytesOf(file);
}

/** What a file for the programmer holds. Throws `Problem` for an empty one, and for one that is too large for any board. */
export async function firmwareOf(file: File): Promise<Uint8Array> {
  if (file.size === 0 || file.size > MOST_FIRMWARE_BYTES) {
    throw new Problem(
      `${file.name}: expected a firmware of 1 to ${MOST_FIRMWARE_BYTES} bytes, got ${file.size}`,
    );
  }
  return bytesOf(file);
}

/**
 * What a person has dropped as a board file. Whether it is one is found out where the board is made. Throws `Problem` for
 * what is too large and for what is no JSON object.
 */
export async function boardFileOf(file: File): Promise<BoardFile> {
  if (file.size > MOST_BOARD_BYTES) {
    throw new Problem(
      `${file.name}: expected a board file of at most ${MOST_BOARD_BYTES} bytes, got ${file.size}`,
    );
  }
  const data = parsed(new TextDecoder().decode(await bytesOf(file)), file.name);
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new Problem(`${file.name}: expected a board file, which is a JSON object`);
  }
  return data as BoardFile;
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new Problem(`${name}: expected a board file as JSON: ${words}`, { cause });
  }
}
