import type { BoardFile } from '../board-file.ts';
import { lamp } from './lamp.ts';

/**
 * ST's discovery board with the STM32F072RB (datasheet DS9826: page erase up to 40 ms, half-word write up
 * to 60 µs). BOOT0 is a pin to be held to the supply; the user button is on PA0; four lamps.
 */
export const stm32f072bDisco: BoardFile = {
  name: 'stm32f072b_disco',
  chip: 'STM32F072',
  flash: {
    sectors: [{ count: 64, sizeBytes: 2048 }],
    writeUnitBytes: 2,
    erasedValue: 0xff,
    timing: { eraseSectorMs: 40, programUnitUs: 60 },
  },
  flashBaseAddress: 0x08000000,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x4000 },
  systemMemory: 'STM32F072',
  bootloaders: ['stm32-rom'],
  buttons: [
    { name: 'BOOT0', pin: 'BOOT0', closesTo: 'supply', externalPull: 'down', mode: 'GPIO_IN_PD' },
    { name: 'BTN0', pin: 'PA0', closesTo: 'supply', externalPull: 'down', mode: 'GPIO_IN' },
  ],
  sensors: [
    lamp('LD3 red', 'PC6'),
    lamp('LD4 orange', 'PC8'),
    lamp('LD5 green', 'PC9'),
    lamp('LD6 blue', 'PC7'),
    {
      name: 'B1 User',
      class: 'SENSE_BTN',
      scale: 0,
      unit: '',
      initial: 0,
      button: 'BTN0',
    },
  ],
};
