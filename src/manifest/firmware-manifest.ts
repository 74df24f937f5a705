/**
 * What of a product can be flashed: its boards, its releases, the files of each. What a product's maker writes as JSON;
 * `readManifest` checks it.
 */
export interface FirmwareManifest {
  /** The version of this form: 1. */
  readonly manifest: 1;
  /** What the product is called. */
  readonly product: string;
  /** No device is two of them, but for a loader that several have (`dfuUsb`). */
  readonly boards: readonly ManifestBoard[];
  /** In any order: they are offered by their versions, newest first. */
  readonly releases: readonly ManifestRelease[];
  /** Public keys that signatures are checked with, by their id. */
  readonly keys?: readonly ManifestKey[] | undefined;
}

/** How a board is known at USB, in either of its modes. */
export interface ManifestBoard {
  readonly name: string;
  /** Vendor and product in any of its modes: `1209:7d00`. */
  readonly usb: readonly string[];
  /**
   * Vendor and product in DFU mode of a loader that knows nothing of the board, and that others of these boards may have as
   * well: `0483:df11` of every STM32. Serial number and bcdDevice are the loader's own there, and not asked for. A device that
   * shows them may be each of the boards that list them.
   */
  readonly dfuUsb?: readonly string[] | undefined;
  /**
   * What its whole serial number looks like: `?` is any character, `*` any number of them, `[0-9A-F]` one of those, and
   * anything else is itself. Left out: any, or none.
   */
  readonly serial?: string | undefined;
  /** Range of bcdDevice in each of its modes, both ends in it, as `0102` or `1.02`; left out: any. */
  readonly bcdDevice?:
    { readonly least?: string | undefined; readonly most?: string | undefined } | undefined;
}

/** One version of the product's firmware. */
export interface ManifestRelease {
  /** Numbers with dots, a pre-release behind `-`, a build behind `+`: `1.2.0`, `1.3.0-rc.1`, `1.2.0+7`. */
  readonly version: string;
  /** Left out: `stable`. */
  readonly channel?: string | undefined;
  /** bcdDevice that this firmware shows while it runs, as `0102` or `1.02`: by it is known which version a device has. */
  readonly bcdDevice?: string | undefined;
  /** What is new, as plain text. */
  readonly notes?: string | undefined;
  /** The oldest version from which a device may be brought to this one at once. */
  readonly minimumVersion?: string | undefined;
  readonly files: readonly ManifestFile[];
}

/** One file of a release. */
export interface ManifestFile {
  /** Names of the boards that it is for; left out: all. */
  readonly boards?: readonly string[] | undefined;
  /** Where it is, relative to the manifest; http or https. */
  readonly url: string;
  readonly sizeBytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
  /** Id of the key that it must be signed with: of an MCUboot image the first digits of the key's hash, 8 at least. */
  readonly key?: string | undefined;
  /** Alternate setting, by number or by name; left out: as the file or the device says. */
  readonly alternate?: number | string | undefined;
  /** Absolute address of a file that does not say it, for DfuSe. */
  readonly address?: number | undefined;
  /**
   * What is erased first. `needed`, the default: what is written over, so that settings elsewhere stay. `all`: the whole
   * memory, settings included; a device of plain DFU cannot do that, and gets nothing. `ask`: a person chooses, where the
   * device can do both; else as `needed`.
   */
  readonly erase?: ManifestErase | undefined;
  /** What tells it from other files for the same board, where one of several is chosen: `slot 0`. */
  readonly label?: string | undefined;
}

/** What is erased before a file is written. */
export type ManifestErase = 'needed' | 'all' | 'ask';

/** A public key, as PEM. */
export interface ManifestKey {
  /** The first hexadecimal digits of its hash, 8 at least. */
  readonly id: string;
  readonly pem: string;
}

/** Largest file of firmware, in bytes: what a page holds in memory, several times. */
export const MOST_FILE_BYTES: number = 2 ** 26;

/** The channel of releases that name none. */
export const STABLE = 'stable';

export function channelOf({ channel = STABLE }: Pick<ManifestRelease, 'channel'>): string {
  return channel;
}

/** Whether a file is for a board. */
export function isFor({ boards }: ManifestFile, { name }: Pick<ManifestBoard, 'name'>): boolean {
  return boards === undefined || boards.includes(name);
}

/** All that a board shows at USB, in either of its modes. */
export function idsOf({ usb, dfuUsb = [] }: ManifestBoard): readonly string[] {
  return [...usb, ...dfuUsb];
}
