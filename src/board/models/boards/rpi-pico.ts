import type { BoardFile } from '../board-file.ts';
import { lamp } from './lamp.ts';

/**
 * Raspberry Pi Pico: an RP2040 and a W25Q16JV (datasheet §9.6: a sector's erase 45 ms, a page's program 0.4 ms). BOOTSEL
 * holds the flash's chip select low. Partitions are Zephyr's; RIOT has no riotboot for it: its slots are what two would be
 * behind the usual 8 KiB, and the header as long as for other Cortex-M0+.
 */
export const rpiPico: BoardFile = {
  name: 'rpi_pico',
  chip: 'RP2040',
  flash: {
    sectors: [{ count: 512, sizeBytes: 4096 }],
    writeUnitBytes: 1,
    pageBytes: 256,
    erasedValue: 0xff,
    timing: { eraseSectorMs: 45, programUnitUs: 400 },
  },
  flashBaseAddress: 0x10000000,
  ram: { baseAddress: 0x20000000, sizeBytes: 0x42000 },
  riotboot: { headerBytes: 0x100 },
  zephyr: {
    target: 'rpi_pico/rp2040',
    romStartOffset: 0x200,
    boot: { offsetBytes: 0x100, sizeBytes: 0xff00 },
    slots: [
      { offsetBytes: 0x10000, sizeBytes: 0xd0000 },
      { offsetBytes: 0xe0000, sizeBytes: 0xd0000 },
    ],
    storage: { offsetBytes: 0x1b0000, sizeBytes: 0x50000 },
  },
  mcuboot: { mode: 'swap-using-offset' },
  bootloaders: ['flash', 'mcuboot', 'riotboot'],
  buttons: [{ name: 'BOOTSEL', pin: 'QSPI_SS', closesTo: 'ground', mode: 'GPIO_IN_PU' }],
  sensors: [
    lamp('LED', 'GPIO25'),
    { name: 'die_temp', class: 'SENSE_TEMP', scale: -2, unit: '°C', initial: 2450 },
  ],
};
