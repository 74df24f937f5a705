import type { SeenTransfer } from '../../boards/board-client.ts';
import { SeenRow, isShown } from './seen-row.ts';
import type { TransferFilter } from './seen-row.ts';

/** Older ones are let go. */
export const MOST_ROWS = 4000;

/** What is cut off at once, so that it is not done for each that comes. */
const SLACK = 500;

/** The last transfers, and which of them are shown. */
export class TransferLog {
  #rows: SeenRow[] = [];
  #shown: SeenRow[] = [];
  #waiting: SeenTransfer[] = [];
  #count = 0;
  #filter: TransferFilter = 'all';
  #text = '';

  /** Those that are shown, oldest first. */
  get shown(): readonly SeenRow[] {
    return this.#shown;
  }

  /** All that were taken, those that were let go included. */
  get count(): number {
    return this.#count;
  }

  get kept(): number {
    return this.#rows.length;
  }

  /** Those that have passed since `take`, and are kept. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** One that has passed. It waits to be taken: for ever, where nobody looks. */
  add(seen: SeenTransfer): void {
    this.#waiting.push(seen);
    if (this.#waiting.length >= MOST_ROWS) this.#count += this.#waiting.splice(0, SLACK).length;
  }

  /** Those that wait are rows from now on. */
  take(): void {
    for (const seen of this.#waiting) this.#take(seen);
    this.#waiting = [];
  }

  #take(seen: SeenTransfer): void {
    const row = new SeenRow(seen, this.#count++);
    this.#rows.push(row);
    if (isShown(row, this.#filter, this.#text)) this.#shown.push(row);
    if (this.#rows.length <= MOST_ROWS + SLACK) return;
    this.#rows = this.#rows.slice(-MOST_ROWS);
    const oldest = this.#rows[0]?.number ?? 0;
    const from = this.#shown.findIndex(({ number }) => number >= oldest);
    this.#shown = from === -1 ? [] : this.#shown.slice(from);
  }

  show(filter: TransferFilter, text: string): void {
    this.#filter = filter;
    this.#text = text;
    this.#shown = this.#rows.filter((row) => isShown(row, filter, text));
  }

  clear(): void {
    this.#rows = [];
    this.#shown = [];
    this.#waiting = [];
    this.#count = 0;
  }
}
