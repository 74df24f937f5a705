import type { RiotbootLayout } from '../../../boot/riotboot/index.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { RiotbootName } from '../../models/riotboot-build.ts';
import { riotbootPlaces } from '../../models/riotboot-places.ts';
import type { ProgramLayout } from '../../seams/program-layout.ts';

/** The layout that RIOT's build would make for this board and bootloader. */
export function boardLayout(
  model: BoardModel,
  bootloader: RiotbootName,
): RiotbootLayout & ProgramLayout {
  return { ...riotbootPlaces(model, bootloader), imageKind: 'riotboot' };
}
