import { readFileSync } from 'node:fs';
import { link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { DfuError } from '../../bytes/index.ts';

/** A file that says who works on something, as long as it is held. */
export interface FileLock {
  release(): Promise<void>;
}

/** What this process holds. */
const held = new Set<string>();

/** How often one that was left is taken over, before somebody else is believed to be quicker. */
const MOST_TRIES = 3;

/**
 * Takes the lock. One of a process that is no more is taken over, if that was one of this computer. Throws `BUSY` where
 * another one has it, and what the system throws.
 */
export async function lockFile(path: string): Promise<FileLock> {
  const own = `${path}.${process.pid}`;
  // Whole before it has its name: nobody finds one that does not say whose it is.
  await writeFile(own, `${process.pid} ${hostname()}\n`);
  try {
    for (let tries = 0; !(await isTaken(own, path)); tries += 1) {
      const found = textOf(path);
      if (tries >= MOST_TRIES || isHeld(path, found)) throw busy(path, found);
      await removeStale(path, { found, aside: `${own}.old` });
    }
  } finally {
    await rm(own, { force: true });
  }
  held.add(path);
  return {
    async release() {
      held.delete(path);
      await rm(path, { force: true });
    },
  };
}

/** What file systems without second names for a file say to one. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** False where there is a lock already. */
async function isTaken(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!noLinks.has(code)) throw error;
  }
  try {
    const file = await open(path, 'wx');
    await file.writeFile(await readFile(own));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Somebody else may have taken it over in the meantime: then theirs is put back. */
async function removeStale(
  path: string,
  { found, aside }: { readonly found: string; readonly aside: string },
): Promise<void> {
  try {
    await rename(path, aside);
    if (textOf(aside) !== found) await link(aside, path).catch(() => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Process and computer; without the latter it is this one. */
function ownerIn(text: string): { readonly pid: number; readonly host: string } | undefined {
  const [, pid, host = hostname()] = /^([1-9][0-9]*)(?: (\S+))?\n?$/.exec(text) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), host };
}

function isHeld(path: string, text: string): boolean {
  const owner = ownerIn(text);
  if (owner === undefined) return false;
  // Of another computer, or another container, nobody here knows what runs.
  if (owner.host !== hostname()) return true;
  // A container that starts again has the same numbers for its processes.
  return owner.pid === process.pid ? held.has(path) : runs(owner.pid);
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function busy(path: string, text: string): DfuError {
  const { pid = 'unknown', host = hostname() } = ownerIn(text) ?? {};
  const who = `process ${pid}${host === hostname() ? '' : ` of ${host}`}`;
  return new DfuError('BUSY', `${who} writes this journal now; if none does, remove ${path}`);
}
