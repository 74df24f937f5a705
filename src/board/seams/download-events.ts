import type { DfuRefusal } from '../../device/index.ts';

/** What is heard of downloads, whether bootloader or program takes them. */
export interface DownloadEvents {
  /** A download was finished; `slot` is undefined for a medium that is no slot. */
  downloaded(slot: number | undefined, lengthBytes: number): void;
  /** The host was told that something failed. */
  refused(slot: number | undefined, refusal: DfuRefusal): void;
}
