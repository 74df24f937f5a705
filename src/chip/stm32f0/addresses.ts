/** Where things are in an STM32F072xB (RM0091 §2.2.2, DS9826 §5). */
export const FLASH = 0x08000000;
export const FLASH_BYTES = 0x20000;
/** What one erasure takes (RM0091 §3.2.1). */
export const PAGE_BYTES = 0x800;
export const SRAM = 0x20000000;
export const SRAM_BYTES = 0x4000;
/** ST's loader; its first two words are a vector table. */
export const SYSTEM_MEMORY = 0x1fffc800;
export const SYSTEM_MEMORY_BYTES = 0x3000;
/** Where the reset vector of system memory leads to here: nobody executes it, whoever plays the loader takes over. */
export const LOADER_ENTRY = 0x1fffc8c0;
export const OPTION_BYTES = 0x1ffff800;
/** Three words (RM0091 §33.1). */
export const UNIQUE_ID = 0x1ffff7ac;
/** Flash size in KiB, 16 bits (RM0091 §33.2). */
export const FLASH_SIZE = 0x1ffff7cc;
/** Packet memory of the USB peripheral. */
export const PACKET_MEMORY = 0x40006000;
export const PACKET_MEMORY_BYTES = 0x400;

/** Numbers of interrupts (RM0091 table 37). */
export const interrupts = {
  WWDG: 0,
  FLASH: 3,
  RCC_CRS: 4,
  EXTI0_1: 5,
  EXTI2_3: 6,
  EXTI4_15: 7,
  TIM1_BRK_UP: 13,
  TIM1_CC: 14,
  TIM2: 15,
  TIM3: 16,
  TIM6: 17,
  TIM7: 18,
  TIM14: 19,
  TIM15: 20,
  TIM16: 21,
  TIM17: 22,
  USART1: 27,
  USART2: 28,
  USART3_4: 29,
  USB: 31,
} as const;
