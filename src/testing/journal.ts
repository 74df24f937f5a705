import type { BoardEvent } from '../board/index.ts';

/** What happened to the board of a bench, and when. */
export type BenchEvent = BoardEvent & {
  /** Counted from 0 since the bench was made. */
  readonly sequence: number;
  /** The board's time, in ms since the bench was made. */
  readonly timeMs: number;
};

/** A boot that the board has made. */
export type BootEvent = Extract<BenchEvent, { readonly type: 'boot' }>;

/** Most events that are kept, and characters of the console in them; the oldest go first. */
const MOST_EVENTS = 50_000;
const MOST_TEXT = 0x1000000;

interface JournalOptions {
  /** What went before. */
  readonly past?: readonly BenchEvent[] | undefined;
  readonly now: () => number;
  /** Called behind each event. */
  readonly heard: () => void;
}

/** All that has happened to a board, bounded, and where its boots began. */
export class Journal {
  #events: BenchEvent[];
  #count: number;
  /** Characters of the console in those that are kept. */
  #text = 0;
  /** The number of the first event of the start that has not been decided. */
  #bootBegan = 0;
  /** Of each boot: the number of the first event that belongs to it. */
  readonly #begins = new Map<number, number>();
  readonly #now: () => number;
  readonly #heard: () => void;

  constructor({ past = [], now, heard }: JournalOptions) {
    this.#events = past.slice();
    this.#count = (past.at(-1)?.sequence ?? -1) + 1;
    for (const event of past) this.#text += textOf(event);
    this.#now = now;
    this.#heard = heard;
  }

  /** How many there were: the number that the next one will have. */
  get count(): number {
    return this.#count;
  }

  /** Those that are kept, the oldest first. */
  get events(): readonly BenchEvent[] {
    return this.#events;
  }

  /** A bootloader begins: what comes now is of a new start. */
  bootBegins(): void {
    this.#bootBegan = this.#count;
  }

  /** The number of the first event of a boot: the bootloader's own lines come before its decision. */
  beginOf({ sequence }: BootEvent): number {
    return this.#begins.get(sequence) ?? sequence;
  }

  add(event: BoardEvent): void {
    const noted: BenchEvent = { ...event, sequence: this.#count, timeMs: this.#now() };
    if (noted.type === 'boot') this.#begins.set(noted.sequence, this.#bootBegan);
    this.#count += 1;
    this.#events.push(noted);
    this.#text += textOf(noted);
    if (this.#events.length >= 2 * MOST_EVENTS || this.#text >= 2 * MOST_TEXT) this.#forget();
    this.#heard();
  }

  /** The first from that number on that fits. */
  find<E extends BenchEvent>(from: number, fits: (event: BenchEvent) => event is E): E | undefined {
    const first = this.#events[0]?.sequence ?? 0;
    for (let at = Math.max(0, from - first); at < this.#events.length; at += 1) {
      const event = this.#events[at];
      if (event !== undefined && fits(event)) return event;
    }
    return undefined;
  }

  #forget(): void {
    let from = this.#events.length;
    this.#text = 0;
    const least = Math.max(0, from - MOST_EVENTS);
    while (from > least && this.#text < MOST_TEXT) {
      from -= 1;
      this.#text += textOf(this.#events[from]);
    }
    this.#events = this.#events.slice(from);
    const first = this.#events[0]?.sequence ?? 0;
    for (const sequence of this.#begins.keys()) {
      if (sequence < first) this.#begins.delete(sequence);
    }
  }
}

function textOf(event: BenchEvent | undefined): number {
  return event?.type === 'console' ? event.text.length : 0;
}
