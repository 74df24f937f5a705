/**
 * STM32 chips whose loader lies in system memory: how start-up code finds its way into it and back
 * into the application, and the option bytes that decide what may be read.
 *
 * @module
 */
export { decideStm32Start, STM32_MAGIC_NUMBER, stm32MagicAddress } from './start.ts';
export type { Stm32Decision, Stm32Memories, Stm32Start } from './start.ts';
export { STM32F072 } from './system-memory.ts';
export type { Stm32SystemMemory } from './system-memory.ts';
