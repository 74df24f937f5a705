import type { BoardFile } from '../board-file.ts';

/** nRF52840 Product Specification v1.7: NVMC page erase 85 ms, word write 41 µs. */
export const nrf52840Flash: BoardFile['flash'] = {
  sectors: [{ count: 256, sizeBytes: 4096 }],
  writeUnitBytes: 4,
  erasedValue: 0xff,
  timing: { eraseSectorMs: 85, programUnitUs: 41 },
};

/** The partitions that Zephyr's nRF52840 boards have in common. */
export const nrf52840Partitions: NonNullable<BoardFile['zephyr']> = {
  romStartOffset: 0x200,
  boot: { offsetBytes: 0, sizeBytes: 0xc000 },
  slots: [
    { offsetBytes: 0xc000, sizeBytes: 0x76000 },
    { offsetBytes: 0x82000, sizeBytes: 0x76000 },
  ],
  storage: { offsetBytes: 0xf8000, sizeBytes: 0x8000 },
};
