import { DfuError, didYouMean, hexNumber, toHex } from '../../bytes/index.ts';
import { Counter } from './counter.ts';
import type { CsvRow, CsvTable } from './csv.ts';
import { encodeValue } from './format.ts';
import type { InjectFormat } from './format.ts';

/** Where the value of a unit comes from. */
export type InjectSource =
  /** A number that is one more for each unit: `1000`, `0001` (four digits), `SN-0001`. */
  | { readonly from: 'counter'; readonly start: string }
  /** A cell of the unit's row. No two units get the same one, unless it is `shared`. */
  | { readonly from: 'csv'; readonly column: string; readonly shared?: boolean | undefined }
  /** The serial number that the device has at USB. */
  | { readonly from: 'serial' };

/** What is put where, for each unit another one. */
export interface InjectField {
  /** As in `Injection`. */
  readonly at: number;
  readonly format: InjectFormat;
  readonly source: InjectSource;
}

/** A table with values for units. */
export interface InjectTable {
  readonly table: CsvTable;
  /** The column that names the unit by serial number or path; without it, each takes the next row that is free. */
  readonly match?: { readonly by: 'serial' | 'path'; readonly column: string } | undefined;
}

/** A value that a unit has been given: plain data, as it stands in the journal. */
export interface InjectedValue {
  readonly at: number;
  readonly from: 'counter' | 'csv' | 'serial';
  /** Of `csv`. */
  readonly column?: string | undefined;
  readonly shared?: true | undefined;
  /** As it was written down. */
  readonly text: string;
  /** Its bytes. */
  readonly hex: string;
}

/** Values that somebody has. */
export interface GivenValues {
  /** The serial number of the unit, if it has one that is known. */
  readonly serial: string | undefined;
  readonly values: readonly InjectedValue[];
}

/** Who asks for values. */
export interface ValueTaker {
  readonly serial: string | undefined;
  readonly path: string;
  /** Its path without the station in front, where there is one. */
  readonly port?: string | undefined;
}

/** What a supply is made of. */
export interface SupplyOptions {
  readonly fields: readonly InjectField[];
  readonly table?: InjectTable | undefined;
  /** What was given before, out of a journal. */
  readonly given?: readonly GivenValues[] | undefined;
}

/**
 * Gives values to units, none of them twice. Throws at once what is wrong with any row: `INVALID_ARGUMENT` for a column
 * that is not there, `MALFORMED` and `OUT_OF_RANGE` for a cell that its format cannot take, `AMBIGUOUS` for the same value
 * in two rows.
 */
export class Supply {
  readonly #fields: readonly InjectField[];
  readonly #table: InjectTable | undefined;
  readonly #counters = new Map<InjectField, Counter>();
  /** Who has what of the table: column and text or bytes, and the serial number of the one who has it. */
  readonly #taken = new Map<string, string | undefined>();
  #nextRow = 0;

  constructor({ fields, table, given = [] }: SupplyOptions) {
    this.#fields = fields;
    this.#table = table;
    for (const field of fields) this.#prepare(field);
    for (const { serial, values } of given) this.#note(serial, values);
    if (table !== undefined) this.#checkTable(table);
  }

  /** All bytes that could be given at these places: one row each, and the first of each counter. */
  *samples(): Generator<readonly InjectedValue[]> {
    const rows = this.#table?.table.rows ?? [undefined];
    for (const row of rows) {
      yield this.#fields.flatMap((field) =>
        field.source.from === 'serial' ? [] : [this.#value(field, row, undefined)],
      );
    }
  }

  /**
   * The values of a unit, which are its own from now on. Throws `NOT_FOUND` if there is no row for it, `REFUSED` if
   * another unit has its row, `OUT_OF_RANGE` where a counter is used up.
   */
  take(unit: ValueTaker): readonly InjectedValue[] {
    if (this.#fields.length === 0) return [];
    const row = this.#usesRows ? this.#rowFor(unit) : undefined;
    const values = this.#fields.map((field) => this.#value(field, row, unit));
    for (const counter of this.#counters.values()) counter.next();
    this.#note(unit.serial, values);
    return values;
  }

  get #usesRows(): boolean {
    return this.#fields.some(({ source }) => source.from === 'csv');
  }

  #prepare(field: InjectField): void {
    const { source } = field;
    if (source.from === 'counter') this.#counters.set(field, new Counter(source.start));
    if (source.from !== 'csv') return;
    if (this.#table === undefined) {
      const message = `column "${source.column}": expected a table that it is of, got none`;
      throw new DfuError('INVALID_ARGUMENT', message);
    }
    demandColumn(this.#table.table, source.column);
  }

  #checkTable({ table, match }: InjectTable): void {
    const seen = new Map<string, number>();
    const once = (column: string, row: CsvRow, keys: readonly string[]): void => {
      for (const key of keys) {
        const before = seen.get(key);
        if (before !== undefined && before !== row.line) {
          const message = `line ${row.line}: column "${column}" has "${cellOf(table, row, column)}", as line ${before} has; each is given to one unit`;
          throw new DfuError('AMBIGUOUS', message);
        }
        seen.set(key, row.line);
      }
    };
    if (match !== undefined) demandColumn(table, match.column);
    for (const row of table.rows) {
      if (match !== undefined) {
        once(match.column, row, [keyOf(match.column, cellOf(table, row, match.column))]);
      }
      for (const field of this.#fields) {
        const { source } = field;
        if (source.from !== 'csv') continue;
        const keys = keysOf(this.#value(field, row, undefined));
        if (source.shared !== true) once(source.column, row, keys);
      }
    }
  }

  #rowFor(unit: ValueTaker): CsvRow {
    const { table, match } = this.#table ?? {};
    if (table === undefined) throw new DfuError('NOT_FOUND', 'there is no table of values');
    return match === undefined ? this.#freeRow(table) : this.#ownRow(table, match, unit);
  }

