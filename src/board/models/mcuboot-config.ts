import { areaNames, buildOf, placeOf, trailerLayout } from '../../boot/mcuboot/index.ts';
import type { AreaName, BootConfig } from '../../boot/mcuboot/index.ts';
import { DfuError, defined } from '../../bytes/index.ts';
import { SectorMap } from '../../flash/index.ts';
import type { FlashGeometry, FlashRange } from '../../flash/index.ts';
import { maxAlignFor } from '../../image/index.ts';
import type { BoardModel, ZephyrBoard } from './board-model.ts';
import type { McubootMode } from './mcuboot-build.ts';

/** How many sectors MCUboot counts in a range: the flash's own, or logical ones. */
function sectorCount(
  sectors: SectorMap,
  { offsetBytes, sizeBytes }: FlashRange,
  logical?: number,
): number {
  if (logical !== undefined) return Math.ceil(sizeBytes / logical);
  return sectors.cut(offsetBytes, sizeBytes).reduce((sum, { count }) => sum + count, 0);
}

/** The pairs of slots that it boots, the first one's image being the one that runs. */
function pairsOf({ mcuboot = {} }: BoardModel, { slots }: ZephyrBoard): BootConfig['images'] {
  const pairs = Array.from({ length: Math.floor(slots.length / 2) }, (_, n) => {
    const [primary = slots[0], secondary = slots[1]] = slots.slice(2 * n, 2 * n + 2);
    return { primary, secondary };
  });
  return pairs.slice(0, mcuboot.images);
}

/**
 * What MCUboot is built with on a board, as Zephyr's build has it unless the board says otherwise: BOOT_MAX_ALIGN by
 * the write unit, as many sectors as the largest slot has (`CONFIG_BOOT_MAX_IMG_SECTORS_AUTO`). Where there is no
 * scratch partition, as on Zephyr's boards, swap using scratch takes the storage partition.
 */
export function mcubootConfig(
  model: BoardModel,
  zephyr: ZephyrBoard,
  mode: McubootMode,
): BootConfig {
  const { flash, mcuboot = {} } = model;
  const { logicalSectorBytes } = mcuboot;
  const images = pairsOf(model, zephyr);
  const xip = mode === 'direct-xip' || mode === 'direct-xip-with-revert';
  const scratch = zephyr.scratch ?? zephyr.storage;
  if (mode === 'swap-using-scratch' && scratch === undefined) {
    const expected = 'expected a scratch or storage partition for swap-using-scratch';
    throw new DfuError('INVALID_ARGUMENT', `${model.name} with MCUboot: ${expected}`);
  }
  const sectors = new SectorMap(flash);
  const counts = images.flatMap(({ primary, secondary }) =>
    [primary, secondary].map((slot) => sectorCount(sectors, slot, logicalSectorBytes)),
  );
  return {
    algorithm: xip ? 'direct-xip' : mode,
    revert: mode === 'direct-xip-with-revert',
    scratch: mode === 'swap-using-scratch' ? scratch : undefined,
    images,
    maxAlign: mcuboot.maxAlign ?? maxAlignFor(flash.writeUnitBytes),
    maxImgSectors: mcuboot.maxSectors ?? Math.max(...counts),
    ...defined({
      logicalSectorBytes,
      validatePrimarySlot: mcuboot.validatePrimary,
      downgradePrevention: mcuboot.downgradePrevention,
      compareBuildNumber: mcuboot.compareBuildNumber,
      bootstrap: mcuboot.bootstrap,
      overwriteOnlyFast: mcuboot.overwriteOnlyFast,
      overwriteOnlyKeepBackup: mcuboot.overwriteOnlyKeepBackup,
      verifyImageAddress: mcuboot.verifyImageAddress,
    }),
  };
}

/** Why MCUboot could not note its progress in an area: which, and in words. */
interface TrailerFault {
  readonly area: AreaName;
  readonly words: string;
}

/** The first area of a build that is too small for its trailer; undefined if there is none. */
export function trailerFault(
  config: BootConfig,
  { writeUnitBytes }: FlashGeometry,
): TrailerFault | undefined {
  const { shape } = buildOf(config);
  for (const area of areaNames(config)) {
    const { sizeBytes } = placeOf(config, area);
    try {
      trailerLayout(shape, { sizeBytes, writeUnitBytes, scratch: area === 'scratch' });
    } catch (error) {
      if (!DfuError.is(error, 'INVALID_ARGUMENT')) throw error;
      return { area, words: error.message };
    }
  }
  return undefined;
}
