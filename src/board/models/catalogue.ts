import { STM32F072 } from '../../boot/stm32/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { FlashGeometry } from '../../flash/index.ts';
import type { BoardModel, SensorModel, ZephyrBoard } from './board-model.ts';

/** nRF52840 Product Specification v1.7: NVMC page erase 85 ms, word write 41 µs. */
const nrf52840Flash: FlashGeometry = {
  sectors: [{ count: 256, sizeBytes: 4096 }],
  writeUnitBytes: 4,
  erasedValue: 0xff,
  timing: { eraseSectorMs: 85, programUnitUs: 41 },
};

/** The partitions that Zephyr's nRF52840 boards have in common. */
const nrf52840Partitions: Omit<ZephyrBoard, 'target'> = {
  romStartOffset: 0x200,
  boot: { offsetBytes: 0, sizeBytes: 0xc000 },
  slots: [
    { offsetBytes: 0xc000, sizeBytes: 0x76000 },
    { offsetBytes: 0x82000, sizeBytes: 0x76000 },
  ],
  storage: { offsetBytes: 0xf8000, sizeBytes: 0x8000 },
};

/**
 * The Xenon of Particle's mesh boards, nRF52840. One button to ground on P0.11, an RGB lamp on P0.13 to P0.15.
 */
const particleXenon: BoardModel = {
  name: 'particle-xenon',
  chip: 'nRF52840',
  flash: nrf52840Flash,
  flashBaseAddress: 0,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x40000 },
  riotbootHeaderBytes: 0x400,
  zephyr: { target: 'particle_xenon/nrf52840', ...nrf52840Partitions },
  bootloaders: ['riotboot_dfu', 'riotboot', 'mcuboot'],
  buttons: [{ name: 'BTN0', pin: 'P0.11', closesTo: 'ground', mode: 'GPIO_IN_PU' }],
  sensors: [
    lamp('Led Red'),
    lamp('Led Green'),
    lamp('Led Blue'),
    {
      name: 'MODE Button',
      class: 'SENSE_BTN',
      scale: 0,
      unit: '',
      initial: 0,
      button: 'BTN0',
    },
    { name: 'NRF_TEMP', class: 'SENSE_TEMP', scale: -2, unit: '°C', initial: 2325 },
  ],
};

/** A lamp in its own words; off after power-on. */
function lamp(name: string): SensorModel {
  return { name, class: 'ACT_SWITCH', scale: 0, unit: '', initial: 0 };
}

/** PHYTEC's reel board, nRF52840: a button to ground on P0.07, an RGB lamp. */
const reelBoard: BoardModel = {
  name: 'reel_board',
  chip: 'nRF52840',
  flash: nrf52840Flash,
  flashBaseAddress: 0,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x40000 },
  riotbootHeaderBytes: 0x400,
  zephyr: { target: 'reel_board@1/nrf52840', ...nrf52840Partitions },
  bootloaders: ['mcuboot', 'none'],
  buttons: [{ name: 'sw0', pin: 'P0.07', closesTo: 'ground', mode: 'GPIO_IN_PU' }],
  sensors: [
    lamp('User D3 red'),
    lamp('User D3 green'),
    lamp('User D3 blue'),
    {
      name: 'User Button',
      class: 'SENSE_BTN',
      scale: 0,
      unit: '',
      initial: 0,
      button: 'sw0',
    },
    { name: 'NRF_TEMP', class: 'SENSE_TEMP', scale: -2, unit: '°C', initial: 2325 },
  ],
};

/**
 * ST's Nucleo-144 with the STM32U575ZI (datasheet DS13737, flash memory characteristics: page erase
 * 1.5 ms, quad-word write 118 µs). A button to the supply on PC13, three lamps.
 */
const nucleoU575ziQ: BoardModel = {
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
  riotbootHeaderBytes: 0x400,
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

/**
 * ST's discovery board with the STM32F072RB (datasheet DS9826: page erase up to 40 ms, half-word write up
 * to 60 µs). BOOT0 is a pin to be held to the supply; the user button is on PA0; four lamps.
 */
const stm32f072bDisco: BoardModel = {
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
  riotbootHeaderBytes: 0x100,
  systemMemory: STM32F072,
  bootloaders: ['stm32-rom'],
  buttons: [
    { name: 'BOOT0', pin: 'BOOT0', closesTo: 'supply', externalPull: 'down', mode: 'GPIO_IN_PD' },
    { name: 'BTN0', pin: 'PA0', closesTo: 'supply', externalPull: 'down', mode: 'GPIO_IN' },
  ],
  sensors: [
    lamp('LD3 red'),
    lamp('LD4 orange'),
    lamp('LD5 green'),
    lamp('LD6 blue'),
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

/** Every board that can be had, by name. */
export const boardModels: readonly BoardModel[] = [
  particleXenon,
  reelBoard,
  nucleoU575ziQ,
  stm32f072bDisco,
];

/** The board of that name. Throws `NOT_FOUND` with the names that there are. */
export function boardModel(name: string): BoardModel {
  const model = boardModels.find((each) => each.name === name);
  if (model !== undefined) return model;
  const names = boardModels.map((each) => each.name).join(', ');
  throw new DfuError('NOT_FOUND', `no board "${name}"; there is: ${names}`);
}
