import { DfuError } from '../../bytes/index.ts';
import type { FlashRange } from '../../flash/index.ts';
import { DEFAULT_MAX_ALIGN, DEFAULT_MAX_IMG_SECTORS } from '../../image/index.ts';
import type { MaxAlign } from '../../image/index.ts';
import type { Algorithm, TrailerShape } from './trailer-layout.ts';

/** The two slots of one image. */
export interface SlotPlaces {
  readonly primary: FlashRange;
  readonly secondary: FlashRange;
}

/** Names of the areas; the digit is the number of the image pair. */
export type AreaName = `${'primary' | 'secondary'}${number}` | 'scratch';

/** Keys of encrypted images in the trailer while a swap is under way. */
export interface EncryptionConfig {
  /** Bytes of an AES key: 16, or 32 for AES-256 builds. */
  readonly keyBytes: 16 | 32;
  /**
   * Bytes of the whole key TLV, which is saved instead of the plain key (MCUBOOT_SWAP_SAVE_ENCTLV);
   * left out: the plain key is saved.
   */
  readonly savedTlvBytes?: number | undefined;
}

/** What of a build decides what it does: everything that influences flash or console. */
export interface BootConfig {
  readonly algorithm: Algorithm;
  /** direct-xip and ram-load only: an image that is not confirmed is erased at the next boot. */
  readonly revert?: boolean | undefined;
  /** One or more image pairs; the first one is booted. */
  readonly images: readonly SlotPlaces[];
  /** Swap using scratch only. */
  readonly scratch?: FlashRange | undefined;
  /** MCUBOOT_BOOT_MAX_ALIGN; 8 unless given. */
  readonly maxAlign?: MaxAlign | undefined;
  /** MCUBOOT_MAX_IMG_SECTORS; 128 unless given. Zephyr sets slot size / sector size. */
  readonly maxImgSectors?: number | undefined;
  /** MCUBOOT_VALIDATE_PRIMARY_SLOT; true unless given. */
  readonly validatePrimarySlot?: boolean | undefined;
  /**
   * MCUBOOT_LOGICAL_SECTOR_SIZE: what a swap takes for a sector, as several of the flash's own ones; a
   * power of two. It is compared with the flash at each boot (MCUBOOT_VERIFY_LOGICAL_SECTORS). The
   * flash's own sectors unless given.
   */
  readonly logicalSectorBytes?: number | undefined;
  /**
   * MCUBOOT_BOOTSTRAP: a valid secondary image fills an empty or broken primary slot. With move and
   * offset only the image is copied, and the secondary one keeps its header, whatever the next two say.
   */
  readonly bootstrap?: boolean | undefined;
  /** MCUBOOT_OVERWRITE_ONLY_FAST: copy only the sectors that the image needs. */
  readonly overwriteOnlyFast?: boolean | undefined;
  /** MCUBOOT_OVERWRITE_ONLY_KEEP_BACKUP: leave the header of the secondary image. */
  readonly overwriteOnlyKeepBackup?: boolean | undefined;
  /** MCUBOOT_DOWNGRADE_PREVENTION, and by what images are compared. */
  readonly downgradePrevention?: 'version' | 'security-counter' | undefined;
  /** MCUBOOT_VERSION_CMP_USE_BUILD_NUMBER. */
  readonly compareBuildNumber?: boolean | undefined;
  /** MCUBOOT_HW_ROLLBACK_PROT: images must not fall below the counter kept in hardware. */
  readonly hwRollbackProtection?: boolean | undefined;
  /** MCUBOOT_ENC_IMAGES. */
  readonly encryption?: EncryptionConfig | undefined;
  /** RAM that ram-load may load to; 256 KiB from 0x20000000 unless given. */
  readonly executableRam?:
    { readonly startAddress: number; readonly sizeBytes: number } | undefined;
  /** Bytes of one write when a region is copied; 1024 unless given, as bootutil does. */
  readonly copyChunkBytes?: number | undefined;
  /**
   * MCUBOOT_VERIFY_IMG_ADDRESS or MCUBOOT_CHECK_HEADER_LOAD_ADDRESS: a secondary image must be linked
   * for the primary slot, by its reset vector or by its header.
   */
  readonly verifyImageAddress?: 'reset-vector' | 'load-address' | undefined;
  /** Not MCUboot's: refuse what is known to go wrong, and say why ({@link Hazard}). */
  readonly guarded?: boolean | undefined;
}

