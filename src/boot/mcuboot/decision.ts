import type { FlagState } from '../../image/index.ts';
import type { Algorithm } from './trailer-layout.ts';
import type { MagicState, SwapState, SwapType } from './trailer.ts';

/** One row of the table: what a field must be; a field that is left out may be anything. */
interface Row {
  readonly primaryMagic?: MagicState | undefined;
  readonly secondaryMagic?: MagicState | undefined;
  readonly primaryImageOk?: FlagState | undefined;
  readonly secondaryImageOk?: FlagState | undefined;
  readonly primaryCopyDone?: FlagState | undefined;
  readonly secondaryCopyDone?: FlagState | undefined;
  readonly swapType: SwapType;
}

/** boot_swap_tables: the first row that matches decides; a request in the secondary slot wins. */
const rows: readonly Row[] = [
  { secondaryMagic: 'good', secondaryImageOk: 'unset', swapType: 'test' },
  { secondaryMagic: 'good', secondaryImageOk: 'set', swapType: 'perm' },
  { primaryMagic: 'good', primaryImageOk: 'unset', primaryCopyDone: 'set', swapType: 'revert' },
];

/** Swap using offset marks a revert in the secondary slot before it starts; this row is first there. */
const offsetRevert: Row = {
  secondaryMagic: 'good',
  secondaryImageOk: 'unset',
  secondaryCopyDone: 'set',
  swapType: 'revert',
};
const offsetRows: readonly Row[] = [offsetRevert, ...rows];

const fits = <T>(wanted: T | undefined, found: T): boolean =>
  wanted === undefined || wanted === found;

/** What the trailers of a pair ask for (boot_swap_type_multi), before any image is looked at. */
export function decideSwap(
  primary: SwapState,
  secondary: SwapState,
  algorithm: Algorithm,
): SwapType {
  const table = algorithm === 'swap-using-offset' ? offsetRows : rows;
  const row = table.find(
    (each) =>
      fits(each.primaryMagic, primary.magic) &&
      fits(each.secondaryMagic, secondary.magic) &&
      fits(each.primaryImageOk, primary.imageOk) &&
      fits(each.secondaryImageOk, secondary.imageOk) &&
      fits(each.primaryCopyDone, primary.copyDone) &&
      fits(each.secondaryCopyDone, secondary.copyDone),
  );
  return row?.swapType ?? 'none';
}
