import type { McubootMode } from 'dfukit/board';

// What a page offers; without the boards themselves, which a worker has.

/** All ways in which MCUboot can be built here. */
export const MODES = [
  'swap-using-move',
  'swap-using-offset',
  'swap-using-scratch',
  'overwrite-only',
  'direct-xip',
  'direct-xip-with-revert',
] as const satisfies readonly McubootMode[];

/** What is to be watched. */
export interface Scenario {
  /** A board of the catalogue; empty: the sizes below. */
  readonly board: string;
  readonly mode: McubootMode;
  readonly sectorBytes: number;
  /** Of each slot. */
  readonly sectors: number;
  readonly scratchSectors: number;
  readonly writeUnit: number;
  /** Payload of the image that runs, and of the one that comes, in bytes. */
  readonly oldBytes: number;
  readonly newBytes: number;
  readonly request: 'test' | 'perm' | 'none';
}

export const SECTOR_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 65536, 131072] as const;
export const WRITE_UNITS = [1, 2, 4, 8, 16, 32] as const;
export const REQUESTS = ['test', 'perm', 'none'] as const;
