import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DfuError } from '../../bytes/index.ts';
import { readBoardFile } from '../index.ts';
import type { BoardModel } from '../index.ts';

/** Most bytes of a board file in JSON. */
const MOST_BYTES = 4 * 1024 * 1024;

const MODULE = /\.[mc]?[jt]s$/i;

function readDisk(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const words = missing ? 'no such file' : 'it cannot be read';
    throw new DfuError(missing ? 'NOT_FOUND' : 'IO', `${path}: ${words}`, { cause });
  }
}

function parse(path: string, bytes: Uint8Array): unknown {
  if (bytes.length > MOST_BYTES) {
    const words = `expected a board file of at most ${MOST_BYTES} bytes, got ${bytes.length}`;
    throw new DfuError('MALFORMED', `${path}: ${words}`);
  }
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DfuError('MALFORMED', `${path}: expected a board file in JSON: ${why}`, { cause });
  }
}

/** What a module that cannot be had is told as. */
function moduleFault(path: string, cause: unknown): DfuError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    const words = `Node ${process.versions.node} reads no TypeScript`;
    const advice = 'use Node 22.18 or later, or a .mjs or .json file';
    return new DfuError('UNSUPPORTED', `${path}: ${words}: ${advice}`, { cause });
  }
  const why = cause instanceof Error ? message : String(cause);
  return new DfuError('MALFORMED', `${path}: the module cannot be loaded: ${why}`, { cause });
}

async function load(path: string): Promise<unknown> {
  let found: Readonly<Record<string, unknown>>;
  try {
    found = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as typeof found;
  } catch (error) {
    throw moduleFault(path, error);
  }
  const value = found['default'] ?? found['board'];
  if (value !== undefined) return value;
  const names = Object.keys(found).join(', ') || 'nothing';
  const expected = 'expected a default export, or one named board, with a board';
  throw new DfuError('MALFORMED', `${path}: ${expected}, got ${names}`);
}

/** How a board file is read. */
export interface BoardFileOptions {
  /** Reads the file; default: from the disk. */
  readonly read?: ((path: string) => Uint8Array) | undefined;
}

/**
 * The board that a file describes: JSON, or a module (`.mjs`, `.js`, and `.ts` where Node reads it) that exports the
 * same as `default` or as `board`. The key files that it names are answered as paths from here.
 *
 * Throws `NOT_FOUND` or `IO` for a file that cannot be read, `MALFORMED` for one that holds no board, with the file and
 * the path in it, and `UNSUPPORTED` for TypeScript where Node reads none.
 */
export async function loadBoardFile(
  path: string,
  { read = readDisk }: BoardFileOptions = {},
): Promise<BoardModel> {
  // A module is read, too, so that one that is not there is told as any other file.
  const bytes = read(path);
  const value = MODULE.test(path) ? await load(path) : parse(path, bytes);
  let model: BoardModel;
  try {
    model = readBoardFile(value);
  } catch (error) {
    // What is no error of ours comes from the module: a getter, a proxy.
    const why = error instanceof Error ? error.message : String(error);
    throw new DfuError('MALFORMED', `${path}: ${why}`, { cause: error });
  }
  const { mcuboot } = model;
  if (mcuboot?.keys === undefined) return model;
  const keys = mcuboot.keys.map((key) => (isAbsolute(key) ? key : join(dirname(path), key)));
  return { ...model, mcuboot: { ...mcuboot, keys } };
}
