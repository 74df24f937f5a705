import type { BootConfig } from '../../boot/mcuboot/index.ts';
import { defined } from '../../bytes/index.ts';
import type { FlashLayout } from '../../lab/index.ts';
import { refuseIdleOptions } from './idle-options.ts';
import type { LayoutOptions } from './options.ts';

/** What the command line says on top of a layout; what would do nothing there is refused. */
export function changed(layout: FlashLayout, options: LayoutOptions): FlashLayout {
  const all = withOptions(layout, options);
  refuseIdleOptions(options, all.config);
  return all;
}

function withOptions({ geometry, config }: FlashLayout, options: LayoutOptions): FlashLayout {
  const { writeUnit, erasedValue, eraseMs, programUs, algorithm, scratch } = options;
  const timed = eraseMs !== undefined || programUs !== undefined;
  const timing = {
    eraseSectorMs: eraseMs ?? geometry.timing?.eraseSectorMs ?? 0,
    programUnitUs: programUs ?? geometry.timing?.programUnitUs ?? 0,
  };
  return {
    geometry: {
      ...geometry,
      writeUnitBytes: writeUnit ?? geometry.writeUnitBytes,
      erasedValue: erasedValue ?? geometry.erasedValue,
      timing: timed ? timing : geometry.timing,
    },
    config: {
      ...config,
      algorithm: algorithm?.algorithm ?? config.algorithm,
      revert: algorithm?.revert === true ? true : config.revert,
      scratch: scratch ?? config.scratch,
      ...buildChanges(options),
    },
  };
}

function buildChanges(options: LayoutOptions): Partial<BootConfig> {
  const { maxAlign, maxSectors, downgrade, encrypted, saveEnctlv } = options;
  const encryption = { keyBytes: encrypted ?? 16, savedTlvBytes: saveEnctlv } as const;
  return defined({
    maxAlign,
    maxImgSectors: maxSectors,
    logicalSectorBytes: options.logicalSectorSize,
    validatePrimarySlot: options.validate === false ? false : undefined,
    bootstrap: options.bootstrap,
    overwriteOnlyFast: options.fast,
    overwriteOnlyKeepBackup: options.keepBackup,
    downgradePrevention: downgrade,
    hwRollbackProtection: options.hwRollback,
    guarded: options.guarded,
    encryption: encrypted === undefined && saveEnctlv === undefined ? undefined : encryption,
  });
}
