import { DfuError, didYouMean } from '../../bytes/index.ts';
import { listLine, nothingThere, scan, serialOf } from '../../host/index.ts';
import type { DfuInterface, SendPlan } from '../../host/index.ts';
import { boardsFor, channelOf, checkFile, idsOf, runningVersion } from '../../manifest/index.ts';
import type { FirmwareManifest, ManifestBoard, ManifestFile } from '../../manifest/index.ts';
import { fileBeside, readManifestFile } from '../shared/manifest-file.ts';
import type { Terminal } from '../shared/terminal.ts';
import { UnreadableFile } from '../shared/unreadable-file.ts';
import { applicationOf } from './application-options.ts';
import { planOf, timesOf } from './download-plan.ts';
import type { DownloadCommand } from './download-plan.ts';
import { isGang } from './gang-options.ts';
import { chooseFile } from './manifest-choice.ts';
import { expectedOf, heldTo } from './policy-options.ts';
import { runOnBus } from './run-on-bus.ts';
import type { Surroundings } from './run-on-bus.ts';
import { forceOf, selectionOf } from './select.ts';
import { sendOrTell } from './send-or-tell.ts';

/** A device that is one of the manifest's boards. */
interface Found {
  readonly board: ManifestBoard;
  /** The first of its DFU interfaces. */
  readonly entry: DfuInterface;
}

/** Throws `INVALID_ARGUMENT` for what does not go with a manifest. */
function refuseBeside(path: string | undefined, options: DownloadCommand): void {
  const fault = (words: string): DfuError => new DfuError('INVALID_ARGUMENT', words);
  if (path !== undefined) throw fault(`the manifest says which file: leave ${path} out`);
  if (isGang(options)) throw fault('--manifest is for one device: say which with -S or -p');
  if (options.wait === true) throw fault('--manifest is for a device that is there: leave -w out');
  if (/^https?:/i.test(options.manifest ?? '')) {
    throw fault('--manifest: nothing is fetched; download it and its files, and say its path');
  }
}

/** The boards that a device may be. */
function boardsOfEntry(manifest: FirmwareManifest, entry: DfuInterface): readonly ManifestBoard[] {
  return boardsFor(manifest, { ...entry, serial: serialOf(entry) });
}

/** Throws `INVALID_ARGUMENT` for a name that no board has. */
function demandNamed({ boards }: FirmwareManifest, wanted: string | undefined): void {
  const names = boards.map(({ name }) => name);
  if (wanted === undefined || names.includes(wanted)) return;
  const hint = didYouMean(wanted, names) || `; there are: ${names.join(', ')}`;
  throw new DfuError('INVALID_ARGUMENT', `--for: the manifest has no board "${wanted}"${hint}`);
}

/** The board that a device is. Throws `AMBIGUOUS` where it does not tell, `REFUSED` where it is another than is said. */
function theBoard(
  boards: readonly ManifestBoard[],
  entry: DfuInterface,
  wanted: string | undefined,
): ManifestBoard {
  const [only, another] = boards;
  const names = boards.map(({ name }) => `"${name}"`).join(' or ');
  const found = wanted === undefined ? only : boards.find(({ name }) => name === wanted);
  if (found === undefined) {
    const words = `--for says "${wanted ?? ''}", and by what it says of itself the device is ${names}`;
    throw new DfuError('REFUSED', `${words}: ${listLine(entry)}`);
  }
  if (wanted !== undefined || another === undefined) return found;
  const words = `in DFU mode the device does not tell whether it is ${names}`;
  const what = 'say which with --for, or let its firmware run: then it tells';
  throw new DfuError('AMBIGUOUS', `${words}; ${what}`);
}

/** The one device that is a board of the manifest. Throws `NOT_FOUND`, `REFUSED` for others, `AMBIGUOUS` for several. */
async function pluggedIn(
  manifest: FirmwareManifest,
  options: DownloadCommand,
  { bus, clock, signal, quirks }: Surroundings,
): Promise<Found> {
  // Where on the device it goes is for the file to say.
  const selection = { ...selectionOf(options), alternate: undefined };
  const terms = { clock, signal, selection, limits: options.timeout, quirks };
  const { entries, problems } = await scan(bus, terms);
  const firsts = [...new Map(entries.toReversed().map((each) => [each.deviceId, each])).values()];
  const found = firsts.filter((entry) => boardsOfEntry(manifest, entry).length > 0);
  const [only, another] = found;
  const lines = (of: readonly DfuInterface[]): string =>
    of.map((each) => `\n  ${listLine(each)}`).join('');
  if (only === undefined) {
    if (firsts.length === 0) throw new DfuError('NOT_FOUND', nothingThere(problems));
    const boards = manifest.boards
      .map((board) => `${board.name} (${idsOf(board).join(', ')})`)
      .join(', ');
    const words = `no board of ${manifest.product} is there: expected ${boards}, got`;
    throw new DfuError('REFUSED', `${words}${lines(firsts)}`);
  }
  if (another === undefined) {
    return { board: theBoard(boardsOfEntry(manifest, only), only, options.for), entry: only };
  }
  const message = `several boards of ${manifest.product} are there:${lines(found)}`;
  throw new DfuError('AMBIGUOUS', message, { remedies: ['serial', 'path'] });
}

