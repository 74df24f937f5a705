import type { BoardFile } from '../board-file.ts';
import { lamp } from './lamp.ts';
import { nrf52840Flash, nrf52840Partitions } from './nrf52840.ts';

/** PHYTEC's reel board, nRF52840: a button to ground on P0.07, an RGB lamp. */
export const reelBoard: BoardFile = {
  name: 'reel_board',
  chip: 'nRF52840',
  flash: nrf52840Flash,
  flashBaseAddress: 0,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x40000 },
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
