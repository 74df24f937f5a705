import type { ChipModel } from '../chip.ts';
import { FLASH, LOADER_ENTRY, SRAM, SRAM_BYTES, SYSTEM_MEMORY } from './addresses.ts';
import { RETAINED_BYTES } from './retained.ts';
import { createChip } from './create-chip.ts';

/**
 * STM32F072xB (RM0091, DS9826): a Cortex-M0 with 128 KiB of flash and 16 KiB of RAM. A jump to its system memory is a
 * jump to whoever plays ST's loader.
 */
export const stm32f072: ChipModel = {
  name: 'STM32F072',
  flashAddress: FLASH,
  ram: { address: SRAM, sizeBytes: SRAM_BYTES },
  retainedBytes: RETAINED_BYTES,
  consoleUart: 0,
  exits: [SYSTEM_MEMORY, LOADER_ENTRY],
  make: createChip,
};
