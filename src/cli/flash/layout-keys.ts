import { dirname, isAbsolute, join, normalize } from 'node:path';
import { DfuError } from '../../bytes/index.ts';
import type { SignatureKind } from '../../image/index.ts';
import type { Files } from '../shared/files.ts';

/** The key files that a layout file names, where they were found. */
export interface LayoutKeys {
  readonly key: readonly string[];
  readonly decrypt: readonly string[];
  /** Those that were not. */
  readonly missing: readonly string[];
  /** What kind they must be of, where the file says it. */
  readonly kind?: SignatureKind | 'none' | undefined;
}

/** Below a folder, and nowhere else. */
function isInside(path: string): boolean {
  return !isAbsolute(path) && !normalize(path).startsWith('..');
}

/** Whether there is a file that can be read. */
function isThere(files: Files, path: string): boolean {
  try {
    files.read(path);
    return true;
  } catch (error) {
    if (DfuError.is(error)) return false;
    throw error;
  }
}

const wordsIn = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter(
    (each) => typeof each === 'string' && each !== '',
  );

/**
 * Finds the keys that a layout file names: recordings lie in a folder of their own, and their keys in one
 * beside it, so that they are looked for from the folder of the file and from the one above.
 */
export function layoutKeys(files: Files, layoutPath: string, value: unknown): LayoutKeys {
  const whole = value as { readonly config?: unknown };
  const { publicKeys, encryptionPrivateKey } = (whole.config ?? whole) as Record<string, unknown>;
  const folders = [dirname(layoutPath), join(dirname(layoutPath), '..')];
  const missing: string[] = [];
  const find = (names: unknown): string[] =>
    wordsIn(names).flatMap((name) => {
      const places = isInside(name) ? folders.map((folder) => join(folder, name)) : [];
      const found = places.find((place) => isThere(files, place));
      if (found === undefined) missing.push(name);
      return found ?? [];
    });
  return { key: find(publicKeys), decrypt: find(encryptionPrivateKey), missing };
}
