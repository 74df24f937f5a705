import { move } from './move.ts';
import { offset } from './offset.ts';
import { scratch } from './scratch.ts';
import { slotOf } from './session.ts';
import type { SwapMethod } from './swap-common.ts';
import { readHeaderAt } from './swap-common.ts';
import { tilesMatch } from './tiles.ts';
import type { Algorithm } from './trailer-layout.ts';

/** Builds that do not swap: headers are where they belong, nothing can be half done. */
const plainMethod: SwapMethod = {
  statusSource: () => 'none',
  position: () => undefined,
  entry: () => 0,
  readHeader(_session, pair, slot) {
    slotOf(pair, slot).header = readHeaderAt(slotOf(pair, slot).area, 0);
    return true;
  },
  slotsCompatible: (session, pair) => tilesMatch(session, pair, undefined),
  maxImageBytes: (_session, { primary }) => primary.area.layout.swapInfo,
  run: () => undefined,
};

/** Builds that run an image from the slot that it is in. */
export const inPlaceMethod: SwapMethod = { ...plainMethod };

const methods: Readonly<Record<Algorithm, SwapMethod>> = {
  'swap-using-move': move,
  'swap-using-offset': offset,
  'swap-using-scratch': scratch,
  'overwrite-only': plainMethod,
  'direct-xip': inPlaceMethod,
  'ram-load': inPlaceMethod,
};

/** The method of a build. */
export function methodOf(algorithm: Algorithm): SwapMethod {
  return methods[algorithm];
}
