/** Where the loader of a chip is, and what it says of the memories that it programs. */
export interface Stm32SystemMemory {
  /** Address of the loader's vector table. */
  readonly address: number;
  /** The name of alternate setting 0: the layout of the flash. */
  readonly flashLayout: string;
  /** The name of alternate setting 1: the layout of the option bytes. */
  readonly optionLayout: string;
  /** Address of the option bytes. */
  readonly optionAddress: number;
  /** To erase the whole flash, in ms. */
  readonly massEraseMs: number;
}

/**
 * STM32F072 with 128 KiB (RM0091 table 3: system memory 0x1fffc800, option bytes 0x1ffff800, pages of
 * 2 KiB; datasheet DS9826: mass erase up to 40 ms).
 */
export const STM32F072: Stm32SystemMemory = {
  address: 0x1fffc800,
  flashLayout: '@Internal Flash  /0x08000000/064*0002Kg',
  optionLayout: '@Option Bytes  /0x1FFFF800/01*016 e',
  optionAddress: 0x1ffff800,
  massEraseMs: 40,
};
