import { SectorMap } from 'dfukit/flash';
import type { FlashGeometry } from 'dfukit/flash';

/** A flash: where the processor sees it, and its sectors from its beginning to its end. */
export interface FlashOutline {
  readonly baseAddress: number;
  readonly sizeBytes: number;
  readonly sectors: readonly { readonly offsetBytes: number; readonly sizeBytes: number }[];
}

/** Every sector of a flash, as plain values that a message takes. */
export function outlineOf(geometry: FlashGeometry, baseAddress: number): FlashOutline {
  const map = new SectorMap(geometry);
  const sectors = [...map.in(0, map.sizeBytes)].map(({ offsetBytes, sizeBytes }) => ({
    offsetBytes,
    sizeBytes,
  }));
  return { baseAddress, sizeBytes: map.sizeBytes, sectors };
}
