import { statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { BuildText, ZephyrBuild } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import { readText } from '../shared/files.ts';
import type { Files } from '../shared/files.ts';
import { UnreadableFile } from '../shared/unreadable-file.ts';

/** What was found in a build. */
export type FoundBuild =
  | { readonly kind: 'riot'; readonly file: BuildText }
  | {
      readonly kind: 'zephyr';
      readonly build: ZephyrBuild;
      /** Where a key that the build names without a whole path may be. */
      readonly keyFolders: readonly string[];
    };

/** Of a build's devicetree or configuration, real ones have some 200 kB. */
const MOST_BYTES = 4 * 1024 * 1024;

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** A text file of a build. Throws as `Files.read`, and `OUT_OF_RANGE` for one that no build makes. */
function textOf(files: Files, path: string, name: string = path): BuildText {
  const { size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
  if (size > MOST_BYTES) {
    throw new DfuError(
      'OUT_OF_RANGE',
      `${path}: expected at most ${MOST_BYTES} bytes, got ${size}`,
    );
  }
  return { name, text: readText(files, path) };
}

/** The same, where it is there. */
function maybeText(files: Files, path: string): BuildText | undefined {
  return isFile(path) ? textOf(files, path) : undefined;
}

/** The application that sysbuild's `domains.yaml` begins with: `default: app`. */
function defaultDomain(files: Files, folder: string): string | undefined {
  const domains = maybeText(files, join(folder, 'domains.yaml'));
  const [, name] = /^default:\s*["']?([\w.-]+)["']?\s*$/m.exec(domains?.text ?? '') ?? [];
  return name;
}

/** Where CMake was called for (`CMAKE_HOME_DIRECTORY` of its cache). */
function homeOf(files: Files, build: string): string | undefined {
  const cache = maybeText(files, join(build, 'CMakeCache.txt'));
  const [, home] = /^CMAKE_HOME_DIRECTORY:[A-Z]+=(.+?)\r?$/m.exec(cache?.text ?? '') ?? [];
  return home;
}

/** The application's and MCUboot's folders in a build. */
interface Folders {
  readonly top: string;
  readonly application: string;
  readonly mcuboot: string | undefined;
}

function zephyrFolders(files: Files, given: string): Folders | undefined {
  const domain = defaultDomain(files, given);
  const hasTree = (folder: string): boolean => isFile(join(folder, 'zephyr', 'zephyr.dts'));
  const withMcuboot = (top: string, application: string): Folders => {
    const mcuboot = join(top, 'mcuboot');
    const isThere = mcuboot !== application && isFile(join(mcuboot, 'zephyr', '.config'));
    return { top, application, mcuboot: isThere ? mcuboot : undefined };
  };
  if (domain !== undefined && hasTree(join(given, domain))) {
    return withMcuboot(given, join(given, domain));
  }
  const above = dirname(given);
  if (hasTree(given)) {
    const isDomain = defaultDomain(files, above) !== undefined;
    return withMcuboot(isDomain ? above : given, given);
  }
  // Somebody points at the folder that zephyr.dts is in.
  const isInner = basename(given) === 'zephyr' && isFile(join(given, 'zephyr.dts'));
  return isInner ? zephyrFolders(files, above) : undefined;
}

/**
 * Folders from which MCUboot's build takes its key (its CMakeLists.txt: the folder of its configuration, then its
 * repository), and west's top.
 */
function keyFolders(files: Files, { top, application, mcuboot }: Folders): string[] {
  const boot = mcuboot === undefined ? undefined : homeOf(files, mcuboot);
  const own = homeOf(files, application);
  const folders = [
    ...(boot === undefined ? [] : [boot, join(boot, '../..'), join(boot, '../../../..')]),
    ...(own === undefined ? [] : [own, join(own, 'sysbuild'), dirname(own)]),
    dirname(top),
  ];
  return [...new Set(folders)];
}

/** Files that a build of Zephyr has, and RIOT has not. */
const ofZephyr: ReadonlySet<string> = new Set(['zephyr.dts', '.config', 'domains.yaml']);

/** The files of a build folder. Throws `NOT_FOUND`, as an `UnreadableFile`, with what was looked for. */
export function findBuild(
  files: Files,
  path: string,
  { mcubootFolder }: { readonly mcubootFolder?: string | undefined } = {},
): FoundBuild {
  const given = resolve(path);
  const stat = statSync(given, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new UnreadableFile('NOT_FOUND', `${path}: no such file or folder`);
  }
  // Somebody points at a file of the folder.
  if (stat.isFile() && ofZephyr.has(basename(given))) {
    return findBuild(files, dirname(path), { mcubootFolder });
  }
  // A pipe, too.
  if (!stat.isDirectory()) return { kind: 'riot', file: textOf(files, path) };
  const shown = (whole: string): string => join(path, relative(given, whole));
  const found = zephyrFolders(files, given);
  const header = join(given, 'riotbuild', 'riotbuild.h');
  const text = (whole: string): BuildText => textOf(files, whole, shown(whole));
  if (found === undefined && isFile(header)) return { kind: 'riot', file: text(header) };
  if (found === undefined) {
    const looked = 'zephyr/zephyr.dts, domains.yaml or riotbuild/riotbuild.h';
    const expected = `expected a build of Zephyr or RIOT, with ${looked}`;
    throw new UnreadableFile('NOT_FOUND', `${path}: ${expected}`);
  }
  const folders: Folders =
    mcubootFolder === undefined ? found : { ...found, mcuboot: resolve(mcubootFolder) };
  return {
    kind: 'zephyr',
    build: zephyrTexts(folders, text),
    keyFolders: keyFolders(files, folders),
  };
}

function zephyrTexts(
  { top, application, mcuboot }: Folders,
  text: (path: string) => BuildText,
): ZephyrBuild {
  const maybe = (path: string): BuildText | undefined => (isFile(path) ? text(path) : undefined);
  return {
    devicetree: text(join(application, 'zephyr', 'zephyr.dts')),
    configuration: text(join(application, 'zephyr', '.config')),
    mcuboot:
      mcuboot === undefined
        ? undefined
        : {
            configuration: text(join(mcuboot, 'zephyr', '.config')),
            devicetree: maybe(join(mcuboot, 'zephyr', 'zephyr.dts')),
          },
    partitions: maybe(join(top, 'pm.config')),
  };
}

/** The file of a key that a build names, in one of these folders; undefined: it is in none. */
export function findKey(name: string, folders: readonly string[]): string | undefined {
  if (isAbsolute(name)) return isFile(name) ? name : undefined;
  return folders.map((folder) => join(folder, name)).find(isFile);
}
