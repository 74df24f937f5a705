import type { BoardFile } from 'dfukit/board';
import { Problem } from '../problem.ts';

/** No board file is larger. */
const MOST_BOARD_BYTES = 1 << 20;

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
  const data = parsed(await file.text(), file.name);
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
