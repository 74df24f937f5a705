import { statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { OutputChunk, RolldownLog } from 'rolldown';
import { DfuError, PACKAGE_VERSION } from '../../bytes/index.ts';

/** What a firmware is built with. */
export interface FirmwareBuildOptions {
  /** RIOT's `USEMODULE`: `usbus_dfu` gives it the DFU run-time interface. Default: none. */
  readonly modules?: readonly string[] | undefined;
  /** Zephyr's configuration symbols that are `y`. Default: none. */
  readonly config?: readonly string[] | undefined;
}

/** The modules that a firmware can be built with. */
export const firmwareModules: readonly string[] = ['usbus_dfu'];

/** The configuration symbols that a firmware can be built with. */
export const firmwareConfig: readonly string[] = ['CONFIG_APP_USB_DFU_USE_FLASH_BACKEND'];

/** The rolldown that this package is tested with: the one in its package.json. */
export const BUNDLER_VERSION = '1.2.19';

/** Where a firmware begins, in order of preference. */
const ENTRIES = ['main.ts', 'main.js', 'main.mjs', 'src/main.ts', 'index.ts', 'index.js'];

/**
 * Bundles the firmware in a folder to one ES module, in UTF-8: `main.ts`, `main.js` or `index.ts`
 * and what it imports; or the module that it is given itself. `MODULE_X` is replaced by whether module X is in,
 * `CONFIG_X` by whether that symbol is `y`, `BUILD_VERSION` by the
 * version of this package. Types are taken off and not checked. Throws `NOT_FOUND` without
 * an entry, `INVALID_ARGUMENT` for a module that does not exist, `MALFORMED` with the bundler's words
 * for what does not build, `UNSUPPORTED` where the bundler is not installed.
 */
export async function buildFirmware(
  directory: string,
  options: FirmwareBuildOptions = {},
): Promise<Uint8Array> {
  checkBuildOptions(options);
  const input = findEntry(directory);
  const { rolldown } = await loadBundler();
  try {
    const build = await rolldown({
      input,
      platform: 'neutral',
      transform: { define: defines(options) },
      onLog: (_, log) => refuseUnresolved(log),
    });
    try {
      const { output } = await build.generate({ format: 'esm', minify: 'dce-only' });
      return new TextEncoder().encode(wholeModule(directory, output).code);
    } finally {
      await build.close();
    }
  } catch (error) {
    if (DfuError.is(error)) throw error;
    throw new DfuError('MALFORMED', `${directory} does not build: ${plainWords(error)}`, {
      cause: error,
    });
  }
}

/** The bundler's words without its colours, and without where in the bundler they come from. */
function plainWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = stripVTControlCharacters(message).split('\n');
  return lines
    .filter((line) => !/^\s+at .*(?:file:\/\/|node:)/.test(line))
    .join('\n')
    .trimEnd();
}

/** Throws `INVALID_ARGUMENT` for a module or symbol that firmware cannot be built with. */
export function checkBuildOptions({ modules = [], config = [] }: FirmwareBuildOptions): void {
  checkKnown('module', modules, firmwareModules);
  checkKnown('configuration symbol', config, firmwareConfig);
}

function checkKnown(what: string, names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    const all = known.join(', ');
    throw new DfuError('INVALID_ARGUMENT', `no ${what} "${name}" for firmware; there is: ${all}`);
  }
}

function findEntry(directory: string): string {
  if (statSync(directory, { throwIfNoEntry: false })?.isFile() === true) return directory;
  for (const name of ENTRIES) {
    const path = join(directory, name);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) return path;
  }
  throw new DfuError(
    'NOT_FOUND',
    `${directory}: expected a firmware with one of ${ENTRIES.join(', ')}`,
  );
}

function defines({ modules = [], config = [] }: FirmwareBuildOptions): Record<string, string> {
  const flags = [
    ...firmwareModules.map((name) => [
      `MODULE_${name.toUpperCase()}`,
      String(modules.includes(name)),
    ]),
    ...firmwareConfig.map((name) => [name, String(config.includes(name))]),
  ];
  return { ...Object.fromEntries(flags), BUILD_VERSION: JSON.stringify(PACKAGE_VERSION) };
}

async function loadBundler(): Promise<typeof import('rolldown')> {
  try {
    return await import('rolldown');
  } catch (error) {
    const install = `npm install rolldown@${BUNDLER_VERSION}`;
    const what = `building firmware needs the package "rolldown": ${install}`;
    throw new DfuError('UNSUPPORTED', what, { cause: error });
  }
}

/** On a board there is nothing to import from. */
function refuseUnresolved(log: RolldownLog): void {
  if (log.code === 'UNRESOLVED_IMPORT') throw new DfuError('MALFORMED', log.message);
}

function wholeModule(directory: string, output: readonly { readonly type: string }[]): OutputChunk {
  const [first, ...others] = output;
  if (first?.type !== 'chunk' || others.length > 0) {
    const count = `expected one module, got ${output.length}`;
    throw new DfuError('MALFORMED', `${directory} does not build into one piece: ${count}`);
  }
  const chunk = first as OutputChunk;
  const imports = [...chunk.imports, ...chunk.dynamicImports];
  if (imports.length > 0) {
    throw new DfuError(
      'MALFORMED',
      `${directory} imports what no board has: ${imports.join(', ')}`,
    );
  }
  if (!chunk.exports.includes('main')) {
    throw new DfuError('MALFORMED', `${directory}: expected a firmware that exports "main"`);
  }
  return chunk;
}
