import type { Output } from '../shared/terminal.ts';

/** What may wait for a reader who does not read, in bytes. */
const MOST_WAITING = 4 << 20;

/**
 * Lines for whoever reads standard output. A board does not wait for its reader, as a serial line does not: what nobody
 * reads for so long is dropped, and how much is said as soon as there is room.
 */
export class BoundedOutput {
  readonly #out: Output;
  readonly #inWords: (lost: number) => string;
  #lost = 0;
  #draining = false;

  /** `inWords` puts into words how many lines were dropped. */
  constructor(out: Output, inWords: (lost: number) => string) {
    this.#out = out;
    this.#inWords = inWords;
  }

  /** Writes a text that ends a line; answers whether it was taken. */
  write(text: string): boolean {
    if (this.#out.writableLength >= MOST_WAITING) {
      this.#lost += 1;
      this.#whenDrained();
      return false;
    }
    this.tellLost();
    this.#out.write(text);
    return true;
  }

  /** Says what was lost, if something was and there is room. */
  tellLost(): void {
    if (this.#lost === 0 || this.#out.writableLength >= MOST_WAITING) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#out.write(this.#inWords(lost));
  }

  /** Resolves when there is room again; at once if there is. */
  async room(): Promise<void> {
    if (this.#out.writableLength < MOST_WAITING) return;
    await new Promise<void>((resolve) => {
      this.#out.once('drain', resolve);
      this.#out.once('close', resolve);
    });
  }

  #whenDrained(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#out.once('drain', () => {
      this.#draining = false;
      this.tellLost();
    });
  }
}

/** Resolves when whoever read has gone, or the output takes no more. */
export function brokenPipe(out: Output): Promise<void> {
  return new Promise((resolve) => out.once('error', () => resolve()));
}
