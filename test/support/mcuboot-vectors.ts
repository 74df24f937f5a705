import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

const root = resolve(import.meta.dirname, '../vectors/mcuboot');

/** One run of imgtool 2.4.0 (test/vectors/mcuboot/README.md explains the fields). */
export interface ImgtoolCase {
  readonly name: string;
  readonly cmd: 'sign' | 'verify' | 'dumpinfo' | 'getpub' | 'getpubhash' | 'getpriv' | 'keyinfo';
  readonly exit: number;
  readonly args?: readonly string[];
  readonly input?: string;
  readonly key?: string | null;
  readonly encoding?: string;
  readonly format?: string;
  readonly stdout?: string | readonly string[];
  readonly error?: string;
  readonly output?: string;
  readonly outputBase64?: string;
  readonly deterministic?: boolean;
  readonly fileNameShown?: string;
  readonly xor?: readonly (readonly [number, number])[];
  readonly extra?: Readonly<Record<string, string>>;
}

/** Every run, in the order of the file. */
export const imgtoolCases: readonly ImgtoolCase[] = (
  JSON.parse(readFileSync(resolve(root, 'imgtool/cases.json'), 'utf8')) as {
    cases: readonly ImgtoolCase[];
  }
).cases;

/** A file of the vectors, unpacked; `path` as the runs name it: `in/…`, `out/…`, `keys/…`. */
export function vectorFile(path: string): Uint8Array<ArrayBuffer> {
  const folder = path.startsWith('keys/') ? '.' : 'imgtool';
  const bytes = readFileSync(resolve(root, folder, path));
  return Uint8Array.from(path.endsWith('.gz') ? gunzipSync(bytes) : bytes);
}

/** A text file of the vectors. */
export function vectorText(path: string): string {
  return new TextDecoder().decode(vectorFile(path));
}
