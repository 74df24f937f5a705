import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { CommandEnd, ExitCode, cannot } from '../shared/exit-codes.ts';
import { PROGRAMS, batchShim, isShim, shellShim } from './shim-text.ts';
import type { ProgramName, ShimTarget } from './shim-text.ts';

/** The system that the shims are for. */
interface ShimSystem {
  readonly platform: NodeJS.Platform;
  /** PATH as it is. */
  readonly path: string;
}

/** Where the system itself keeps programs. */
const SYSTEM_FOLDERS: ReadonlySet<string> = new Set([
  '/bin',
  '/sbin',
  '/usr/bin',
  '/usr/sbin',
  'C:\\Windows',
  'C:\\Windows\\System32',
]);

/** The most of a file that is looked at: a shim is shorter. */
const MOST_BYTES = 64 * 1024;

function isOwn(path: string): boolean {
  const stat = lstatSync(path);
  return stat.isFile() && stat.size <= MOST_BYTES && isShim(readFileSync(path, 'utf8'));
}

/** Whether anything has that name. What cannot be looked at cannot be written either, which says so then. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function fileName(name: ProgramName, { platform }: ShimSystem): string {
  return platform === 'win32' ? `${name}.cmd` : name;
}

/** What stands in the folder under one of the names, and was not made by dfukit. */
function strangers(folder: string): string[] {
  const names = PROGRAMS.flatMap((name) => [name, `${name}.exe`, `${name}.cmd`]);
  return names.map((name) => join(folder, name)).filter((path) => isThere(path) && !isOwn(path));
}

/** Throws for a folder that others' programs of these names stand in, or that is the system's. */
export function demandFree(folder: string): void {
  const [stranger] = strangers(folder);
  if (stranger !== undefined) {
    const message = `${stranger} is there, and was not made by dfukit; --force replaces it`;
    throw new CommandEnd(ExitCode.cannotCreate, message);
  }
  if (!SYSTEM_FOLDERS.has(realFolder(folder))) return;
  const message = `${folder} is for the system's own programs, its dfu-util too; --force goes there`;
  throw new CommandEnd(ExitCode.cannotCreate, message);
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

/** Writes them, each whole or not at all; a link is replaced, not written through. Answers their paths. */
export function writeShims(folder: string, target: ShimTarget, system: ShimSystem): string[] {
  try {
    mkdirSync(folder, { recursive: true });
    return PROGRAMS.map((name) => {
      const path = join(folder, fileName(name, system));
      const text = system.platform === 'win32' ? batchShim(name, target) : shellShim(name, target);
      replace(path, text);
      return path;
    });
  } catch (error) {
    throw cannot(`write into ${folder}`, error, ExitCode.cannotCreate);
  }
}

function replace(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text, { flag: 'wx' });
    chmodSync(temporary, 0o755);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What the user has to do so that the shims are found, in lines. */
export function pathAdvice(folder: string, { platform, path }: ShimSystem): readonly string[] {
  const own = realFolder(folder);
  const folders = path.split(delimiter).filter((each) => each !== '');
  const at = folders.findIndex((each) => realFolder(each) === own);
  const isWindows = platform === 'win32';
  const command = isWindows ? `set PATH=${folder};%PATH%` : `export PATH=${inQuotes(folder)}:$PATH`;
  if (at < 0)
    return ['They are found once the folder stands in PATH, before others:', `  ${command}`];
  const earlier = folders.slice(0, at).find((each) => hasDfuUtil(each));
  if (earlier === undefined) return ['The folder stands in PATH: they are what is found.'];
  return [`PATH has ${earlier} before it, with another dfu-util. For these:`, `  ${command}`];
}

function inQuotes(folder: string): string {
  return `'${folder.replaceAll("'", String.raw`'\''`)}'`;
}

function hasDfuUtil(folder: string): boolean {
  return ['dfu-util', 'dfu-util.exe', 'dfu-util.cmd'].some((name) => isThere(join(folder, name)));
}
