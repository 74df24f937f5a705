import { dirname, relative, resolve, sep } from 'node:path';
import { DfuError, toHex } from '../../bytes/index.ts';
import { publicHalf, publicKeyHashes, writePublicPem } from '../../image/index.ts';
import type { Key } from '../../image/index.ts';
import { fileFacts } from '../../manifest/index.ts';
import type {
  FileFacts,
  ManifestErase,
  ManifestFile,
  ManifestKey,
  ManifestRelease,
} from '../../manifest/index.ts';
import { idDigits } from '../../usb/index.ts';
import { readText } from '../shared/files.ts';
import { loadKey } from '../shared/key-files.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What is said of a file and its release besides the file itself. */
export interface NewFileOptions {
  readonly release?: string | undefined;
  readonly channel?: string | undefined;
  readonly bcdDevice?: string | undefined;
  readonly notes?: string | undefined;
  readonly minimumVersion?: string | undefined;
  readonly for?: readonly string[] | undefined;
  readonly label?: string | undefined;
  readonly alternate?: string | undefined;
  readonly address?: number | undefined;
  readonly erase?: ManifestErase | undefined;
  readonly url?: string | undefined;
  readonly key?: string | undefined;
}

/** A file, the release that it is of, and the key that it is signed with. */
export interface NewFile {
  readonly bytes: Uint8Array;
  readonly facts: FileFacts;
  readonly file: ManifestFile;
  readonly release: Omit<ManifestRelease, 'files'>;
  readonly key: ManifestKey | undefined;
}

/** The file as a manifest at this path finds it. */
function urlOf(manifest: string, path: string, prefix: string | undefined): string {
  const name = relative(dirname(resolve(manifest)), resolve(path)).split(sep);
  const parts = prefix === undefined ? name : name.slice(-1);
  const url = parts.map((each) => encodeURIComponent(each)).join('/');
  if (prefix === undefined) return url;
  return `${prefix}${prefix === '' || prefix.endsWith('/') ? '' : '/'}${url}`;
}

function alternateOf(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : text;
}

/** Under which hash an image names this key. */
async function idOf(key: Key, named: string | undefined): Promise<string> {
  const all = await publicKeyHashes(key);
  return all.map((each) => toHex(each)).find((each) => each === named) ?? toHex(all[0] ?? key.spki);
}

async function keyOf(
  key: Key | undefined,
  named: string | undefined,
): Promise<ManifestKey | undefined> {
  if (key === undefined) return undefined;
  return { id: await idOf(key, named), pem: writePublicPem(publicHalf(key)) };
}

/** Throws where neither the file nor the command line says a version. */
function versionOf(terminal: Terminal, path: string, facts: FileFacts, given?: string): string {
  if (given === undefined && facts.version === undefined) {
    const words = `${path} does not say its version: --release VERSION`;
    throw new DfuError('INVALID_ARGUMENT', words);
  }
  if (given !== undefined && facts.version !== undefined && given !== facts.version) {
    warn(terminal, `dfukit: ${path} says of itself that it is ${facts.version}, not ${given}`);
  }
  return given ?? facts.version ?? '';
}

async function loadSigner(terminal: Terminal, path: string | undefined): Promise<Key | undefined> {
  if (path === undefined) return undefined;
  const key = await loadKey(terminal, path);
  if (key.kind !== 'x25519') return key;
  throw new DfuError('INVALID_ARGUMENT', `--key: ${path}: expected a key that signs, got x25519`);
}

/** Reads a file, and says what a manifest at `manifest` has of it. */
export async function newFile(
  terminal: Terminal,
  { manifest, path }: { readonly manifest: string; readonly path: string },
  options: NewFileOptions,
): Promise<NewFile> {
  const bytes = terminal.files.read(path);
  const signer = await loadSigner(terminal, options.key);
  const facts = await factsOf(path, bytes, signer);
  const { channel, label, erase, address, minimumVersion, notes } = options;
  const { sizeBytes, sha256, bcdDevice } = facts;
  const key = await keyOf(signer, facts.key);
  const version = versionOf(terminal, path, facts, options.release);
  const shown = bcdDevice === undefined ? undefined : idDigits(bcdDevice);
  return {
    bytes,
    facts,
    key,
    file: {
      boards: options.for,
      url: urlOf(manifest, path, options.url),
      sizeBytes,
      sha256,
      key: key?.id ?? facts.key,
      alternate: alternateOf(options.alternate),
      address,
      erase,
      label,
    },
    release: {
      version,
      channel,
      bcdDevice: options.bcdDevice ?? shown,
      minimumVersion,
      notes: notes === undefined ? undefined : readText(terminal.files, notes).trim(),
    },
  };
}

async function factsOf(
  path: string,
  bytes: Uint8Array,
  signer: Key | undefined,
): Promise<FileFacts> {
  try {
    return await fileFacts(bytes, { keys: signer === undefined ? [] : [signer] });
  } catch (cause) {
    if (!DfuError.is(cause)) throw cause;
    throw new DfuError(cause.code, `${path}: ${cause.message}`, { cause });
  }
}
