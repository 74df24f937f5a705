import { DfuError, Utf8Reader } from '../../bytes/index.ts';
import { zipEntries } from './zip.ts';
import type { Inflate } from './zip.ts';

/** An image in a package, and what its manifest says of it. */
export interface PackagedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the manifest says, by its own names, as text; nothing of a file that it does not list. */
  readonly manifest: Readonly<Record<string, string>>;
}

/** Most bytes of all files together that a package is unpacked to. */
const MOST_BYTES = 256 * 1024 * 1024;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What the manifest says of each file; undefined for a manifest of another kind. */
function manifestFiles(text: Uint8Array): ReadonlyMap<string, Record<string, string>> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new Utf8Reader().read(text));
  } catch (cause) {
    throw new DfuError('MALFORMED', 'manifest.json: expected JSON', { cause });
  }
  if (!isRecord(value) || !Array.isArray(value['files'])) return undefined;
  const found = new Map<string, Record<string, string>>();
  for (const entry of value['files'] as unknown[]) {
    if (!isRecord(entry) || typeof entry['file'] !== 'string') continue;
    const said: Record<string, string> = {};
    for (const [name, each] of Object.entries(entry)) {
      if (name === 'file' || (typeof each !== 'string' && typeof each !== 'number')) continue;
      said[name] = String(each);
    }
    found.set(entry['file'], said);
  }
  return found;
}

/**
 * The images in a package as nRF Connect SDK and Zephyr leave it (`dfu_application.zip`): those that its
 * `manifest.json` lists, with what it says of them; without such a manifest every file. Throws `MALFORMED`,
 * `TRUNCATED` or `UNSUPPORTED` for a damaged one, or one that lists what it does not have.
 */
export function readDfuPackage(file: Uint8Array, inflate: Inflate): PackagedFile[] {
  const entries = zipEntries(file).filter(({ name }) => !name.endsWith('/'));
  const total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total > MOST_BYTES) {
    throw new DfuError('MALFORMED', `zip file: expected at most ${MOST_BYTES} bytes, got ${total}`);
  }
  const manifest = entries.find(({ name }) => name === 'manifest.json');
  const listed = manifest === undefined ? undefined : manifestFiles(manifest.read(inflate));
  for (const name of listed?.keys() ?? []) {
    if (entries.some((entry) => entry.name === name)) continue;
    throw new DfuError('MALFORMED', `manifest.json: expected ${name} in the package, found none`);
  }
  const wanted = listed === undefined ? entries : entries.filter(({ name }) => listed.has(name));
  return wanted.map((entry) => {
    const said = listed?.get(entry.name) ?? {};
    const bytes = entry.read(inflate);
    const size = said['size'];
    if (size !== undefined && Number(size) !== bytes.length) {
      const words = `expected ${entry.name} of ${size} bytes, got ${bytes.length}`;
      throw new DfuError('MALFORMED', `manifest.json: ${words}`);
    }
    return { name: entry.name, bytes, manifest: said };
  });
}
