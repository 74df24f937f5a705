import { riotbootLayout } from '../../../boot/riotboot/index.ts';
import type { RiotbootLayout } from '../../../boot/riotboot/index.ts';
import { flashSizeBytes } from '../../models/board-model.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { ProgramLayout } from '../../seams/program-layout.ts';

/** RIOT's two bootloaders with slots. */
export type RiotbootName = 'riotboot_dfu' | 'riotboot';

/** RIOTBOOT_LEN of Cortex-M boards: with USB DFU in the bootloader, and without. */
const BOOTLOADER_BYTES: Readonly<Record<RiotbootName, number>> = {
  riotboot_dfu: 0x4000,
  riotboot: 0x2000,
};

/** The layout that RIOT's build would make for this board and bootloader. */
export function boardLayout(
  model: BoardModel,
  bootloader: RiotbootName,
): RiotbootLayout & ProgramLayout {
  const layout = riotbootLayout({
    romBytes: flashSizeBytes(model.flash),
    bootloaderBytes: BOOTLOADER_BYTES[bootloader],
    headerBytes: model.riotbootHeaderBytes,
    flashBase: model.flashBaseAddress,
  });
  return { ...layout, imageKind: 'riotboot' };
}