/** Reads a file of the manifest and holds it to that. Throws what it is refused with. */
async function readListed(
  terminal: Terminal,
  { path, manifest }: { readonly path: string; readonly manifest: FirmwareManifest },
  file: ManifestFile,
): Promise<{ readonly bytes: Uint8Array; readonly unknown: readonly string[] }> {
  const where = fileBeside(path, file.url);
  if ('elsewhere' in where) {
    throw new UnreadableFile('NOT_FOUND', `${file.url}: ${where.elsewhere}`);
  }
  const bytes = terminal.files.read(where.path);
  const { findings, refused } = await checkFile(file, bytes, { keys: manifest.keys });
  if (refused !== undefined) throw new DfuError(refused.code, `${where.path}: ${refused.message}`);
  const unknown = findings.filter(({ rating }) => rating === 'unknown').map(({ text }) => text);
  return { bytes, unknown };
}

/** Throws `REFUSED` where the manifest wants everything erased, and nobody has said that this may be. */
function demandErase({ erase }: ManifestFile, { dfuseAddress }: DownloadCommand): void {
  if (erase !== 'all' || dfuseAddress?.massErase === true) return;
  const words = 'the manifest has everything in the device erased first, settings included';
  throw new DfuError('REFUSED', `${words}: say so with -s :mass-erase:force`);
}

/** `dfukit download --manifest FILE`: what the manifest has for the board that is there, sent as any other file. */
export async function downloadByManifest(
  terminal: Terminal,
  path: string | undefined,
  options: DownloadCommand & { readonly manifest: string },
): Promise<number> {
  refuseBeside(path, options);
  const manifest = readManifestFile(terminal, options.manifest);
  demandNamed(manifest, options.for);
  const expected = await expectedOf(terminal, options);
  return runOnBus(terminal, options, async (around) => {
    const found = await pluggedIn(manifest, options, around);
    const { board, entry } = found;
    const runs = entry.mode === 'runtime' ? runningVersion(manifest, entry.bcdDevice) : undefined;
    const force = forceOf(options) === true;
    const allowUnknown = options.allow?.includes('unknown-version') === true;
    const { offer, notes } = chooseFile(manifest, {
      ...options,
      board,
      version: runs,
      force,
      allowUnknown,
    });
    const { release, file } = offer;
    const { bytes, unknown } = await readListed(
      terminal,
      { path: options.manifest, manifest },
      file,
    );
    demandErase(file, options);
    const what = `${manifest.product} ${release.version} (${channelOf(release)}) for ${board.name}`;
    around.onEvent({ type: 'note', message: `${what}: ${file.url}`, isGood: true });
    for (const message of [...notes, ...unknown]) around.onEvent({ type: 'note', message });
    const own = planOf(bytes, options, expected?.target, { address: file.address, leave: true });
    const plan = await heldTo(terminal, own, options, expected?.keys);
    return send(terminal, { manifest, found, plan, file, version: release.bcdDevice }, [
      options,
      around,
    ]);
  });
}

interface SendJob {
  readonly manifest: FirmwareManifest;
  readonly found: Found;
  readonly plan: SendPlan;
  readonly file: ManifestFile;
  /** What the device shows once it runs that release. */
  readonly version: string | undefined;
}

async function send(
  terminal: Terminal,
  { manifest, found: { board, entry }, plan, file, version }: SendJob,
  [options, around]: readonly [DownloadCommand, Surroundings],
): Promise<number> {
  const application = applicationOf(options);
  const waits = application.waitAppMs !== undefined;
  const { path, address } = entry.location;
  const terms = {
    ...around,
    ...timesOf(options),
    ...application,
    expectVersion: application.expectVersion ?? (waits ? version : undefined),
    // What has been looked at, and nothing that came since; in DFU mode it is known by its port.
    selection: {
      ...selectionOf(options),
      path,
      address,
      alternate: options.alt ?? file.alternate,
    },
    detach: options.reset,
    demand: (there: DfuInterface): void => {
      if (boardsOfEntry(manifest, there).some(({ name }) => name === board.name)) return;
      const words = `the device is another one now, which the manifest does not have for ${board.name}`;
      throw new DfuError('REFUSED', `${words}: ${listLine(there)}`);
    },
  };
  return sendOrTell(terminal, options, { bus: around.bus, plan, terms });
}
