import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a process for firmware may use. */
export interface ProcessLimits {
  /** Heap of the program, in MiB. */
  readonly heapMb: number;
  /** Memory outside of it that the program can fill, in MiB. Linux alone keeps to it. */
  readonly buffersMb: number;
}

/** A command, and as whom it runs. */
interface ProcessCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** A shell is in front of it, which sets limits and ends it if this process goes. */
  readonly guarded: boolean;
}

/** POSIX has it there. */
const SHELL = '/bin/sh';
/** Nobody, as Linux and the BSDs number him. */
const NOBODY = 65534;
/** What Node takes for itself before a program has anything, in MiB of private memory that can be written. */
const NODE_MB = 448;
/** Open files: Node has two dozen of its own. */
const MOST_FILES = 64;

/**
 * Sets what limits there are (one that the system does not know is left out), and leaves a child behind that ends the
 * program when descriptor 3 ends without a line: then whoever started it has gone without a word.
 */
const GUARD = [
  'for l in "-c 0" "-f 0" "-n $1" "-d $2"; do ulimit $l 2>/dev/null; done; shift 2',
  '(read -r x <&3 || kill -9 $$) >/dev/null 2>&1 &',
  'exec "$@" 3<&-',
].join('\n');

/** Node 20 calls it experimental; `--permission` since 22.13 and 23.5. */
function permissionFlag(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const named = major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 13);
  return named ? '--permission' : '--experimental-permission';
}

function nodeArguments({ heapMb }: ProcessLimits): string[] {
  return [
    permissionFlag(),
    '--experimental-vm-modules',
    '--disallow-code-generation-from-strings',
    '--frozen-intrinsics',
    '--no-addons',
    '--no-warnings',
    `--max-old-space-size=${heapMb}`,
    '--max-semi-space-size=8',
  ];
}

/** The command that runs a script of ours with nothing but its pipes. */
export function processCommand(script: string, limits: ProcessLimits): ProcessCommand {
  const node = [process.execPath, ...nodeArguments(limits), '-e', script];
  const { uid, gid } = withoutPrivileges();
  if (process.platform === 'win32' || !existsSync(SHELL)) {
    const [file = '', ...args] = node;
    return { file, args, uid, gid, guarded: false };
  }
  const dataKib = (NODE_MB + limits.heapMb + limits.buffersMb) * 1024;
  const args = ['-c', GUARD, 'dfukit-firmware', String(MOST_FILES), String(dataKib), ...node];
  return { file: SHELL, args, uid, gid, guarded: true };
}

/** Whom root lets run firmware: nobody, if nobody can start this Node. */
function withoutPrivileges(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0 || rootKeepsPrivileges()) return {};
  return { uid: NOBODY, gid: NOBODY };
}

/** Whether this process is root's and its firmware will be, too: nobody but root can start its Node. */
export function rootKeepsPrivileges(): boolean {
  return process.getuid?.() === 0 && !othersCanRun(process.execPath);
}

function othersCanRun(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if (((statSync(at, { throwIfNoEntry: false })?.mode ?? 0) & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