/** A build with all defaults filled in. */
export interface Build extends BootConfig {
  readonly maxAlign: MaxAlign;
  readonly maxImgSectors: number;
  readonly validatePrimarySlot: boolean;
  readonly copyChunkBytes: number;
  readonly shape: TrailerShape;
}

/**
 * Fills in what a configuration leaves out.
 *
 * @throws `DfuError` `INVALID_ARGUMENT` if it has no image, no room for any sector, or logical sectors of
 * a size that cannot be.
  }
 * @throws `DfuError` `INVALID_ARGUMENT` if it has no image, no room for any sector, or copies nothing at once.
 */
export function buildOf(config: BootConfig): Build {
  const {
    maxAlign = DEFAULT_MAX_ALIGN,
    maxImgSectors = DEFAULT_MAX_IMG_SECTORS,
    copyChunkBytes = 1024,
    encryption,
  } = config;
  if (config.images.length === 0) {
    throw new DfuError('INVALID_ARGUMENT', 'expected at least one pair of slots, got none');
  }
  if (!Number.isInteger(maxImgSectors) || maxImgSectors < 1) {
    const words = `expected 1 or more, got ${maxImgSectors}`;
    throw new DfuError('INVALID_ARGUMENT', `maximum sectors: ${words}`);
  }
  const { logicalSectorBytes: logical = 1 } = config;
  if (!Number.isInteger(logical) || logical < 1 || !Number.isInteger(Math.log2(logical))) {
    const words = `expected a power of two, got ${logical}`;
    throw new DfuError('INVALID_ARGUMENT', `logical sector size: ${words}`);
  }
  if (!Number.isInteger(copyChunkBytes) || copyChunkBytes < 1) {
    const words = `expected 1 byte or more, got ${copyChunkBytes}`;
    throw new DfuError('INVALID_ARGUMENT', `copied at once: ${words}`);
  }
  const keyBytes = encryption?.savedTlvBytes ?? encryption?.keyBytes ?? 0;
  return {
    ...config,
    maxAlign,
    maxImgSectors,
    validatePrimarySlot: config.validatePrimarySlot ?? true,
    copyChunkBytes,
    shape: { algorithm: config.algorithm, maxAlign, maxImgSectors, keyBytes },
  };
}

/** Whether this build exchanges images and keeps its progress in trailers. */
export function isSwap(algorithm: Algorithm): boolean {
  return algorithm.startsWith('swap-using-');
}

/** Whether this build runs an image of either slot as it is, and neither exchanges nor copies over. */
export function isInPlace(algorithm: Algorithm): boolean {
  return algorithm === 'direct-xip' || algorithm === 'ram-load';
}

/** Number of the image pair that an area belongs to; 0 for the scratch area. */
export function imageNumberOf(name: AreaName): number {
  return Number(name.replace(/^\D+/, ''));
}

/**
 * Where an area lies.
 *
 * @throws `DfuError` `NOT_FOUND` if the build has no such area.
 */
export function placeOf(config: BootConfig, name: AreaName): FlashRange {
  const pair = config.images[imageNumberOf(name)];
  const slot = name.startsWith('primary') ? pair?.primary : pair?.secondary;
  const place = name === 'scratch' ? config.scratch : slot;
  if (place !== undefined) return place;
  throw new DfuError(
    'NOT_FOUND',
    `this build has no area ${name}, only ${areaNames(config).join(', ')}`,
  );
}

/** The areas that a build uses, in the order in which they are shown. */
export function areaNames({ algorithm, images, scratch }: BootConfig): AreaName[] {
  const slots = images.flatMap((_, n): AreaName[] => [`primary${n}`, `secondary${n}`]);
  return algorithm === 'swap-using-scratch' && scratch !== undefined
    ? [...slots, 'scratch']
    : slots;
}
