import type { BoardEvent } from 'dfukit/board';

/** Where a line of the console comes from. */
export type LineKind =
  /** The board's own console. */
  | 'said'
  /** Something that happened to the board. */
  | 'event'
  /** Something that went wrong. */
  | 'fault'
  /** What a person has typed. */
  | 'typed';

/** Where a line comes from that tells of an event. */
export function lineKindOf({ type }: BoardEvent): LineKind {
  if (type === 'console') return 'said';
  return type === 'fault' || type === 'refused' ? 'fault' : 'event';
}

interface ConsoleLine {
  readonly text: string;
  readonly kind: LineKind;
}

/** Lines that wait to be shown; a board that talks without end fills no memory. */
export class WaitingLines {
  readonly #most: number;
  #lines: ConsoleLine[] = [];
  #dropped = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return this.#lines.length;
  }

  add(line: ConsoleLine): void {
    this.#lines.push(line);
    if (this.#lines.length < 2 * this.#most) return;
    this.#dropped += this.#lines.length - this.#most;
    this.#lines = this.#lines.slice(-this.#most);
  }

  /** All that is left of them, the newest last; where some were dropped, a line in front says how many. */
  take(): readonly ConsoleLine[] {
    const over = Math.max(0, this.#lines.length - this.#most);
    const dropped = this.#dropped + over;
    const lines = this.#lines.slice(over);
    this.#lines = [];
    this.#dropped = 0;
    return dropped === 0
      ? lines
      : [{ text: `… ${dropped} lines were left out`, kind: 'event' }, ...lines];
  }
}
