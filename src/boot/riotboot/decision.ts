import { RIOTBOOT_MAGIC } from '../../image/index.ts';
import type { SlotChoice } from './selection.ts';

/** In the word at `riotbootMagicAddress` at start-up: stay in DFU mode. The bytes "RIOT". */
export const RIOTBOOT_MAGIC_NUMBER: number = RIOTBOOT_MAGIC;

/**
 * Absolute address of the word that survives a reset and asks for DFU mode: the last one of RAM
 * (sys/include/riotboot/magic.h).
 */
export function riotbootMagicAddress(ramBase: number, ramBytes: number): number {
  return ramBase + ramBytes - 4;
}

/** What riotboot looks at when it starts. */
export interface RiotbootInputs {
  /** USB DFU is compiled in: riotboot_dfu, not plain riotboot. */
  readonly dfu: boolean;
  /** The word at `riotbootMagicAddress`. */
  readonly magicWord: number;
  readonly buttonPressed: boolean;
  readonly choice: SlotChoice | undefined;
}

/** What riotboot does then. */
export type RiotbootDecision =
  | { readonly do: 'jump'; readonly choice: SlotChoice }
  /** DFU mode; after `magic` the word has been cleared, so that the next start is an ordinary one. */
  | { readonly do: 'dfu'; readonly why: 'magic' | 'button' | 'no-slot' }
  /** Plain riotboot with nothing to boot: it spins for ever. */
  | { readonly do: 'halt' };

/** One start of the bootloader (bootloaders/riotboot_dfu/main.c, bootloaders/riotboot/main.c). */
export function decideBoot({
  dfu,
  magicWord,
  buttonPressed,
  choice,
}: RiotbootInputs): RiotbootDecision {
  if (!dfu) {
    return choice === undefined ? { do: 'halt' } : { do: 'jump', choice };
  }
  if (magicWord >>> 0 === RIOTBOOT_MAGIC_NUMBER) return { do: 'dfu', why: 'magic' };
  if (choice === undefined) return { do: 'dfu', why: 'no-slot' };
  return buttonPressed ? { do: 'dfu', why: 'button' } : { do: 'jump', choice };
}
