import { DfuError, hexNumber, viewOf } from '../../bytes/index.ts';
import type { MemoryRange } from '../../flash/index.ts';

/** What the application leaves in RAM that no start-up code initialises, to get into the loader. */
export const STM32_MAGIC_NUMBER = 0xdeadbeef;

/** Initial stack pointer and reset vector: all that a jump needs (PM0215 §2.3.4). */
export const VECTOR_BYTES = 8;

/** The chip as start-up code sees it. */
export interface Stm32Memories {
  readonly flash: MemoryRange;
  readonly ram: MemoryRange;
}

/** The last word of RAM: where the magic number is left here. No stack reaches it before it is read. */
export function stm32MagicAddress({ baseAddress, sizeBytes }: MemoryRange): number {
  return baseAddress + sizeBytes - 4;
}

/**
 * Why the first two vectors of an application cannot be right; undefined if they can: a stack pointer
 * in RAM, at a word, and a reset vector in flash with bit 0 set (Thumb is all that a Cortex-M0 knows).
 * Throws `TRUNCATED` for fewer than 8 bytes.
 */
export function vectorTableFault(
  vectors: Uint8Array,
  { flash, ram }: Stm32Memories,
): string | undefined {
  if (vectors.length < VECTOR_BYTES) {
    throw new DfuError('TRUNCATED', `vector table: ${vectors.length} bytes of ${VECTOR_BYTES}`);
  }
  const view = viewOf(vectors);
  const stackPointer = view.getUint32(0, true);
  const resetVector = view.getUint32(4, true);
  if (stackPointer === 0xffffffff && resetVector === 0xffffffff) return 'the flash is erased';
  const inRam = stackPointer > ram.baseAddress && stackPointer <= ram.baseAddress + ram.sizeBytes;
  if (!inRam || stackPointer % 4 !== 0)
    return `the stack pointer ${hexNumber(stackPointer, 8)} is not in RAM`;
  const code = resetVector - 1;
  const inFlash = code >= flash.baseAddress && code < flash.baseAddress + flash.sizeBytes;
  if (inFlash && resetVector % 2 === 1) return undefined;
  return `the reset vector ${hexNumber(resetVector, 8)} is no code in flash`;
}

/** What start-up looks at. */
export interface Stm32Start {
  /** The word at `stm32MagicAddress`. */
  readonly magicWord: number;
  /** Level of the BOOT0 pin: the processor itself starts the loader if it is high (RM0091 §2.5). */
  readonly boot0: boolean;
  /** The first bytes of flash. */
  readonly vectors: Uint8Array;
  readonly memories: Stm32Memories;
}

/** Where start-up goes. With `magic` the word has to be cleared, or there is no way back. */
export type Stm32Decision =
  | { readonly go: 'loader'; readonly why: 'boot0' | 'magic' }
  /** As chips with an empty check do; `fault` says what is wrong with the application. */
  | { readonly go: 'loader'; readonly why: 'no application'; readonly fault: string }
  | { readonly go: 'application'; readonly entryAddress: number };

/**
 * The pin first, then the magic number, then the application if it can be one. Without any, the loader:
 * an STM32F072 would lock up there, its siblings with an empty check (STM32F04x, RM0091 §2.5) do not.
 */
export function decideStm32Start(start: Stm32Start): Stm32Decision {
  const { magicWord, boot0, vectors, memories } = start;
  if (boot0) return { go: 'loader', why: 'boot0' };
  if (magicWord === STM32_MAGIC_NUMBER) return { go: 'loader', why: 'magic' };
  const fault = vectorTableFault(vectors, memories);
  if (fault !== undefined) return { go: 'loader', why: 'no application', fault };
  return { go: 'application', entryAddress: memories.flash.baseAddress };
}
