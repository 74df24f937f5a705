import type { FlashArea } from '../../../lab/index.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { McubootMode } from '../../models/mcuboot-build.ts';
import { settingsArea } from '../areas.ts';
import { mcubootLayout } from './layout.ts';

/** The partitions of a board with MCUboot that are no slots. Throws as `mcubootLayout`. */
export function besideSlots(model: BoardModel, mode?: McubootMode): FlashArea[] {
  const { areas, flashBase } = mcubootLayout(model, mode);
  return areas.flatMap(({ name, address, sizeBytes }): FlashArea[] => {
    const range = { offsetBytes: address - flashBase, sizeBytes };
    if (name === 'storage') return [settingsArea(range)];
    if (name !== 'mcuboot') return [];
    const words = ['MCUboot itself: it starts first, and no update of an image touches it'];
    const filled = { kind: 'bootloader', title: 'MCUboot', words } as const;
    return [{ ...range, name, filled }];
  });
}