  #freeRow(table: CsvTable): CsvRow {
    for (; this.#nextRow < table.rows.length; this.#nextRow += 1) {
      const row = table.rows[this.#nextRow];
      if (row !== undefined && !this.#onceOf(row).some((key) => this.#taken.has(key))) return row;
    }
    const message = `all ${table.rows.length} rows of the table have been given to units`;
    throw new DfuError('NOT_FOUND', message);
  }

  #ownRow(
    table: CsvTable,
    { by, column }: NonNullable<InjectTable['match']>,
    unit: ValueTaker,
  ): CsvRow {
    const names = by === 'serial' ? [unit.serial] : [unit.path, unit.port];
    const row = table.rows.find((each) => names.includes(cellOf(table, each, column)));
    if (row === undefined) {
      const name = names[0];
      const what = name === undefined ? 'the unit has no serial number' : `no row for "${name}"`;
      throw new DfuError('NOT_FOUND', `${what} in column "${column}" of the table`);
    }
    for (const value of this.#givenOnce(row)) {
      for (const key of keysOf(value)) {
        if (!this.#taken.has(key)) continue;
        const owner = this.#taken.get(key);
        if (owner !== undefined && owner === unit.serial) continue;
        const message = `line ${row.line}: "${value.text}" has been given to another unit already`;
        throw new DfuError('REFUSED', message);
      }
    }
    return row;
  }

  /** What is given once, of a row. */
  #givenOnce(row: CsvRow): readonly InjectedValue[] {
    return this.#fields.flatMap((field) => {
      const { source } = field;
      const isOnce = source.from === 'csv' && source.shared !== true;
      return isOnce ? [this.#value(field, row, undefined)] : [];
    });
  }

  #onceOf(row: CsvRow): readonly string[] {
    return this.#givenOnce(row).flatMap(keysOf);
  }

  #value(field: InjectField, row: CsvRow | undefined, unit: ValueTaker | undefined): InjectedValue {
    const { at, source } = field;
    const text = this.#textOf(field, row, unit);
    try {
      const hex = toHex(encodeValue(text, field.format));
      if (source.from !== 'csv') return { at, from: source.from, text, hex };
      const shared = source.shared === true ? true : undefined;
      return { at, from: 'csv', column: source.column, shared, text, hex };
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      const where =
        source.from === 'csv' && row !== undefined
          ? `line ${row.line}, column "${source.column}"`
          : `${source.from} for ${hexNumber(at)}`;
      throw new DfuError(error.code, `${where}: ${error.message}`, { cause: error });
    }
  }

  #textOf(field: InjectField, row: CsvRow | undefined, unit: ValueTaker | undefined): string {
    const { source } = field;
    if (source.from === 'counter') return this.#counters.get(field)?.text ?? source.start;
    if (source.from === 'csv') {
      const { table } = this.#table ?? {};
      return table === undefined || row === undefined ? '' : cellOf(table, row, source.column);
    }
    if (unit?.serial !== undefined) return unit.serial;
    throw new DfuError('NOT_FOUND', 'the unit has no serial number to put in');
  }

  /** What is somebody's is nobody else's. */
  #note(serial: string | undefined, values: readonly InjectedValue[]): void {
    for (const value of values) {
      const { at, from, shared, text } = value;
      if (from === 'csv' && shared !== true) {
        for (const key of keysOf(value)) this.#taken.set(key, serial);
      }
      if (from === 'counter') for (const counter of this.#countersOf(at)) counter.pass(text);
    }
  }

  /** The counter for a place; where none is, the place may have moved with another file, and it is any of them. */
  #countersOf(at: number): readonly Counter[] {
    const all = [...this.#counters];
    const own = all.filter(([field]) => field.at === at);
    return (own.length > 0 ? own : all).map(([, counter]) => counter);
  }
}

function demandColumn({ columns }: CsvTable, name: string): void {
  if (columns.includes(name)) return;
  const hint = didYouMean(name, columns);
  const message = `no column "${name}" in the table, which has ${columns.join(', ')}${hint}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

function cellOf({ columns }: CsvTable, { cells }: CsvRow, column: string): string {
  return cells[columns.indexOf(column)] ?? '';
}

function keyOf(column: string, text: string): string {
  return JSON.stringify([column, text]);
}

/** By which a cell is known again: as it is written, and by its bytes. `0x10` and `16` may be the same number. */
function keysOf({ column, text, hex }: InjectedValue): readonly string[] {
  return column === undefined ? [] : [keyOf(column, text), JSON.stringify([column, 'hex', hex])];
}
