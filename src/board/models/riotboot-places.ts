import { riotbootLayout } from '../../boot/riotboot/index.ts';
import type { RiotbootLayout } from '../../boot/riotboot/index.ts';
import type { BoardModel } from './board-model.ts';
import { flashSizeBytes } from './board-model.ts';
import type { RiotbootName } from './riotboot-build.ts';

/** RIOTBOOT_LEN of Cortex-M boards: with USB DFU in the bootloader, and without. */
const BOOTLOADER_BYTES: Readonly<Record<RiotbootName, number>> = {
  riotboot_dfu: 0x4000,
  riotboot: 0x2000,
};

/** `RIOTBOOT_HDR_LEN` of Cortex-M3 and larger cores. */
const USUAL_HEADER_BYTES = 0x400;

/** Where riotboot and its slots lie on a board. Throws `INVALID_ARGUMENT` for slots that cannot be. */
export function riotbootPlaces(model: BoardModel, bootloader: RiotbootName): RiotbootLayout {
  const { headerBytes = USUAL_HEADER_BYTES, bootloaderBytes, slots } = model.riotboot ?? {};
  const flashBase = model.flashBaseAddress;
  if (slots === undefined) {
    return riotbootLayout({
      romBytes: flashSizeBytes(model.flash),
      bootloaderBytes: bootloaderBytes ?? BOOTLOADER_BYTES[bootloader],
      headerBytes,
      flashBase,
    });
  }
  return {
    flashBase,
    bootloaderBytes: bootloaderBytes ?? slots[0]?.offsetBytes ?? 0,
    headerBytes,
    slots: slots.map(({ offsetBytes, sizeBytes }, index) => {
      const address = flashBase + offsetBytes;
      return { index, offsetBytes, sizeBytes, address, imageAddress: address + headerBytes };
    }),
  };
}
