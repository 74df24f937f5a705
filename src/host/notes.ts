/** Notes that are told of one thing; a device can be wrong in more ways than anybody wants to read. */
const MOST_NOTES = 8;

/** What is to be told of a device's descriptors: each thing once, and the rest counted. */
export class Notes {
  readonly #notes = new Set<string>();
  #more = 0;

  add(note: string): void {
    if (this.#notes.has(note)) return;
    if (this.#notes.size < MOST_NOTES) this.#notes.add(note);
    else this.#more += 1;
  }

  addAll(notes: readonly string[]): void {
    for (const note of notes) this.add(note);
  }

  get all(): readonly string[] {
    return [...this.#notes, ...(this.#more > 0 ? [`and ${this.#more} more`] : [])];
  }
}
