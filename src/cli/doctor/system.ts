/** Whom a device file belongs to, and what its mode allows. */
export interface FileOwner {
  readonly owner: string;
  readonly group: string;
  /** The nine bits of rwxrwxrwx. */
  readonly mode: number;
}

/** A program that has a file open. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
}

/** The user that this program runs as. */
interface SystemUser {
  readonly name: string;
  readonly isRoot: boolean;
  /** Names of all groups that this program is in. */
  readonly groups: readonly string[];
}

/** All that `doctor` looks at of a computer; reading changes nothing. What cannot be read is undefined. */
export interface System {
  /** As Node names it: `linux`, `darwin`, `win32`, … */
  readonly platform: string;
  readonly arch: string;
  readonly release: string;
  /** Which C library programs are linked with, on Linux. */
  readonly libc: 'glibc' | 'musl' | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly user: SystemUser;
  /** The whole of a small file. */
  bytes(path: string): Uint8Array | undefined;
  /** The names in a folder. */
  names(path: string): readonly string[] | undefined;
  /** The last part of what a link points to. */
  link(path: string): string | undefined;
  exists(path: string): boolean;
  owner(path: string): FileOwner | undefined;
  /** Tries to open a file for reading and writing; undefined if that works, or why not: `EACCES`. */
  openFailure(path: string): string | undefined;
  /** Programs that have it open, as far as this user may know; not this one. */
  holders(path: string): readonly Holder[];
  /** Whether a group of that name exists. */
  hasGroup(name: string): boolean;
  /** Loads npm `usb`; undefined if that works, or what the loader said. */
  usbFailure(): Promise<string | undefined>;
}

/** The text of a small file, without what ends its last line. */
export function textOf(system: System, path: string): string | undefined {
  const bytes = system.bytes(path);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes).trimEnd();
}
