import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One run of imgtool (test/vectors/mcuboot/README.md explains the fields). */
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

/** The runs of imgtool in a folder, with the files that they name: `in/…`, `out/…`, `keys/…`. */
export class ImgtoolFolder {
  readonly #roots: readonly string[];

  /** `root` holds `cases.json`; the keys may lie beside it. */
  constructor(root: string) {
    this.#roots = [root, join(root, '..')];
  }

  /** Every run, in the order of the file. */
  get cases(): readonly ImgtoolCase[] {
    const { cases } = JSON.parse(this.text('cases.json')) as { cases: readonly ImgtoolCase[] };
    return cases;
  }

  /** A file, unpacked. */
  bytes(path: string): Uint8Array<ArrayBuffer> {
    const places = this.#roots.map((root) => join(root, path));
    const place = places.find((each) => existsSync(each)) ?? join(this.#roots[0] ?? '', path);
    const bytes = readFileSync(place);
    return Uint8Array.from(path.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  }

  text(path: string): string {
    return new TextDecoder().decode(this.bytes(path));
  }
}
