import { algorithms } from '../../boot/mcuboot/index.ts';
import type { Algorithm } from '../../boot/mcuboot/index.ts';
import type { MaxAlign, SignatureKind } from '../../image/index.ts';

/** How a board's MCUboot updates: MCUboot's algorithms, and direct-xip with its revert. */
export type McubootMode = Exclude<Algorithm, 'ram-load'> | 'direct-xip-with-revert';

/** The modes that a board's MCUboot can be built with; the first one is Zephyr's default. */
export const mcubootModes: readonly McubootMode[] = [
  ...algorithms.filter((each) => each !== 'ram-load'),
  'direct-xip-with-revert',
];

/** What a board's MCUboot is built with; what is left out is as Zephyr's build has it. */
export interface McubootBuild {
  /** Default `swap-using-move`. */
  readonly mode?: McubootMode | undefined;
  /** `MCUBOOT_BOOT_MAX_ALIGN`; default: by the write unit of the flash. */
  readonly maxAlign?: MaxAlign | undefined;
  /** `MCUBOOT_MAX_IMG_SECTORS`; default: as many as the largest slot has. */
  readonly maxSectors?: number | undefined;
  /** `MCUBOOT_LOGICAL_SECTOR_SIZE`, a power of two; default: the sectors of the flash. */
  readonly logicalSectorBytes?: number | undefined;
  /** `MCUBOOT_VALIDATE_PRIMARY_SLOT`; default true. */
  readonly validatePrimary?: boolean | undefined;
  /** `MCUBOOT_DOWNGRADE_PREVENTION`, and by what images are compared; default: none. */
  readonly downgradePrevention?: 'version' | 'security-counter' | undefined;
  /** `MCUBOOT_VERSION_CMP_USE_BUILD_NUMBER`. */
  readonly compareBuildNumber?: boolean | undefined;
  /** `MCUBOOT_BOOTSTRAP`: an image in slot 1 fills an empty slot 0. */
  readonly bootstrap?: boolean | undefined;
  /** `MCUBOOT_OVERWRITE_ONLY_FAST`: copy only the sectors that the image needs. */
  readonly overwriteOnlyFast?: boolean | undefined;
  /** `MCUBOOT_OVERWRITE_ONLY_KEEP_BACKUP`: leave the header of the image in slot 1. */
  readonly overwriteOnlyKeepBackup?: boolean | undefined;
  /** `MCUBOOT_VERIFY_IMG_ADDRESS` or `MCUBOOT_CHECK_HEADER_LOAD_ADDRESS`: what must say that an image is for slot 0. */
  readonly verifyImageAddress?: 'reset-vector' | 'load-address' | undefined;
  /** `CONFIG_UPDATEABLE_IMAGE_NUMBER`: how many pairs of slots; default: all that the board has. */
  readonly images?: number | undefined;
  /** `CONFIG_BOOT_SIGNATURE_TYPE_…`; default: the kind of its keys. */
  readonly signature?: SignatureKind | 'none' | undefined;
  /** Files of the keys that it trusts; public halves do. Default: those that whoever makes the board says. */
  readonly keys?: readonly string[] | undefined;
  /** Images must be for this vendor, a UUID or a name. */
  readonly vendor?: string | undefined;
  /** And for this class of devices, a UUID or a name within the vendor's. */
  readonly deviceClass?: string | undefined;
}
