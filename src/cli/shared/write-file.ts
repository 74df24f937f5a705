import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DfuError } from '../../bytes/index.ts';

/** What a file is to hold: in one piece, or in several, one behind the other. */
export type FileBytes = Uint8Array | readonly Uint8Array[];

/** How a file is written. */
export interface WriteOptions {
  /** At no moment can anybody but its owner read it, whatever stood there before. */
  readonly secret?: boolean | undefined;
  /** Make the folders that it stands in. */
  readonly makeFolders?: boolean | undefined;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Links that lead to links that lead to nothing: as many as Linux follows. */
const MOST_LINKS = 40;

/** Where a path leads, through links; a link to nothing leads to where the file will be made. */
function through(path: string, links = 0): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || links === MOST_LINKS) throw error;
  }
  const folder = realpathSync(dirname(whole));
  const here = join(folder, basename(whole));
  let link: string;
  try {
    link = readlinkSync(here);
  } catch {
    return here;
  }
  return through(resolve(folder, link), links + 1);
}

/** Throws `BUSY` if a board that runs has its flash in this file: it would not survive that. Else `IO`. */
export async function refuseRunningFlash(path: string): Promise<void> {
  let real: string;
  try {
    real = through(path);
  } catch (error) {
    // No folder, no board in it.
    if (codeOf(error) === 'ENOENT') return;
    throw new DfuError('IO', `${path}: ${(error as Error).message}`, { cause: error });
  }
  const { nlink = 1 } = statSync(real, { throwIfNoEntry: false }) ?? {};
  if (nlink === 1 && statSync(`${real}.lock`, { throwIfNoEntry: false }) === undefined) return;
  // Loaded where a lock is about, and nowhere else.
  const { flashFileHolder } = await import('../../board/node/index.ts');
  const holder = flashFileHolder(real);
  if (holder === undefined) return;
  throw new DfuError('BUSY', `${path}: process ${holder} has it open; stop that board first`);
}

/** Into an open file, from its beginning, all of it. */
function writeAll(file: number, bytes: FileBytes): void {
  for (const piece of bytes instanceof Uint8Array ? [bytes] : bytes) writeFileSync(file, piece);
}

/** Into what stands there already: a pipe, a terminal, or a file that nothing can take the place of. */
function writeOver(path: string, bytes: FileBytes): void {
  const file = openSync(path, 'w');
  try {
    writeAll(file, bytes);
  } finally {
    closeSync(file);
  }
}

/** As the file that was there: its owner and its rights stay, and nobody sees more in between. */
function replace(path: string, bytes: FileBytes, before: Stats): void {
  const rights = before.mode & 0o7777;
  writeBeside(path, bytes, rights & 0o777, (file) => {
    const { uid, gid } = fstatSync(file);
    if (uid !== before.uid || gid !== before.gid) fchownSync(file, before.uid, before.gid);
    fchmodSync(file, rights);
  });
}

/** Under another name in the same folder, with the mode that it is made with; then renamed. */
function writeBeside(
  path: string,
  bytes: FileBytes,
  mode: number,
  finish?: (file: number) => void,
): void {
  const name = `.dfukit-${process.pid}-${process.hrtime.bigint()}.new`;
  const temporary = join(dirname(path), name);
  const file = openSync(temporary, 'wx', mode);
  try {
    try {
      writeAll(file, bytes);
      finish?.(file);
      // Renamed before its bytes are on the disk, a crash of the machine would leave neither the old nor the new.
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What the system says where a file cannot be replaced, but may still be written to. */
const closedFolder: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Writes a file whole, through links: under another name in its folder, then renamed. A secret is in a
 * file of its own from its first byte on, which nobody but its owner can open. Throws `BUSY` for the
 * flash of a board that runs, and what the system throws.
 */
export async function writeFile(
  path: string,
  bytes: FileBytes,
  { secret = false, makeFolders = false }: WriteOptions,
): Promise<void> {
  if (makeFolders) mkdirSync(dirname(path), { recursive: true });
  const before = statSync(path, { throwIfNoEntry: false });
  if (before !== undefined && !before.isFile()) {
    // A pipe or a terminal: nothing stays there, and nothing can take its name.
    writeOver(path, bytes);
    return;
  }
  await refuseRunningFlash(path);
  const real = through(path);
  if (secret || before === undefined) {
    writeBeside(real, bytes, secret ? 0o600 : 0o666);
    return;
  }
  try {
    replace(real, bytes, before);
  } catch (error) {
    if (!closedFolder.has(codeOf(error))) throw error;
    writeOver(real, bytes);
  }
}
