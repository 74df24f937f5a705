import { choiceField, numberField, textField } from '../../site/url-state.ts';
import type { ValuesOf } from '../../site/url-state.ts';
import { MODES, REQUESTS, SECTOR_SIZES, WRITE_UNITS } from './scenario-choices.ts';
import type { Scenario } from './scenario-choices.ts';

const nearest = (sizes: readonly number[], initial: number) => {
  const field = numberField(initial, sizes[0], sizes.at(-1));
  const read = (text: string): number | undefined => {
    const value = field.read(text);
    return value !== undefined && sizes.includes(value) ? value : undefined;
  };
  return { ...field, read };
};

/** What of the page stands in its address. */
export const fields = {
  /** Of the dump that is watched, which this browser keeps. */
  dump: textField('', 64),
  board: textField('', 64),
  mode: choiceField(MODES, 'swap-using-move'),
  sector: nearest(SECTOR_SIZES, 4096),
  sectors: numberField(10, 2, 256),
  scratch: numberField(2, 1, 64),
  unit: nearest(WRITE_UNITS, 4),
  old: numberField(18_000, 16, 16_777_216),
  new: numberField(22_000, 16, 16_777_216),
  request: choiceField(REQUESTS, 'test'),
  do: textField('b', 400),
  step: numberField(0, 0, 99),
  op: numberField(0, 0, 999_999),
};

type PageValues = ValuesOf<typeof fields>;

export function scenarioOf(values: PageValues): Scenario {
  const { board, mode, sector, sectors, scratch, unit, old, new: fresh, request } = values;
  return {
    board,
    mode,
    sectorBytes: sector,
    sectors,
    scratchSectors: scratch,
    writeUnit: unit,
    oldBytes: old,
    newBytes: fresh,
    request,
  };
}

export function valuesOf(scenario: Scenario): Partial<PageValues> {
  const { board, mode, sectorBytes, sectors, scratchSectors, writeUnit, oldBytes } = scenario;
  return {
    dump: scenario.dump?.id ?? '',
    board,
    mode,
    sector: sectorBytes,
    sectors,
    scratch: scratchSectors,
    unit: writeUnit,
    old: oldBytes,
    new: scenario.newBytes,
    request: scenario.request,
  };
}
