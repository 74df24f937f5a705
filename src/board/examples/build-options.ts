import { DfuError } from '../../bytes/index.ts';

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
