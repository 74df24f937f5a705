import type { ImageSlot } from '../../image/index.ts';

/** Where a bootloader and its slots lie: a `RiotbootLayout`, a `McubootLayout`, or the like. */
export interface ProgramLayout {
  /** Address of the flash's first byte. */
  readonly flashBase: number;
  readonly bootloaderBytes: number;
  /** None: all of the flash is one place. */
  readonly slots: readonly ImageSlot[];
  /** The kind of header that its bootloader boots an image by; undefined if not one of these. */
  readonly imageKind?: 'riotboot' | 'mcuboot' | undefined;
  /** Why the chip would not start a flash that begins with these bytes; undefined if it would, or nobody can say. */
  readonly startDoubt?: ((begin: Uint8Array) => string | undefined) | undefined;
}
