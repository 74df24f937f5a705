import { DfuError, parseJson, pathText, readShape } from '../bytes/index.ts';
import type { ShapePath } from '../bytes/index.ts';
import { checkManifest } from './check-manifest.ts';
import type { FirmwareManifest } from './firmware-manifest.ts';
import { manifestShape } from './manifest-shape.ts';

/** Longest text of a manifest, in characters. */
export const MOST_MANIFEST_CHARACTERS: number = 2 ** 20;

function malformed(path: ShapePath, words: string): DfuError {
  const where = path.length === 0 ? 'manifest' : `manifest: ${pathText(path)}`;
  return new DfuError('MALFORMED', `${where}: ${words}`);
}

/** Why a text is no JSON. Where there is no such file, servers answer with a page of theirs, and stores of files with XML. */
function whyNoJson(text: string, cause: unknown): string {
  if (text.trim() === '') return ', got nothing';
  if (/^\s*<(!doctype html|html)[\s>]/i.test(text)) return ', got a web page';
  if (text.trimStart().startsWith('<')) return ', got XML or HTML';
  return `: ${cause instanceof Error ? cause.message : String(cause)}`;
}

function parsed(text: string): unknown {
  if (text.length > MOST_MANIFEST_CHARACTERS) {
    const most = `expected at most ${MOST_MANIFEST_CHARACTERS} characters`;
    throw malformed([], `${most}, got ${text.length}`);
  }
  try {
    return parseJson(text);
  } catch (cause) {
    throw new DfuError('MALFORMED', `manifest: expected JSON${whyNoJson(text, cause)}`, { cause });
  }
}

/**
 * Reads and checks a manifest: its text, or what is in it already. Ids and hashes come back in small letters. What has been
 * read may be read again.
 *
 * Throws `MALFORMED` with the path in the manifest (`releases[0].files[1].sha256`), what was expected there and what came:
 * for a text of more than 1 MiB, for keys that are not known, for values that cannot be, for boards that a device might be
 * two of, for files of a release that one board cannot tell apart, and for names and keys that are not there.
 */
export function readManifest(value: unknown): FirmwareManifest {
  const given = typeof value === 'string' ? parsed(value) : value;
  const read = readShape(manifestShape, given, { path: [], fault: malformed });
  const { $schema: _, ...manifest } = read as FirmwareManifest & { readonly $schema?: string };
  checkManifest(manifest, malformed);
  return manifest;
}
