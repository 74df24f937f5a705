import { dirname, join } from 'node:path';
import { DfuError, hexNumber } from '../../bytes/index.ts';
import { readManifest } from '../../manifest/index.ts';
import type { FirmwareManifest } from '../../manifest/index.ts';
import { readText } from './files.ts';
import { inFile } from './firmware-file.ts';
import type { Terminal } from './terminal.ts';

const SCHEMA = 'https://unpkg.com/dfukit/schemas/manifest.schema.json';

/** Reads a manifest. Throws with its path in front. */
export function readManifestFile(terminal: Terminal, path: string): FirmwareManifest {
  const text = readText(terminal.files, path);
  return inFile(path, () => readManifest(text));
}

/** The path of a file that lies beside its manifest, or what keeps it from doing so, as a sentence. */
export function fileBeside(
  manifest: string,
  url: string,
): { path: string } | { elsewhere: string } {
  if (/^https?:/.test(url) || url.startsWith('/')) {
    return { elsewhere: 'It is not beside the manifest, and is not fetched.' };
  }
  const [way = ''] = url.split('?', 1);
  try {
    const parts = way.split('/').map((part) => decodeURIComponent(part));
    if (parts.some((part) => /[/\\\0]/.test(part))) throw new Error('no name of a file');
    return { path: join(dirname(manifest), ...parts) };
  } catch {
    return { elsewhere: 'That is no name of a file here.' };
  }
}

/** Writes a manifest, once it has been checked as any other. Throws `INVALID_ARGUMENT` with what contradicts itself. */
export async function writeManifestFile(
  terminal: Terminal,
  path: string,
  manifest: FirmwareManifest,
): Promise<FirmwareManifest> {
  const hex = (key: string, value: unknown): unknown =>
    key === 'address' && typeof value === 'number' ? hexNumber(value, 8) : value;
  const text = `${JSON.stringify({ $schema: SCHEMA, ...manifest }, hex, 2)}\n`;
  const read = checked(text);
  await terminal.files.write(path, Buffer.from(text));
  return read;
}

/** What a command line puts into a manifest is an argument. */
function checked(text: string): FirmwareManifest {
  try {
    return readManifest(text);
  } catch (cause) {
    if (!DfuError.is(cause)) throw cause;
    throw new DfuError('INVALID_ARGUMENT', cause.message, { cause });
  }
}
