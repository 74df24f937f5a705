import type { Output } from '../shared/terminal.ts';
import { BoundedOutput } from './bounded-output.ts';
import type { BoardMessage } from './json.ts';

/** Version of what `board run --json` says and takes: docs/board-json.md. Grows with what an older reader would get wrong. */
export const PROTOCOL_VERSION = 1;

/** Writes messages, each with its number and the time. */
export class EventWriter {
  readonly #output: BoundedOutput;
  readonly #now: () => number;
  readonly #beganMs: number;
  #seq = 0;

  /** `now`: the board's clock, in ms. */
  constructor(out: Output, now: () => number) {
    this.#now = now;
    this.#beganMs = now();
    this.#output = new BoundedOutput(out, (events) => this.#line({ event: 'lost', events }));
  }

  readonly say = (message: BoardMessage): void => {
    this.#output.write(this.#line(message));
  };

  /** Resolves when whoever reads has made room. */
  room(): Promise<void> {
    return this.#output.room();
  }

  /** One that is dropped has a number, too: that it is missing can be seen. */
  #line(message: BoardMessage): string {
    this.#seq += 1;
    const ms = Math.round(this.#now() - this.#beganMs);
    return `${JSON.stringify({ ...message, seq: this.#seq, ms })}\n`;
  }
}
