import { DfuError } from '../../bytes/index.ts';

/** One row of a table, and where it stands. */
export interface CsvRow {
  /** Line of the file that it begins in, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A table of texts: a head with the names of the columns, and rows of as many cells. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

/** Most rows that are taken of a file. */
const MOST_ROWS = 1_000_000;

/**
 * Reads comma-separated values (RFC 4180): a head, a row a line, cells with comma, quote or line break in double
 * quotes, a quote in them twice. Strict: each row has as many cells as the head, a quote begins a cell or is in a quoted one, no
 * line is empty, no two columns have the same name. Throws `MALFORMED` with line and column of the text, `OUT_OF_RANGE`
 * beyond a million rows.
 */
export function readCsv(text: string): CsvTable {
  const reader = new CsvReader(text.startsWith('\ufeff') ? text.slice(1) : text);
  const head = reader.row();
  if (head === undefined) throw new DfuError('MALFORMED', 'line 1: expected the names of columns');
  const columns = head.cells;
  demandNames(columns);
  const rows: CsvRow[] = [];
  for (let row = reader.row(); row !== undefined; row = reader.row()) {
    if (row.cells.length !== columns.length) {
      const got =
        row.cells.length === 1 && row.cells[0] === '' ? 'an empty line' : row.cells.length;
      const message = `line ${row.line}: expected ${columns.length} cells, got ${got}`;
      throw new DfuError('MALFORMED', message);
    }
    if (rows.length === MOST_ROWS) {
      throw new DfuError('OUT_OF_RANGE', `line ${row.line}: expected at most ${MOST_ROWS} rows`);
    }
    rows.push(row);
  }
  return { columns, rows };
}

function demandNames(columns: readonly string[]): void {
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  if (twice !== undefined) throw new DfuError('MALFORMED', `line 1: two columns named "${twice}"`);
  if (!columns.includes('')) return;
  throw new DfuError('MALFORMED', `line 1: column ${columns.indexOf('') + 1} has no name`);
}

class CsvReader {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next row; undefined behind the last. */
  row(): CsvRow | undefined {
    if (this.#at >= this.#text.length) return undefined;
    const line = this.#line;
    const cells: string[] = [];
    for (;;) {
      cells.push(this.#text[this.#at] === '"' ? this.#quoted() : this.#bare());
      if (this.#text[this.#at] !== ',') break;
      this.#at += 1;
    }
    this.#endOfLine();
    return { line, cells };
  }

  #bare(): string {
    const start = this.#at;
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next === ',' || next === '\n' || next === '\r') break;
      if (next === '"') throw this.#wrong('a quote inside of a cell that does not begin with one');
      this.#at += 1;
    }
    return this.#text.slice(start, this.#at);
  }

  #quoted(): string {
    const [line, column] = [this.#line, this.#column];
    let cell = '';
    for (;;) {
      this.#at += 1;
      const next = this.#text[this.#at];
      if (next === undefined) {
        const message = `line ${line}, column ${column}: a quote that is not closed`;
        throw new DfuError('MALFORMED', message);
      }
      if (next === '\n') {
        this.#line += 1;
        this.#lineStart = this.#at + 1;
      }
      if (next === '"') {
        if (this.#text[this.#at + 1] !== '"') break;
        this.#at += 1;
      }
      cell += next;
    }
    this.#at += 1;
    return cell;
  }

  #endOfLine(): void {
    if (this.#at >= this.#text.length) return;
    if (this.#text.startsWith('\r\n', this.#at)) this.#at += 1;
    if (this.#text[this.#at] !== '\n') {
      throw this.#wrong('expected a comma or the end of the line');
    }
    this.#at += 1;
    this.#line += 1;
    this.#lineStart = this.#at;
  }

  get #column(): number {
    return this.#at - this.#lineStart + 1;
  }

  #wrong(what: string): DfuError {
    return new DfuError('MALFORMED', `line ${this.#line}, column ${this.#column}: ${what}`);
  }
}
