import { DfuError, hexNumber } from '../../bytes/index.ts';
import { readManifest } from '../../manifest/index.ts';
import type { FirmwareManifest } from '../../manifest/index.ts';
import { readText } from '../shared/files.ts';
import { inFile } from '../shared/firmware-file.ts';
import type { Terminal } from '../shared/terminal.ts';

const SCHEMA = 'https://unpkg.com/dfukit/schemas/manifest.schema.json';

/** Reads a manifest. Throws with its path in front. */
export function readManifestFile(terminal: Terminal, path: string): FirmwareManifest {
  const text = readText(terminal.files, path);
  return inFile(path, () => readManifest(text));
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
