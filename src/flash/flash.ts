import type { FlashGeometry, SectorMap } from './geometry.ts';

/**
 * NOR flash, wherever its bytes are kept. Offsets are bytes from its start. Every rule of real NOR
 * flash is kept: `FLASH_RULE` if programming is not aligned to the write unit, would turn a bit that
 * is programmed back to erased, or if erasing is not sector by sector; `OUT_OF_RANGE` beyond the end.
 */
export interface Flash {
  readonly geometry: FlashGeometry;
  /** The geometry's sectors, to look up. */
  readonly sectors: SectorMap;
  readonly sizeBytes: number;
  /**
   * How long erasing and programming have kept it busy since it was made, in µs, by the datasheet
   * times of its geometry; 0 where they are not given. The difference over a call is that call's time.
   */
  readonly busyUs: number;
  /** A copy of these bytes. */
  read(offsetBytes: number, lengthBytes: number): Uint8Array<ArrayBuffer>;
  /** These bytes into `target`, without allocating. */
  readInto(offsetBytes: number, target: Uint8Array): void;
  /** Programs whole write units. */
  program(offsetBytes: number, bytes: Uint8Array): void;
  /** Erases whole sectors: the range must begin and end at a sector's edge. */
  erase(offsetBytes: number, lengthBytes: number): void;
}
