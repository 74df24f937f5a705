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

/** A flash as it was dumped, of a board with MCUboot. */
export interface WatchedDump {
  /** By which an address finds it in this browser. */
  readonly id: string;
  /** Of its file. */
  readonly name: string;
  readonly board: string;
  readonly mode: McubootMode;
  /** All of the board's flash. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Public keys that its bootloader trusts, PEM; none: signatures are not checked. */
  readonly keys: readonly string[];
  /** What it was taken for, and what is doubtful about that, in sentences. */
  readonly about: readonly string[];
}

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
  /** What is in the flash, instead of images of these sizes. */
  readonly dump?: WatchedDump | undefined;
}

export const SECTOR_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 65536, 131072] as const;
export const WRITE_UNITS = [1, 2, 4, 8, 16, 32] as const;
export const REQUESTS = ['test', 'perm', 'none'] as const;
