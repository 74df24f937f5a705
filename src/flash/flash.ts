import type { SectorMap } from './geometry.ts';

/** A run of equal sectors. */
export interface SectorRun {
  readonly count: number;
  /** Smallest part that can be erased, in bytes. */
  readonly sizeBytes: number;
  /** To erase one of these, in ms, where it differs from the geometry's `timing`. */
  readonly eraseMs?: number | undefined;
}

/** What a NOR flash is like. */
export interface FlashGeometry {
  /** Sectors in order of address; they need not be of equal size. */
  readonly sectors: readonly SectorRun[];
  /** Smallest part that can be programmed, in bytes: a power of two. */
  readonly writeUnitBytes: number;
  /** What an erased byte reads as: 0xff nearly everywhere, 0x00 on some parts. */
  readonly erasedValue: 0xff | 0x00;
  /** Times from the datasheet, for honest poll times. */
  readonly timing?: FlashTiming | undefined;
}

/** Datasheet times. */
export interface FlashTiming {
  /** To erase one sector, in ms. */
  readonly eraseSectorMs: number;
  /** To program one write unit, in µs. */
  readonly programUnitUs: number;
}

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
