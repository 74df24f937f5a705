/**
 * Many devices at once: a file for each of them, values that are its own put in, a journal of who got what, and a line
 * on which whatever is plugged in is flashed.
 *
 * ```ts
 * const { results } = await flashAll(bus, file, { clock, which: [parseDeviceIds('1209:7d02')] });
 * ```
 *
 * @module
 */
export { flashAll, sendToAll } from './flash-all.ts';
export type { GangOptions, SendToAllOptions } from './flash-all.ts';
export type { UnitTerms } from './run-unit.ts';
export type { GangEvent, GangReport, GangUnit, UnitResult } from './unit.ts';
export { readJournal } from './journal.ts';
export type {
  DoneUnit,
  GangJournal,
  JournalEntry,
  JournalState,
  JournalUnit,
  ReadJournal,
} from './journal.ts';
export { readCsv } from './inject/csv.ts';
export type { CsvRow, CsvTable } from './inject/csv.ts';
export { encodeValue, parseInjectFormat } from './inject/format.ts';
export type { InjectFormat } from './inject/format.ts';
export { injected } from './inject/injected.ts';
export type { InjectedOptions, Injection } from './inject/injected.ts';
export { Supply } from './inject/supply.ts';
export type {
  GivenValues,
  InjectField,
  InjectSource,
  InjectTable,
  InjectedValue,
  SupplyOptions,
  ValueTaker,
} from './inject/supply.ts';
