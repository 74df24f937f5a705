import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { DfuError } from '../../bytes/index.ts';
import { needsPassword, readKey } from '../../image/index.ts';
import type { Key } from '../../image/index.ts';
import { askPassphrase } from './passphrase.ts';

/** What the image commands need of the world. */
export interface ImageIo {
  /** Throws `NOT_FOUND` or `IO`. */
  read(path: string): Uint8Array;
  /** `secret` files can be read by their owner alone. Throws `IO`. */
  write(path: string, bytes: Uint8Array, options?: { readonly secret?: boolean }): void;
  /** To standard output, as it is. */
  print(text: string | Uint8Array): void;
  /** A line to standard error. */
  warn(text: string): void;
  passphrase(prompt: string): Promise<string>;
}

/** `NOT_FOUND` and `IO` in words of our own around what the system says. */
function fileError(path: string, cause: unknown): DfuError {
  const code = (cause as { readonly code?: unknown }).code;
  if (code === 'ENOENT') return new DfuError('NOT_FOUND', `${path}: no such file`, { cause });
  const words = cause instanceof Error ? cause.message : String(cause);
  return new DfuError('IO', `${path}: ${words}`, { cause });
}

/** Files, standard output and terminal of this process. */
export const processIo: ImageIo = {
  read(path) {
    try {
      return Uint8Array.from(readFileSync(path));
    } catch (error) {
      throw fileError(path, error);
    }
  },
  write(path, bytes, { secret = false } = {}) {
    try {
      writeFileSync(path, bytes, secret ? { mode: 0o600 } : {});
      if (secret) chmodSync(path, 0o600);
    } catch (error) {
      throw fileError(path, error);
    }
  },
  print: (text) => void process.stdout.write(text),
  warn: (text) => void process.stderr.write(`${text}\n`),
  passphrase: askPassphrase,
};

/** Text of a file in UTF-8. */
export function readText(io: ImageIo, path: string): string {
  return new TextDecoder().decode(io.read(path));
}

/** Reads a key file, asking for its passphrase if it has one. */
export async function loadKey(io: ImageIo, path: string): Promise<Key> {
  const text = readText(io, path);
  const password = needsPassword(text) ? await io.passphrase('Enter key passphrase: ') : undefined;
  return readKey(text, { password });
}

/** Whether a path is of an Intel HEX file. */
export function isHexPath(path: string): boolean {
  return /\.hex$/i.test(path);
}
