import { bootloadersOf } from '../../board/index.ts';
import type { BoardModel } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { FlashLayout } from '../../lab/index.ts';
import { bootloaderNamed } from '../shared/board-named.ts';
import type { LayoutOptions } from './options.ts';

/** The first layout of a board that the laboratory replays; undefined if it has none. */
export function replayedOf(model: BoardModel): FlashLayout | undefined {
  for (const { replay } of bootloadersOf(model)) if (replay !== undefined) return replay(model);
  return undefined;
}

/**
 * The layout that a board's bootloader is replayed with. Throws `INVALID_ARGUMENT` for one that only reads its
 * dumps, with one of the board's that does better.
 */
export function replayLayout(
  model: BoardModel,
  { bootloader, algorithm }: Pick<LayoutOptions, 'bootloader' | 'algorithm'>,
): FlashLayout {
  const { record, mode } = bootloaderNamed(model, bootloader);
  const { name, modes, replay } = record;
  if (replay !== undefined) {
    const revert = algorithm?.revert === true ? '-with-revert' : '';
    const wanted = `${algorithm?.algorithm ?? ''}${revert}`;
    return replay(model, mode ?? modes.find((each) => each === wanted));
  }
  const better = bootloadersOf(model).find((each) => each.replay !== undefined);
  const expected =
    better === undefined ? 'expected another board' : `expected --bootloader ${better.name}`;
  const words = `${expected}: ${name} has no trailers, only inspect and why know it`;
  throw new DfuError('INVALID_ARGUMENT', `board ${model.name}: ${words}`);
}
