import { algorithms } from '../../boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../../boot/mcuboot/index.ts';
import type { MaxAlign, SignatureKind } from '../../image/index.ts';

/** How a board's MCUboot updates: MCUboot's algorithms, and direct-xip with its revert. */
export type McubootMode = Exclude<Algorithm, 'ram-load'> | 'direct-xip-with-revert';

/** The modes that a board's MCUboot can be built with; the first one is Zephyr's default. */
export const mcubootModes: readonly McubootMode[] = [
  ...algorithms.filter((each) => each !== 'ram-load'),
  'direct-xip-with-revert',
];

/** Settings that have MCUboot's own name and meaning here. */
type EngineSetting =
  | 'logicalSectorBytes'
  | 'downgradePrevention'
  | 'compareBuildNumber'
  | 'bootstrap'
  | 'overwriteOnlyFast'
  | 'overwriteOnlyKeepBackup'
  | 'verifyImageAddress';

/** What a board's MCUboot is built with; what is left out is as Zephyr's build has it. */
export interface McubootBuild extends Pick<BootConfig, EngineSetting> {
  /** Default `swap-using-move`. */
  readonly mode?: McubootMode | undefined;
  /** `MCUBOOT_BOOT_MAX_ALIGN`; default: by the write unit of the flash. */
  readonly maxAlign?: MaxAlign | undefined;
  /** `MCUBOOT_MAX_IMG_SECTORS`; default: as many as the largest slot has. */
  readonly maxSectors?: number | undefined;
  /** `MCUBOOT_VALIDATE_PRIMARY_SLOT`; default true. */
  readonly validatePrimary?: boolean | undefined;
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
