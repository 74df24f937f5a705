import { DfuError } from '../../bytes/index.ts';
import { LANGUAGE_ENGLISH, STRING_UNITS, encodeLanguages, encodeString } from '../../usb/index.ts';

/** Highest index: it is one byte on the wire. */
const LAST_INDEX = 255;
/** Windows asks every device for this index (Microsoft OS 1.0 descriptor), so no string lives there. */
const MICROSOFT_INDEX = 0xee;

interface StringTableOptions {
  readonly first?: number | undefined;
  readonly languages?: readonly number[] | undefined;
}

/** The string descriptors of a device, in English (USB 2.0 §9.6.7). */
export class StringTable {
  readonly #entries: (Uint8Array | (() => string) | undefined)[];
  readonly #known = new Map<string, number>();

  /** `first`: index of the first text. `languages`: what string 0 lists. */
  constructor({ first = 1, languages = [LANGUAGE_ENGLISH] }: StringTableOptions = {}) {
    this.#entries = [encodeLanguages(languages)];
    while (this.#entries.length < first) this.#entries.push(undefined);
  }

  /** Index of the text, 0 for none. Throws `OUT_OF_RANGE` above 126 units or when the table is full. */
  add(text: string | undefined): number {
    if (text === undefined || text === '') return 0;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const index = this.#place(encodeString(text));
    this.#known.set(text, index);
    return index;
  }

  /** Index of a text that is asked for each time it is read. */
  addText(read: () => string): number {
    return this.#place(read);
  }

  /** The descriptor; undefined if there is no such string, or none in that language. */
  read(index: number, language: number): Uint8Array | undefined {
    const entry = this.#entries[index];
    if (index !== 0 && language !== LANGUAGE_ENGLISH) return undefined;
    return typeof entry === 'function' ? encodeString(entry().slice(0, STRING_UNITS)) : entry;
  }

  #place(entry: Uint8Array | (() => string)): number {
    if (this.#entries.length === MICROSOFT_INDEX) this.#entries.push(undefined);
    if (this.#entries.length > LAST_INDEX) {
      const most = `expected at most ${LAST_INDEX - 1} strings`;
      throw new DfuError('OUT_OF_RANGE', `string descriptors: ${most}`);
    }
    this.#entries.push(entry);
    return this.#entries.length - 1;
  }
}
