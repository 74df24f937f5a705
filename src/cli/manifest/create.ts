import { DfuError } from '../../bytes/index.ts';
import { channelOf, checkFile, compareVersionTexts } from '../../manifest/index.ts';
import type {
  FirmwareManifest,
  ManifestBoard,
  ManifestFile,
  ManifestKey,
  ManifestRelease,
} from '../../manifest/index.ts';
import { CommandEnd, ExitCode } from '../shared/exit-codes.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { boardOfSuffix, boardsOf } from './boards-option.ts';
import { readManifestFile, writeManifestFile } from '../shared/manifest-file.ts';
import { newFile } from './new-file.ts';
import type { NewFile, NewFileOptions } from './new-file.ts';

/** Options of `dfukit manifest create`. */
export interface CreateOptions extends NewFileOptions {
  readonly product: string;
  readonly board?: readonly string[] | undefined;
  readonly output: string;
  readonly force?: true | undefined;
  readonly json?: true | undefined;
}

/** Options of `dfukit manifest add`. */
export interface AddOptions extends NewFileOptions {
  readonly board?: readonly string[] | undefined;
  readonly replace?: true | undefined;
  readonly json?: true | undefined;
}

/** Throws `REFUSED` where the file is not signed as it is said to be, and tells what became of the manifest. */
async function finish(
  terminal: Terminal,
  { path, made, json }: { path: string; made: NewFile; json: boolean },
  manifest: FirmwareManifest,
): Promise<number> {
  const { bytes, file, release } = made;
  const { findings, refused } = await checkFile(file, bytes, { keys: manifest.keys });
  if (refused !== undefined) throw new DfuError(refused.code, `${file.url}: ${refused.message}`);
  const read = await writeManifestFile(terminal, path, manifest);
  const { version } = release;
  const channel = channelOf(release);
  const boards = file.boards ?? read.boards.map(({ name }) => name);
  if (json) {
    const { url, sizeBytes, sha256, key } = file;
    const said = { version, channel, boards, url, sizeBytes, sha256, key };
    writeJson(terminal.out, { type: 'manifest', file: path, product: read.product, ...said });
    return ExitCode.ok;
  }
  const whose = `${read.product} ${version} (${channel}) for ${boards.join(', ')}`;
  terminal.out.write(`${path}: ${whose}: ${file.url}, ${file.sizeBytes} bytes\n`);
  for (const { topic, text } of findings) {
    if (topic === 'signature') terminal.out.write(`${text}\n`);
  }
  return ExitCode.ok;
}

function withKey(
  keys: readonly ManifestKey[] | undefined,
  key: ManifestKey | undefined,
): readonly ManifestKey[] | undefined {
  if (key === undefined || keys?.some(({ id }) => id === key.id) === true) return keys;
  return [...(keys ?? []), key];
}

/** `dfukit manifest create`: a manifest of one file. */
export async function manifestCreate(
  terminal: Terminal,
  path: string,
  options: CreateOptions,
): Promise<number> {
  const { output, product, force, json } = options;
  if (force !== true && terminal.files.standing(output) !== undefined) {
    const words = 'it is there already; dfukit manifest add puts another file into it';
    throw new CommandEnd(ExitCode.cannotCreate, `cannot create ${output}: ${words}`);
  }
  const made = await newFile(terminal, { manifest: output, path }, options);
  const named = await boardsOf(terminal, options.board ?? []);
  const boards = named.length > 0 ? named : [boardOfSuffix(product, made.facts.device)];
  const releases = [{ ...made.release, files: [made.file] }];
  const keys = withKey(undefined, made.key);
  const manifest: FirmwareManifest = { manifest: 1, product, boards, releases, keys };
  return finish(terminal, { path: output, made, json: json === true }, manifest);
}

/** What is said anew of a release counts. */
function changed(
  before: ManifestRelease,
  release: Omit<ManifestRelease, 'files'>,
): ManifestRelease {
  const said = Object.entries(release).filter(([, value]) => value !== undefined);
  return { ...before, ...(Object.fromEntries(said) as Partial<ManifestRelease>) };
}

/** Whether one file takes the place of another: it is for the same boards, under the same label. */
function isInPlaceOf(file: ManifestFile, other: ManifestFile): boolean {
  const boards = (of: ManifestFile): string => [...(of.boards ?? [])].toSorted().join('\n');
  return boards(file) === boards(other) && file.label === other.label;
}

function withFile(
  releases: readonly ManifestRelease[],
  { release, file }: NewFile,
  replace: boolean,
): ManifestRelease[] {
  const isSame = (each: ManifestRelease): boolean =>
    compareVersionTexts(each.version, release.version) === 0 &&
    channelOf(each) === channelOf(release);
  const before = releases.find((each) => isSame(each));
  if (before === undefined) return [{ ...release, files: [file] }, ...releases];
  const kept = before.files.filter((each) => !replace || !isInPlaceOf(file, each));
  const now = { ...changed(before, release), files: [...kept, file] };
  return releases.map((each) => (each === before ? now : each));
}

/** Boards that are there already may be named again, as they are. */
function withBoards(
  boards: readonly ManifestBoard[],
  named: readonly ManifestBoard[],
): ManifestBoard[] {
  const others = named.filter(({ name, usb, dfuUsb = [] }) => {
    const there = boards.find((each) => each.name === name);
    if (there === undefined) return true;
    const isSame = usb.every((id) => there.usb.includes(id));
    if (isSame && dfuUsb.every((id) => there.dfuUsb?.includes(id))) return false;
    const words = `the manifest has a board "${name}" already, with ${there.usb.join(', ')}`;
    throw new DfuError('INVALID_ARGUMENT', `--board: ${words}`);
  });
  return [...boards, ...others];
}

/** `dfukit manifest add`: another file, in a release that is there or in a new one. */
export async function manifestAdd(
  terminal: Terminal,
  [path, file]: readonly [manifest: string, file: string],
  options: AddOptions,
): Promise<number> {
  const before = readManifestFile(terminal, path);
  const made = await newFile(terminal, { manifest: path, path: file }, options);
  const boards = withBoards(before.boards, await boardsOf(terminal, options.board ?? []));
  const releases = withFile(before.releases, made, options.replace === true);
  const manifest = { ...before, boards, releases, keys: withKey(before.keys, made.key) };
  return finish(terminal, { path, made, json: options.json === true }, manifest);
}
