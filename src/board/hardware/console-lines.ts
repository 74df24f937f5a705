/** Longest line that is kept together, in characters. */
const MOST_LINE = 4096;

/** Puts the text of a UART together into lines. */
export class ConsoleLines {
  readonly #line: (text: string) => void;
  #rest = '';

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  write(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (this.#rest.length >= MOST_LINE) {
      this.#line(this.#rest.slice(0, MOST_LINE));
      this.#rest = this.#rest.slice(MOST_LINE);
    }
  }

  /** The line that has no end yet, if there is one: the writer is gone. */
  flush(): void {
    const rest = this.#rest;
    this.#rest = '';
    if (rest !== '') this.#line(rest);
  }
}
