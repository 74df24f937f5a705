import { DfuError, fromHex } from '../../bytes/index.ts';
import { manifestTlv } from '../../image/index.ts';
import type { Endian, Tlv } from '../../image/index.ts';
import { readText } from '../shared/files.ts';
import { readImageFile } from '../shared/image-file.ts';
import type { ImageFile } from '../shared/image-file.ts';
import { warn } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { UsageError } from './arguments.ts';
import { judge } from './judge.ts';

/** The part of the package `yaml` that is used. */
interface Yaml {
  parse(text: string, options: { readonly schema: 'failsafe' }): unknown;
}

async function loadYaml(): Promise<Yaml> {
  try {
    return await import('yaml');
  } catch (cause) {
    const words = 'it needs the package yaml, which is not installed (npm install yaml)';
    throw new DfuError('UNSUPPORTED', `--manifest: ${words}`, { cause });
  }
}

type Mapping = Readonly<Record<string, unknown>>;

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function malformed(path: string, words: string): DfuError {
  return new DfuError('MALFORMED', `${path}: ${words}`);
}

/** What a manifest and its images may say. */
const MANIFEST_KEYS: ReadonlySet<string> = new Set(['format', 'manifest_index', 'images']);
const IMAGE_KEYS: ReadonlySet<string> = new Set(['index', 'path', 'hash', 'name']);

/** A slip of the pen would leave an image out, and nobody would notice. */
function tellUnread(terminal: Terminal, path: string, config: Mapping): void {
  const { images } = config;
  const entries = Array.isArray(images) ? images.filter(isMapping) : [];
  const strange = new Set([
    ...Object.keys(config).filter((key) => !MANIFEST_KEYS.has(key)),
    ...entries.flatMap((entry) => Object.keys(entry).filter((key) => !IMAGE_KEYS.has(key))),
  ]);
  if (strange.size > 0) warn(terminal, `warning: ${path}: not read: ${[...strange].join(', ')}`);
  if (entries.length === 0) warn(terminal, `warning: ${path}: the manifest lists no image`);
}

/** Every scalar stays a text: a digest of nothing but digits is one, too. */
async function parsed(path: string, text: string): Promise<Mapping> {
  const yaml = await loadYaml();
  let value: unknown;
  try {
    value = yaml.parse(text, { schema: 'failsafe' });
  } catch (cause) {
    const [words = ''] = (cause as Error).message.split('\n');
    throw new DfuError('MALFORMED', `${path}: no YAML: ${words}`, { cause });
  }
  if (isMapping(value)) return value;
  throw malformed(path, 'expected a mapping with format and images');
}

/** Where an entry stands; undefined if it does not say. */
function indexOf(path: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const index = Number(value);
  if (Number.isInteger(index) && index >= 0) return index;
  throw malformed(path, `index: expected a number from 0 up, got ${JSON.stringify(value)}`);
}

function imagesOf(path: string, { images = [] }: Mapping): Mapping[] {
  if (!Array.isArray(images) || !images.every(isMapping)) {
    throw malformed(path, 'images: expected a list of mappings');
  }
  const placed = images.map((image) => ({ image, index: indexOf(path, image['index']) ?? 0 }));
  return placed.toSorted((one, other) => one.index - other.index).map(({ image }) => image);
}

const missing = (index: number): UsageError =>
  new UsageError(
    `Invalid value: Manifest image indexes must be consecutive. Missing index: ${index}`,
  );

/** The numbers must be there without a gap, one of them for the image that carries the manifest. */
function checkIndexes(path: string, images: readonly Mapping[], own: number | undefined): void {
  let next = 0;
  const skipOwn = (): void => {
    if (next === own) next += 1;
  };
  for (const image of images) {
    const index = indexOf(path, image['index']);
    if (index === undefined) continue;
    skipOwn();
    if (index !== next) throw missing(next);
    next += 1;
  }
  skipOwn();
  if (next !== 0 && next !== images.length + 1) throw missing(next);
}

function imageFile(terminal: Terminal, path: string): ImageFile {
  try {
    return readImageFile(terminal, path);
  } catch (error) {
    if (!DfuError.is(error, 'NOT_FOUND')) throw error;
    throw new UsageError(`Image file ${path} not found`);
  }
}

async function digestOf(terminal: Terminal, path: string, image: Mapping): Promise<Uint8Array> {
  const { path: file, hash } = image;
  if (typeof file === 'string' && hash === undefined) {
    const [outcome] = await judge(imageFile(terminal, file).bytes, undefined);
    if (outcome.digest !== undefined) return outcome.digest;
    throw new UsageError(`Failed to verify image: ${file}`);
  }
  if (typeof hash === 'string' && file === undefined) {
    if (/^(?:[0-9a-f]{2})+$/i.test(hash)) return fromHex(hash);
    throw malformed(path, `hash: expected hex digits, got "${hash}"`);
  }
  if (file !== undefined && hash !== undefined) {
    throw malformed(path, 'an image has a path or a hash, not both');
  }
  throw new UsageError("Invalid value: Manifest image entry must contain either 'path' or 'hash'");
}

/** A manifest file, as nRF Connect SDK's build writes it, as a record. Throws `UsageError` or `MALFORMED`. */
export async function readManifestFile(
  terminal: Terminal,
  path: string,
  endian: Endian,
): Promise<Tlv> {
  let text: string;
  try {
    text = readText(terminal.files, path);
  } catch (error) {
    if (!DfuError.is(error, 'NOT_FOUND')) throw error;
    throw new UsageError(`Manifest file ${path} not found`);
  }
  const config = await parsed(path, text);
  const { format = '0' } = config;
  if (format !== '1') throw new UsageError(`Unsupported manifest format: ${String(format)}`);
  const images = imagesOf(path, config);
  tellUnread(terminal, path, config);
  checkIndexes(path, images, indexOf(path, config['manifest_index']));
  const digests: Uint8Array[] = [];
  for (const image of images) digests.push(await digestOf(terminal, path, image));
  if (digests.some(({ length }) => length !== digests[0]?.length)) {
    throw new UsageError('Invalid value: All image hashes must have the same length');
  }
  return manifestTlv(digests, endian);
}
