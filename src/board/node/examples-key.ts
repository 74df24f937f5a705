import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { DfuError } from '../../bytes/index.ts';
import { generateKey, isPrivateKey, readKey, writePrivatePem } from '../../image/index.ts';
import type { PrivateKey } from '../../image/index.ts';

/** What to do where it cannot be kept. */
const HINT =
  'the key of the examples is kept there; XDG_CONFIG_HOME names another folder, --key a key of your own';

/** Kind of the key: what Zephyr's MCUboot takes unless its configuration says otherwise. */
const KIND = 'rsa-2048';

/**
 * Where the key of the examples lies: in the user's folder for configuration (`XDG_CONFIG_HOME`, else
 * `~/.config`; on Windows `APPDATA`).
 */
export function examplesKeyPath(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { XDG_CONFIG_HOME: xdg, APPDATA: appData } = env;
  // XDG Base Directory Specification: a relative path counts for nothing
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'dfukit', `examples-${KIND}.pem`);
  const windows = process.platform === 'win32' && appData !== undefined;
  const folder = windows ? appData : join(homedir(), '.config');
  return join(folder, 'dfukit', `examples-${KIND}.pem`);
}

/**
 * The key that signs the examples and that boards trust. It comes with no package: it is made the
 * first time that it is asked for, readable by its owner alone, and kept. Two processes that ask at the same
 * moment get the same key. Throws `MALFORMED` or `INVALID_ARGUMENT` for a file that is no private key,
 * `IO` or `ACCESS` if the system refuses.
 */
export async function examplesKey(path: string = examplesKeyPath()): Promise<PrivateKey> {
  const text = readText(path) ?? (await create(path));
  const key = await readKey(text);
  if (isPrivateKey(key)) return key;
  throw new DfuError('INVALID_ARGUMENT', `${path}: expected a private key, got a public one`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw asDfuError(path, error);
  }
}

/** Makes the key; whoever comes second takes the one that is there. */
async function create(path: string): Promise<string> {
  const pem = await writePrivatePem(await generateKey(KIND));
  const temporary = `${path}.${randomUUID()}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, pem, { mode: 0o600, flag: 'wx' });
    appear(temporary, path, pem);
    return pem;
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readText(path) : undefined;
    if (other !== undefined) return other;
    throw asDfuError(path, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Under its name the key is there whole or not at all, and never a second time. */
function appear(temporary: string, path: string, pem: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // a file system without links
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    writeFileSync(path, pem, { mode: 0o600, flag: 'wx' });
  }
}

function asDfuError(path: string, error: unknown): DfuError {
  if (DfuError.is(error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const refused = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const words = `${path}: ${message}; ${HINT}`;
  return new DfuError(refused ? 'ACCESS' : 'IO', words, { cause: error });
}
