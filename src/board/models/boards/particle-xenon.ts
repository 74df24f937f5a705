import type { BoardFile } from '../board-file.ts';
import { lamp } from './lamp.ts';
import { nrf52840Flash, nrf52840Partitions } from './nrf52840.ts';

/**
 * The Xenon of Particle's mesh boards, nRF52840. One button to ground on P0.11, an RGB lamp on P0.13 to P0.15.
 */
export const particleXenon: BoardFile = {
  name: 'particle-xenon',
  chip: 'nRF52840',
  flash: nrf52840Flash,
  flashBaseAddress: 0,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x40000 },
  riotboot: { headerBytes: 0x400 },
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
