import type { DfuStatus } from '../../dfu/index.ts';

/** Why an image is not taken into a slot. */
export interface ImageRefusal {
  /** bStatus, DFU 1.1 table in §6.1.2. */
  readonly status: DfuStatus;
  /** In words, short enough for a string descriptor. */
  readonly reason: string;
}

/**
 * Looks at one image on its way into a slot, for a bootloader that will have to boot it. It sees the
 * bytes as they come and the slot when all of them are there; it changes nothing.
 */
export interface ImageInspector {
  /** The next bytes, from the first one on. Whatever comes behind a refusal is not looked at. */
  take(bytes: Uint8Array): ImageRefusal | undefined;
  /** What is missing if the image ends after that many bytes; undefined if it may end there. */
  missing(lengthBytes: number): string | undefined;
  /** The bootloader's verdict on the slot, in which the image now lies. */
  judge(): Promise<ImageRefusal | undefined>;
}
