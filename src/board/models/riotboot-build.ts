import type { FlashRange } from '../../flash/index.ts';

/** RIOT's two bootloaders with slots. */
export type RiotbootName = 'riotboot_dfu' | 'riotboot';

/** What riotboot is built with for a board, by RIOT's make variables. */
export interface RiotbootBuild {
  /** `RIOTBOOT_HDR_LEN` of its core: what stands between a slot's start and the vector table. */
  readonly headerBytes: number;
  /** `RIOTBOOT_LEN`; default: up to the first of `slots`, else 0x4000 with USB DFU and 0x2000 without. */
  readonly bootloaderBytes?: number | undefined;
  /** `SLOT0_OFFSET` and `SLOT0_LEN`, and those of slot 1; default: what is left of the flash, shared out. */
  readonly slots?: readonly FlashRange[] | undefined;
}
