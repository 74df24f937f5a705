import { lstatSync, rmSync } from 'node:fs';
import { link, open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DfuError, retold } from '../../bytes/index.ts';
import type { DfuErrorCode } from '../../bytes/index.ts';
import type { UploadSink } from '../../host/index.ts';
import { CommandEnd, ExitCode, cannot } from '../shared/exit-codes.ts';
import { passOn } from '../shared/pass-on.ts';
import { systemWords } from '../shared/system-words.ts';
import type { Terminal } from '../shared/terminal.ts';

/** What ends an upload in the middle and says nothing against the bytes that came before. */
const ended: ReadonlySet<DfuErrorCode> = new Set([
  'DEVICE_STATUS',
  'DISCONNECTED',
  'INCOMPLETE',
  'PROTOCOL',
  'STALLED',
  'TIMEOUT',
]);

/** How many bytes came before it failed; none if they are not worth keeping. */
function goodBytes(error: unknown): number {
  if (!DfuError.is(error) || !ended.has(error.code)) return 0;
  return error.progress?.acknowledged.bytes ?? 0;
}

/** An error with what became of the bytes that came before. */
function withKept(error: DfuError, kept: string): DfuError {
  return retold(error, `${error.message}; ${kept}`);
}

/** Where an upload goes. */
interface UploadFile {
  readonly sink: UploadSink;
  /** All of it has come: the file has its name now. Throws if something else has taken it. */
  finish(): Promise<void>;
  /** The device ended it: what came before is good, and stays. The error then says so. */
  keep(error: unknown): Promise<unknown>;
  /** What was written so far is no upload: it goes, unless it was kept. */
  discard(): Promise<void>;
}

/**
 * Begins a new file, or standard output for `-`. It stands under another name in its folder until all of it has come, so
 * that nobody takes half an upload for a whole one, however the program is ended. Throws if it cannot be made, with an
 * exit code of its own.
 */
export async function uploadFile(terminal: Terminal, path: string): Promise<UploadFile> {
  if (path === '-') {
    return {
      sink: (chunk) => passOn(terminal.out, chunk),
      finish: nothing,
      keep: sameError,
      discard: nothing,
    };
  }
  const temporary = join(dirname(path), `.dfukit-${process.pid}-${process.hrtime.bigint()}.new`);
  const file = await begin(path, temporary);
  const remove = (): void => rmSync(temporary, { force: true });
  const forget = terminal.onExit(remove);
  let stays = false;
  const stay = async (): Promise<void> => {
    // Named before its bytes are on the disk, a crash of the machine would leave a name with nothing behind it.
    await file.sync().catch(cannotWrite);
    await file.close().catch(cannotWrite);
    stays = true;
    forget();
    await takeName(temporary, path);
  };
  /** The name that it has in the end. */
  const keptAs = async (): Promise<string> => {
    try {
      await stay();
      return path;
    } catch (error) {
      if (error instanceof CommandEnd) return temporary;
      throw error;
    }
  };
  return {
    sink: (chunk) => file.appendFile(chunk).catch(cannotWrite),
    finish: stay,
    async keep(error) {
      const bytes = goodBytes(error);
      if (!DfuError.is(error) || bytes === 0) return error;
      const where = await keptAs();
      return withKept(error, `the ${bytes} good bytes are in ${where}`);
    },
    async discard() {
      if (stays) return;
      await file.close().catch(() => {});
      forget();
      remove();
    },
  };
}

/** The file under its other name. Throws if there is one of its own name, or none can be made there. */
async function begin(path: string, temporary: string): Promise<FileHandle> {
  try {
    // A link to nothing, too.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
      return await open(temporary, 'wx');
  } catch (error) {
    throw cannot(`create ${path}`, error, ExitCode.cannotCreate);
  }
  throw new CommandEnd(ExitCode.cannotCreate, `cannot create ${path}: it exists already`);
}

/** Gives a file its name, and never replaces another. Where that fails it keeps its old one, which the error tells. */
async function takeName(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path).catch((error: unknown) =>
      takeNameWithoutLink(error, { temporary, path }),
    );
    rmSync(temporary, { force: true });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const why = isThere ? 'it exists by now' : systemWords(error);
    const message = `cannot create ${path}: ${why}; what was read is in ${temporary}`;
    throw new CommandEnd(ExitCode.cannotCreate, message);
  }
}

/** On a file system without links the name is taken by an empty file, which is then replaced. */
async function takeNameWithoutLink(
  error: unknown,
  { temporary, path }: { readonly temporary: string; readonly path: string },
): Promise<void> {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
  const taken = await open(path, 'wx');
  await taken.close();
  await rename(temporary, path);
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

async function sameError(error: unknown): Promise<unknown> {
  await nothing();
  return error;
}

function cannotWrite(cause: unknown): never {
  throw new DfuError('IO', `cannot write the file: ${systemWords(cause)}`, { cause });
}
