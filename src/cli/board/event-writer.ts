import type { Output } from '../shared/terminal.ts';
import { BoundedOutput } from './bounded-output.ts';
import type { BoardMessage } from './json.ts';

/** Version of what `board run --json` says and takes: docs/board-json.md. Grows with what an older reader would get wrong. */
export const PROTOCOL_VERSION = 1;

/** What every message ends with. */
export interface Stamp {
  /** From 1, by one each. */
  readonly seq: number;
  /** On the board's clock, since the program started. */
  readonly ms: number;
}

/** Writes messages, each with its number and the time. */
export class EventWriter {
  readonly #output: BoundedOutput;
  readonly #now: () => number;
  readonly #beganMs: number;
  #stamp: Stamp = { seq: 0, ms: 0 };

  /** `now`: the board's clock, in ms. */
  constructor(out: Output, now: () => number) {
    this.#now = now;
    this.#beganMs = now();
    this.#output = new BoundedOutput(out, (events) => this.#line({ event: 'lost', events }));
  }

  /** Says it; the answer is the number and the time that it has. */
  readonly say = (message: BoardMessage): Stamp => {
    // Before this one has its number.
    this.#output.tellLost();
    const line = this.#line(message);
    const stamp = this.#stamp;
    this.#output.write(line);
    return stamp;
  };

  /** Number of the newest event. */
  get seq(): number {
    return this.#stamp.seq;
  }

  /** Resolves when whoever reads has made room. */
  room(): Promise<void> {
    return this.#output.room();
  }

  /** One that is dropped has a number, too: that it is missing can be seen. */
  #line(message: BoardMessage): string {
    const ms = Math.round(this.#now() - this.#beganMs);
    this.#stamp = { seq: this.#stamp.seq + 1, ms };
    return `${JSON.stringify({ ...message, ...this.#stamp })}\n`;
  }
}
