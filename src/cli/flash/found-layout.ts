import type { McubootBuild } from '../../board/index.ts';
import type { SignatureKind } from '../../image/index.ts';
import type { FlashLayout } from '../../lab/index.ts';
import type { LayoutKeys } from './layout-keys.ts';
import type { FlashBase } from './options.ts';

/** A layout, and what is known besides where it is from. */
export interface Found {
  readonly layout: FlashLayout;
  readonly source: string;
  /** Where the processor sees the flash, if that is known. */
  readonly bases?: readonly FlashBase[] | undefined;
  /** What the bootloader checks, where a file says so. */
  readonly signature?: SignatureKind | 'none' | undefined;
  /** Of a layout that was guessed: that it was, and what would fit as well. */
  readonly doubts?: readonly string[] | undefined;
  /** The keys that a layout or board file names. */
  readonly named?: LayoutKeys | undefined;
  /** Who images must be for, where a board file says so. */
  readonly ids?: DeviceIds | undefined;
}

/** Vendor and class of devices that images must be for. */
type DeviceIds = Pick<McubootBuild, 'vendor' | 'deviceClass'>;
