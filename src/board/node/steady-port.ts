import { CREDIT_UNITS, unitsOf } from '../index.ts';
import type { CreditMessage, PortMessage, ProgramPort } from '../index.ts';
import type { ReadMark } from './read-mark.ts';
import type { WorkerPort } from './worker-port.ts';

/** How long a program may hold its thread before it counts as one that never lets go, in ms of real time. */
const HOLDS_MS = 2000;
/** How long a thread may take to begin with its program, in ms of real time. */
const BEGINS_MS = 60_000;

/**
 * A port to a program in a worker thread, of which it is known whether the program is at rest: has read all that it was
 * sent, and done what follows from it. Whoever has time in hand lets it go on only then.
 */
export class SteadyPort implements ProgramPort {
  readonly #port: WorkerPort;
  #heard: (message: unknown) => void = () => {};
  #ended: (why: string) => void = () => {};
  #marks = 0;
  /** The mark that came back last. */
  #marked = 0;
  /** Something was sent since the last mark. */
  #isSent = true;
  #hasBegun = false;
  #isOver = false;
  /** What the program has sent without credit for it, in units. */
  #uncredited = 0;
  #wake: () => void = () => {};

  constructor(port: WorkerPort) {
    this.#port = port;
    port.onMessage((message) => this.#message(message));
    port.onEnd((why) => {
      this.#isOver = true;
      this.#ended(why);
      this.#wake();
    });
  }

  post(message: PortMessage | CreditMessage): void {
    if ('credit' in message) this.#uncredited -= message.credit;
    this.#isSent = true;
    this.#port.post(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#heard = listener;
  }

  onEnd(listener: (why: string) => void): void {
    this.#ended = listener;
  }

  async terminate(): Promise<void> {
    this.#isOver = true;
    this.#wake();
    await this.#port.terminate();
  }

  /** Whether nothing comes from it before it is sent something, or before its board has read what it said. */
  get isAtRest(): boolean {
    if (this.#isOver || this.#uncredited >= CREDIT_UNITS) return true;
    return this.#hasBegun && !this.#isSent && this.#marked === this.#marks;
  }

  /**
   * Resolves when it is at rest, when something came from it, or when it has held its thread for so long that nothing
   * is to be expected.
   */
  async untilRest(): Promise<void> {
    if (this.isAtRest) return;
    if (this.#isSent) {
      this.#isSent = false;
      this.#marks += 1;
      this.#port.mark({ mark: this.#marks });
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(
        () => {
          // From here on only what it says itself counts.
          this.#hasBegun = true;
          this.#marked = this.#marks;
          resolve();
        },
        this.#hasBegun ? HOLDS_MS : BEGINS_MS,
      );
    });
    const news = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([news, patience]);
    clearTimeout(timer);
  }

  #message(message: unknown): void {
    if (isMark(message)) this.#marked = Math.max(this.#marked, message.mark);
    else {
      this.#hasBegun = true;
      this.#uncredited += isMessage(message) ? unitsOf(message) : 0;
      this.#heard(message);
    }
    this.#wake();
  }
}

function isMark(message: unknown): message is ReadMark {
  return typeof message === 'object' && message !== null && 'mark' in message;
}

function isMessage(message: unknown): message is PortMessage {
  return typeof message === 'object' && message !== null && 'head' in message;
}
