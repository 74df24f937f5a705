import { barLine } from '../host/progress.ts';
import type { Output } from '../shared/terminal.ts';

const LABELS = { erase: 'Erase   ', download: 'Download', upload: 'Upload' } as const;

/** What is on its way. */
type Operation = keyof typeof LABELS;

/** Cells of the bar, and the time after which it is drawn again all the same, in ms. */
const CELLS = 25;
const AGAIN_MS = 1000;

/**
 * dfu-util's bar: drawn over itself in a terminal and in a pipe alike, where a cell more is full or a second has
 * gone by; then `Download done.`
 */
export class ProgressBar {
  readonly #out: Output;
  readonly #now: () => number;
  #running: Operation | undefined;
  #cells = 0;
  #drawnMs = 0;
  #doneBytes = 0;

  constructor(out: Output, now: () => number) {
    this.#out = out;
    this.#now = now;
  }

  /** So far; a total of 0 is not known. */
  draw(operation: Operation, doneBytes: number, totalBytes: number): void {
    if (this.#running !== undefined && this.#running !== operation) this.finish();
    const part = totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes);
    const cells = Math.floor(part * CELLS);
    const now = this.#now();
    this.#doneBytes = doneBytes;
    const isNew = this.#running === undefined;
    // Full is what is over, and that is for `finish` to say.
    if (!isNew && (cells === CELLS || cells === this.#cells) && now - this.#drawnMs < AGAIN_MS)
      return;
    this.#running = operation;
    this.#cells = cells;
    this.#drawnMs = now;
    this.#write(operation, doneBytes, totalBytes === 0 ? Infinity : totalBytes);
  }

  /** All of it; nothing if no bar is there. */
  finish(): void {
    const operation = this.#running;
    if (operation === undefined) return;
    this.#running = undefined;
    this.#write(operation, this.#doneBytes, this.#doneBytes);
    this.#out.write(`\n${LABELS[operation]} done.\n`);
  }

  /** It is over before its end: the line ends where it stands, with these words. */
  abandon(words = ''): void {
    if (this.#running !== undefined) this.#out.write(`${words}\n`);
    this.#running = undefined;
  }

  #write(operation: Operation, doneBytes: number, totalBytes: number): void {
    const label = LABELS[operation];
    this.#out.write(`\r${barLine({ label, known: true }, doneBytes, totalBytes)}`);
  }
}
