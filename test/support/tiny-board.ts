import type { BoardModel } from '../../src/board/index.ts';
import { STM32F072 } from '../../src/boot/stm32/index.ts';

/** A board with 64 KiB of flash that every bootloader there is can be had with. */
export const tinyBoard: BoardModel = {
  name: 'tiny',
  chip: 'tiny chip',
  flash: {
    sectors: [{ count: 64, sizeBytes: 1024 }],
    writeUnitBytes: 4,
    erasedValue: 0xff,
    timing: { eraseSectorMs: 10, programUnitUs: 50 },
  },
  flashBaseAddress: 0x08000000,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x4000 },
  riotboot: { headerBytes: 0x100 },
  systemMemory: STM32F072,
  zephyr: {
    target: 'tiny/chip',
    romStartOffset: 0x80,
    boot: { offsetBytes: 0, sizeBytes: 0x4000 },
    slots: [
      { offsetBytes: 0x4000, sizeBytes: 0x4000 },
      { offsetBytes: 0x8000, sizeBytes: 0x4000 },
    ],
    storage: { offsetBytes: 0xc000, sizeBytes: 0x4000 },
  },
  bootloaders: ['riotboot_dfu', 'riotboot', 'mcuboot', 'none', 'stm32-rom'],
  buttons: [
    { name: 'BTN0', pin: 'P0', closesTo: 'ground', mode: 'GPIO_IN_PU' },
    { name: 'BTN1', pin: 'P1', closesTo: 'supply', externalPull: 'down', mode: 'GPIO_IN_PD' },
    { name: 'BTN2', pin: 'P2', closesTo: 'ground', externalPull: 'up', mode: 'GPIO_IN' },
  ],
  sensors: [
    { name: 'lamp', class: 'ACT_SWITCH', scale: 0, unit: '', initial: 0 },
    { name: 'button', class: 'SENSE_BTN', scale: 0, unit: '', initial: 0, button: 'BTN0' },
    { name: 'heat', class: 'SENSE_TEMP', scale: -2, unit: '°C', initial: 2000 },
  ],
};
