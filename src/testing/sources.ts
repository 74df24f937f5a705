import { readFileSync } from 'node:fs';
import { boardModel, boardModels, isBoardPath } from '../board/index.ts';
import type { BoardModel, StandIn } from '../board/index.ts';
import { loadBoardFile, loadStandIn } from '../board/node/index.ts';
import { DfuError, didYouMean } from '../bytes/index.ts';
import { readKey } from '../image/index.ts';
import type { Key } from '../image/index.ts';
import type { BenchBoard, ImageSource, KeySource, StandInSource } from './options.ts';

// What a bench is given as a path or in words, read.

/** The error of a file, with its path in front. */
function ofFile(path: string, cause: unknown): unknown {
  if (DfuError.is(cause)) return new DfuError(cause.code, `${path}: ${cause.message}`, { cause });
  if (!(cause instanceof Error) || !('code' in cause)) return cause;
  const isMissing = cause.code === 'ENOENT';
  const words = isMissing ? 'no such file' : cause.message;
  return new DfuError(isMissing ? 'NOT_FOUND' : 'IO', `${path}: ${words}`, { cause });
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw ofFile(path, cause);
  }
}

/** An image's bytes, wherever they are. Throws `NOT_FOUND` or `IO` with the path. */
export function imageBytes(source: ImageSource): Uint8Array {
  return typeof source === 'string' ? readBytes(source) : source;
}

function isKey(source: KeySource): source is Key {
  return typeof source === 'object' && 'kind' in source;
}

/** A key, wherever it is. Throws what `readKey` throws, with the path. */
export async function keyOf(source: KeySource): Promise<Key> {
  if (isKey(source)) return source;
  if (typeof source !== 'string') return readKey(new TextDecoder().decode(source));
  if (source.includes('-----BEGIN ')) return readKey(source);
  const text = new TextDecoder().decode(readBytes(source));
  try {
    return await readKey(text);
  } catch (cause) {
    throw ofFile(source, cause);
  }
}

/** The board that is meant: itself, its name, or the path of its file. */
export async function boardOf(board: BenchBoard): Promise<BoardModel> {
  if (typeof board !== 'string') return board;
  if (isBoardPath(board)) return loadBoardFile(board);
  const names = boardModels.map(({ name }) => name);
  if (names.includes(board)) return boardModel(board);
  const words = `there is: ${names.join(', ')}, or the path of a board file`;
  throw new DfuError('NOT_FOUND', `no board "${board}"${didYouMean(board, names)}; ${words}`);
}

/** A stand-in, with its firmware read. */
export async function standInOf(source: StandInSource): Promise<StandIn> {
  return typeof source === 'string' ? loadStandIn(source) : source;
}
