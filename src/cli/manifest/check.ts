import { DfuError, toHex } from '../../bytes/index.ts';
import { publicHalf, publicKeyHashes, writePublicPem } from '../../image/index.ts';
import type { Key } from '../../image/index.ts';
import { channelOf, checkFile } from '../../manifest/index.ts';
import type {
  FileFinding,
  FirmwareManifest,
  ManifestFile,
  ManifestKey,
  ManifestRelease,
} from '../../manifest/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { loadKeys } from '../shared/key-files.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { UnreadableFile } from '../shared/unreadable-file.ts';
import { fileBeside, readManifestFile } from '../shared/manifest-file.ts';

/** Options of `dfukit manifest check`. */
export interface CheckOptions {
  readonly key?: readonly string[] | undefined;
  readonly json?: true | undefined;
}

/** How a file turned out, from the best to the worst. */
type Outcome = 'good' | 'unknown' | 'missing' | 'bad';

interface Checked {
  readonly outcome: Outcome;
  readonly findings: readonly { readonly rating: string; readonly text: string }[];
}

/** The keys of the command line that a file may be signed with, under the id that the file asks for. */
async function asAsked(
  keys: readonly Key[],
  { key: id }: ManifestFile,
): Promise<readonly ManifestKey[]> {
  const asked: ManifestKey[] = [];
  for (const key of id === undefined ? [] : keys) {
    const all = await publicKeyHashes(key);
    if (id === undefined || !all.some((each) => toHex(each).startsWith(id))) continue;
    asked.push({ id, pem: writePublicPem(publicHalf(key)) });
  }
  return asked;
}

function worst(findings: readonly FileFinding[]): Outcome {
  const ratings = new Set(findings.map(({ rating }) => rating));
  return ratings.has('bad') ? 'bad' : ratings.has('unknown') ? 'unknown' : 'good';
}

async function checkOne(
  terminal: Terminal,
  { manifest, file }: { readonly manifest: string; readonly file: ManifestFile },
  keys: readonly ManifestKey[],
): Promise<Checked> {
  const where = fileBeside(manifest, file.url);
  if ('elsewhere' in where) {
    return { outcome: 'unknown', findings: [{ rating: 'unknown', text: where.elsewhere }] };
  }
  let bytes: Uint8Array;
  try {
    bytes = terminal.files.read(where.path);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return { outcome: 'missing', findings: [{ rating: 'bad', text: error.message }] };
  }
  const { findings } = await checkFile(file, bytes, { keys });
  return { outcome: worst(findings), findings };
}

function tell(
  terminal: Terminal,
  { release, file, checked }: { release: ManifestRelease; file: ManifestFile; checked: Checked },
  json: boolean,
): void {
  const { version } = release;
  const channel = channelOf(release);
  const { url, boards, label } = file;
  const { outcome, findings } = checked;
  if (json) {
    writeJson(terminal.out, {
      type: 'file',
      version,
      channel,
      boards,
      label,
      url,
      outcome,
      findings,
    });
    return;
  }
  terminal.out.write(`  ${version} ${channel}  ${url}: ${outcome}\n`);
  for (const { text } of findings) terminal.out.write(`    ${text}\n`);
}

/** What several boards show in DFU mode. */
function alikeInDfuMode({ boards }: FirmwareManifest): { id: string; boards: string[] }[] {
  const ids = [...new Set(boards.flatMap(({ dfuUsb = [] }) => dfuUsb))];
  return ids
    .map((id) => {
      const those = boards.filter(({ dfuUsb = [] }) => dfuUsb.includes(id));
      return { id, boards: those.map(({ name }) => name) };
    })
    .filter(({ boards: names }) => names.length > 1);
}

function alikeText(id: string, names: readonly string[]): string {
  return `  in DFU mode ${id} is ${names.join(' or ')}: whoever flashes it there is asked which`;
}

/** What ends the command where not all is good, from the worst on. */
const endings: readonly (readonly [
  outcome: Outcome,
  words: string,
  error: (of: string) => Error,
])[] = [
  ['bad', 'not as the manifest says', (message) => new DfuError('REFUSED', message)],
  ['missing', 'cannot be read', (message) => new UnreadableFile('NOT_FOUND', message)],
  ['unknown', 'not checked in full', (message) => new DfuError('INCOMPLETE', message)],
];

/**
 * `dfukit manifest check`: the manifest, and each of its files that lies beside it. Ends with 65 where a file is not as the
 * manifest says, else 66 where one cannot be read, else 75 where one could not be checked in full.
 */
export async function manifestCheck(
  terminal: Terminal,
  path: string,
  options: CheckOptions = {},
): Promise<number> {
  const { key = [] } = options;
  const json = options.json === true;
  const manifest = readManifestFile(terminal, path);
  const given = (await loadKeys(terminal, key)).map((each) => each.key);
  const { product, boards, releases } = manifest;
  const files = releases.flatMap((release) => release.files.map((file) => ({ release, file })));
  if (!json) {
    const names = boards.map(({ name }) => name).join(', ');
    terminal.out.write(`${path}: ${product}, for ${names}\n`);
  }
  const alike = alikeInDfuMode(manifest);
  if (!json)
    for (const { id, boards: names } of alike) terminal.out.write(`${alikeText(id, names)}\n`);
  const outcomes: Outcome[] = [];
  for (const { release, file } of files) {
    const keys = [...(manifest.keys ?? []), ...(await asAsked(given, file))];
    const checked = await checkOne(terminal, { manifest: path, file }, keys);
    tell(terminal, { release, file, checked }, json);
    outcomes.push(checked.outcome);
  }
  const count = (of: Outcome): number => outcomes.filter((each) => each === of).length;
  const counts = {
    good: count('good'),
    unknown: count('unknown'),
    missing: count('missing'),
    bad: count('bad'),
  };
  if (json) writeJson(terminal.out, { type: 'checked', file: path, product, ...counts, alike });
  for (const [outcome, words, error] of endings) {
    if (counts[outcome] === 0) continue;
    throw error(`${path}: ${counts[outcome]} of ${files.length} files: ${words}`);
  }
  return ExitCode.ok;
}
