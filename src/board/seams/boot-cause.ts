import type { ChipCause } from '../../chip/index.ts';

/** What started the board anew: what starts its chip. */
export type BootCause = ChipCause;
