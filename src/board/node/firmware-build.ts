import { statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { OutputChunk, RolldownLog } from 'rolldown';
import { DfuError, PACKAGE_VERSION } from '../../bytes/index.ts';
import { checkBuildOptions, firmwareConfig, firmwareModules } from '../examples/index.ts';
import type { FirmwareBuildOptions } from '../examples/index.ts';

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
