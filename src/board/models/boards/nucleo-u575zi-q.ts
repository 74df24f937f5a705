import type { BoardFile } from '../board-file.ts';
import { lamp } from './lamp.ts';

/**
 * ST's Nucleo-144 with the STM32U575ZI (datasheet DS13737, flash memory characteristics: page erase
 * 1.5 ms, quad-word write 118 µs). A button to the supply on PC13, three lamps.
 */
export const nucleoU575ziQ: BoardFile = {
  name: 'nucleo_u575zi_q',
  chip: 'STM32U575',
  flash: {
    sectors: [{ count: 256, sizeBytes: 8192 }],
    writeUnitBytes: 16,
    erasedValue: 0xff,
    timing: { eraseSectorMs: 1.5, programUnitUs: 118 },
  },
  flashBaseAddress: 0x08000000,
  ram: { baseAddress: 0x20000000, sizeBytes: 0xc0000 },
  zephyr: {
    target: 'nucleo_u575zi_q/stm32u575xx',
    romStartOffset: 0x400,
    boot: { offsetBytes: 0, sizeBytes: 0x10000 },
    slots: [
      { offsetBytes: 0x10000, sizeBytes: 0xee000 },
      { offsetBytes: 0xfe000, sizeBytes: 0xee000 },
    ],
    storage: { offsetBytes: 0x1ec000, sizeBytes: 0x14000 },
  },
  bootloaders: ['mcuboot'],
  buttons: [
    {
      name: 'sw0',
      pin: 'PC13',
      closesTo: 'supply',
      externalPull: 'down',
      mode: 'GPIO_IN_PD',
    },
  ],
  sensors: [
    lamp('User LD1'),
    lamp('User LD2'),
    lamp('User LD3'),
    {
      name: 'User',
      class: 'SENSE_BTN',
      scale: 0,
      unit: '',
      initial: 0,
      button: 'sw0',
    },
    { name: 'die_temp', class: 'SENSE_TEMP', scale: -2, unit: '°C', initial: 2450 },
  ],
};
