import { DfuError, encodeUtf8 } from '../../bytes/index.ts';
import { builtExamples } from './built-examples.ts';
import { checkBuildOptions, firmwareConfig, firmwareModules } from './build-options.ts';
import type { FirmwareBuildOptions } from './build-options.ts';

/** What each example can be built with; all of them are also there with none of it. */
const OPTIONS: Readonly<Record<string, FirmwareBuildOptions>> = {
  'hello-world': { modules: firmwareModules },
  'usbus-minimal': { modules: firmwareModules },
  saul: { modules: firmwareModules },
  'usb-dfu': { config: firmwareConfig },
  'dfu-runtime': {},
};

/** The firmware that this package brings along, built. */
export const firmwareExamples: readonly string[] = Object.keys(OPTIONS);

/** Every way in which an example is built. */
export function exampleVariants(name: string): readonly FirmwareBuildOptions[] {
  const { modules = [], config = [] } = OPTIONS[name] ?? {};
  return [
    {},
    ...modules.map((each) => ({ modules: [each] })),
    ...config.map((each) => ({ config: [each] })),
  ];
}

/**
 * The file of an example that is built with these modules and symbols, e.g. `saul.usbus_dfu.mjs`. What
 * makes no difference to that example is not in its name.
 */
export function exampleFileName(name: string, options: FirmwareBuildOptions = {}): string {
  const { modules = [], config = [] } = OPTIONS[name] ?? {};
  const built = [
    ...(options.modules ?? []).filter((each) => modules.includes(each)),
    ...(options.config ?? []).filter((each) => config.includes(each)),
  ];
  return [name, ...built.toSorted(), 'mjs'].join('.');
}

/**
 * A firmware that this package brings along: an ES module in UTF-8, ready for a box. Needs no
 * bundler. Throws `NOT_FOUND` for one that does not exist, `INVALID_ARGUMENT` for a module
 * or symbol.
 */
export function loadExample(name: string, options: FirmwareBuildOptions = {}): Uint8Array {
  checkBuildOptions(options);
  if (!firmwareExamples.includes(name)) {
    const known = firmwareExamples.join(', ');
    throw new DfuError('NOT_FOUND', `no firmware "${name}"; there is: ${known}`);
  }
  const text = builtExamples[exampleFileName(name, options)];
  if (text !== undefined) return encodeUtf8(text);
  throw new DfuError('NOT_FOUND', `the firmware "${name}" has not been built: npm run build`);
}
