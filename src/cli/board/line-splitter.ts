/** Longest command, in characters. */
const MOST_LINE = 0x10000;

/** Cuts a stream of text into lines, none of them longer than is sensible. */
export class LineSplitter {
  readonly #line: (line: string) => void;
  readonly #tooLong: () => void;
  #rest = '';
  #skipping = false;

  constructor(line: (line: string) => void, tooLong: () => void) {
    this.#line = line;
    this.#tooLong = tooLong;
  }

  push(chunk: string): void {
    const pieces = (this.#rest + chunk).split('\n');
    this.#rest = pieces.pop() ?? '';
    for (const piece of pieces) {
      if (this.#skipping) this.#skipping = false;
      else if (piece.length > MOST_LINE) this.#tooLong();
      else if (piece.trim() !== '') this.#line(piece);
    }
    if (this.#rest.length <= MOST_LINE) return;
    this.#rest = '';
    if (!this.#skipping) this.#tooLong();
    this.#skipping = true;
  }
}
