import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DfuError } from '../bytes/index.ts';
import { checkModules } from './firmware-build.ts';
import type { FirmwareBuildOptions } from './firmware-build.ts';

/** The firmware that this package brings along, built. */
export const firmwareExamples: readonly string[] = ['hello-world', 'usbus-minimal', 'saul'];

/** Beside the built package; from the sources, in what was built of them last. */
const FOLDERS = ['../firmware/', '../../dist/firmware/'];

/** The file of an example that is built with these modules, e.g. `saul.usbus_dfu.mjs`. */
export function exampleFileName(name: string, modules: readonly string[] = []): string {
  return [name, ...modules.toSorted(), 'mjs'].join('.');
}

/**
 * A firmware that this package brings along: an ES module in UTF-8, ready for a box. Needs no
 * bundler. Throws `NOT_FOUND` for one that does not exist, `INVALID_ARGUMENT` for a module.
 */
export function loadExample(name: string, options: FirmwareBuildOptions = {}): Uint8Array {
  const { modules = [] } = options;
  checkModules(modules);
  if (!firmwareExamples.includes(name)) {
    const known = firmwareExamples.join(', ');
    throw new DfuError('NOT_FOUND', `no firmware "${name}"; there is: ${known}`);
  }
  for (const folder of FOLDERS) {
    const path = fileURLToPath(new URL(folder + exampleFileName(name, modules), import.meta.url));
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) {
      return new Uint8Array(readFileSync(path));
    }
  }
  throw new DfuError('NOT_FOUND', `the firmware "${name}" has not been built: npm run build`);
}
