import { DfuError, Utf8Reader, parseJson } from '../../bytes/index.ts';
import { zipEntries } from './zip.ts';
import type { Inflate } from './zip.ts';

/** An image in a package, and what its manifest says of it. */
export interface PackagedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the manifest says, by its own names, as text; nothing of a file that it does not list. */
  readonly manifest: Readonly<Record<string, string>>;
}

/** All that is in a package. */
export interface WholePackage {
  /** The images: what `readDfuPackage` answers. */
  readonly files: readonly PackagedFile[];
  /** Files that the manifest does not list, and is not itself. */
  readonly unlisted: readonly PackagedFile[];
  /** What the manifest says of no file in particular, as text; nothing where there is none. */
  readonly manifest: Readonly<Record<string, string>>;
}

/** Most bytes of all files together that a package is unpacked to. */
const MOST_BYTES = 256 * 1024 * 1024;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

interface Manifest {
  readonly files: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly rest: Readonly<Record<string, string>>;
}

/** The entries of an object but for one of them, each as text. */
function inWords(value: Readonly<Record<string, unknown>>, but: string): Record<string, string> {
  const entries = Object.entries(value).filter(([name]) => name !== but);
  return Object.fromEntries(
    entries.map(([name, each]) => [name, typeof each === 'string' ? each : JSON.stringify(each)]),
  );
}

/** Undefined for a manifest of another kind. */
function readManifest(text: Uint8Array): Manifest | undefined {
  let value: unknown;
  try {
    value = parseJson(new Utf8Reader().read(text));
  } catch (cause) {
    throw new DfuError('MALFORMED', 'manifest.json: expected JSON', { cause });
  }
  if (!isRecord(value) || !Array.isArray(value['files'])) return undefined;
  const files = new Map<string, Record<string, string>>();
  for (const entry of value['files'] as unknown[]) {
    if (!isRecord(entry) || typeof entry['file'] !== 'string') continue;
    files.set(entry['file'], inWords(entry, 'file'));
  }
  return { files, rest: inWords(value, 'files') };
}

/**
 * A package as nRF Connect SDK and Zephyr leave it (`dfu_application.zip`), with all that is in it: the images that
 * its `manifest.json` lists, and what else there is; without such a manifest every file is an image. Throws
 * `MALFORMED`, `TRUNCATED` or `UNSUPPORTED` for a damaged one, or one that lists what it does not have.
 */
export function readWholePackage(file: Uint8Array, inflate: Inflate): WholePackage {
  const entries = zipEntries(file).filter(({ name }) => !name.endsWith('/'));
  const total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total > MOST_BYTES) {
    throw new DfuError('MALFORMED', `zip file: expected at most ${MOST_BYTES} bytes, got ${total}`);
  }
  const found = entries.find(({ name }) => name === 'manifest.json');
  const manifest = found === undefined ? undefined : readManifest(found.read(inflate));
  for (const name of manifest?.files.keys() ?? []) {
    if (entries.some((entry) => entry.name === name)) continue;
    throw new DfuError('MALFORMED', `manifest.json: expected ${name} in the package, found none`);
  }
  const read = (entry: (typeof entries)[number]): PackagedFile => {
    const said = manifest?.files.get(entry.name) ?? {};
    const bytes = entry.read(inflate);
    const size = said['size'];
    if (size !== undefined && Number(size) !== bytes.length) {
      const words = `expected ${entry.name} of ${size} bytes, got ${bytes.length}`;
      throw new DfuError('MALFORMED', `manifest.json: ${words}`);
    }
    return { name: entry.name, bytes, manifest: said };
  };
  if (manifest === undefined) return { files: entries.map(read), unlisted: [], manifest: {} };
  const isListed = ({ name }: { readonly name: string }): boolean => manifest.files.has(name);
  return {
    files: entries.filter(isListed).map(read),
    unlisted: entries.filter((entry) => !isListed(entry) && entry !== found).map(read),
    manifest: manifest.rest,
  };
}

/** The images in a package alone. Throws as `readWholePackage` does. */
export function readDfuPackage(file: Uint8Array, inflate: Inflate): PackagedFile[] {
  return [...readWholePackage(file, inflate).files];
}
