import type { FlashRange } from '../flash/index.ts';

/** A slot that the processor sees: its image has a header and, behind it, the vectors. */
export interface ImageSlot extends FlashRange {
  readonly index: number;
  /** Absolute address of its first byte. */
  readonly address: number;
  /** Absolute address where an image is put, if not at the slot's first byte. */
  readonly uploadAddress?: number | undefined;
  /** Absolute address that the vectors of its image must be linked for. */
  readonly imageAddress: number;
}
