import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DfuError } from '../../bytes/index.ts';

/**
 * Writes a file so that it is there whole or not at all: under another name, then renamed. Makes the
 * folder. Throws `IO`.
 */
export function writeWhole(path: string, contents: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, contents);
    renameSync(temporary, path);
  } catch (cause) {
    removeIfThere(temporary);
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new DfuError('IO', `${path}: ${words}`, { cause });
  }
}

/** Where nothing could be written there is nothing to remove either. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // its folder is no folder
  }
}
