/** What a range of flash is. */
export type RangeKind =
  | 'bootloader'
  | 'header'
  | 'image'
  | 'tlvs'
  | 'trailer'
  | 'scratch'
  | 'settings'
  /** Bytes of which nobody knows what they are. */
  | 'data'
  | 'erased';

/** A range of flash, and what it means: no two overlap, and together they are all of it. */
export interface ExplainedRange {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly kind: RangeKind;
  /** The area or slot that it is in, as the bootloader's world calls it: `slot 0`, `image-1`; undefined outside of all. */
  readonly area: string | undefined;
  /** A few words: `MCUboot image 1.0.0, header`. */
  readonly title: string;
  /** Sentences, as `dfukit flash inspect` says them. */
  readonly words: readonly string[];
}

/** A flash explained. */
export interface Explanation {
  readonly ranges: readonly ExplainedRange[];
  /** What the next boot will do, in sentences. */
  readonly nextBoot: readonly string[];
}
