import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { release, userInfo } from 'node:os';
import { basename } from 'node:path';
import type { FileOwner, Holder, System } from './system.ts';

/** What the look-up answers; undefined where the system refuses. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** This computer. */
export function nodeSystem(): System {
  const groups = readNames('/etc/group');
  const users = readNames('/etc/passwd');
  const own = process.getuid?.() ?? -1;
  return {
    platform: process.platform,
    arch: process.arch,
    release: release(),
    libc: libc(),
    environment: process.env,
    user: {
      name: attempt(() => userInfo().username) ?? users.get(own) ?? String(own),
      isRoot: own === 0,
      groups: [...new Set([process.getegid?.() ?? -1, ...(process.getgroups?.() ?? [])])].map(
        (id) => groups.get(id) ?? String(id),
      ),
    },
    bytes: (path) => attempt(() => readFileSync(path)),
    names: (path) => attempt(() => readdirSync(path)),
    link: (path) => attempt(() => basename(readlinkSync(path))),
    exists: existsSync,
    owner: (path) => attempt(() => ownerOf(path, users, groups)),
    openFailure,
    holders,
    hasGroup: (name) => [...groups.values()].includes(name),
    usbFailure,
  };
}

/** Names by number, of /etc/passwd or /etc/group. */
function readNames(path: string): ReadonlyMap<number, string> {
  const text = attempt(() => readFileSync(path, 'utf8')) ?? '';
  const rows = text.match(/^[^#:\n]+:.*$/gm)?.map((line) => line.split(':')) ?? [];
  return new Map(rows.map(([name = '', , id = '']): [number, string] => [Number(id), name]));
}

function libc(): System['libc'] {
  if (process.platform !== 'linux') return undefined;
  const { header } = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string };
  };
  return header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

function ownerOf(
  path: string,
  users: ReadonlyMap<number, string>,
  groups: ReadonlyMap<number, string>,
): FileOwner {
  const { uid, gid, mode } = statSync(path);
  return {
    owner: users.get(uid) ?? String(uid),
    group: groups.get(gid) ?? String(gid),
    mode: mode & 0o777,
  };
}

function openFailure(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'r+'));
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
  }
}

/** Looks through the open files of all processes that may be looked at. */
function holders(path: string): Holder[] {
  const processes = attempt(() => readdirSync('/proc'))?.filter((name) => /^\d+$/.test(name)) ?? [];
  return processes.flatMap((name) => {
    if (Number(name) === process.pid) return [];
    const files = attempt(() => readdirSync(`/proc/${name}/fd`)) ?? [];
    const has = files.some((fd) => attempt(() => readlinkSync(`/proc/${name}/fd/${fd}`)) === path);
    if (!has) return [];
    const called = attempt(() => readFileSync(`/proc/${name}/comm`, 'utf8').trim()) ?? '?';
    return [{ pid: Number(name), name: called }];
  });
}

async function usbFailure(): Promise<string | undefined> {
  try {
    await import('usb');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
