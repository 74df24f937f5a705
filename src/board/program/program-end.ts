import { CREDIT_UNITS, unitsOf } from './port.ts';
import type { CreditMessage, PortMessage } from './port.ts';

/** How a program's end of the port is made, where the program runs. */
interface ProgramEndOptions {
  /** Puts a message on its way to the board. */
  readonly post: (message: PortMessage) => void;
  /**
   * The next message from the board, while the program keeps its thread: undefined after a while without one. Left
   * out where a thread cannot wait (a browser's worker).
   */
  readonly wait?: (() => PortMessage | CreditMessage | undefined) | undefined;
  /** Calls that as soon as the program has let go of its thread. */
  readonly later: (run: () => void) => void;
}

/** Whoever listens to the board: the prelude. */
interface ProgramEndListeners {
  receive(head: string, bytes: Uint8Array | undefined): void;
  hasCredit(): void;
}

/**
 * The program's end of a port: keeps what is on its way to the board bounded. The board gives credit for what it has
 * read. Without any left the program waits, as at a UART that is full; where its thread cannot wait, the message is
 * not sent: a loop that never lets go cannot hear of new credit.
 */
export class ProgramEnd {
  readonly #options: ProgramEndOptions;
  readonly #early: PortMessage[] = [];
  #credit = CREDIT_UNITS;
  #listeners: ProgramEndListeners | undefined;

  constructor(options: ProgramEndOptions) {
    this.#options = options;
  }

  listen(listeners: ProgramEndListeners): void {
    this.#listeners = listeners;
  }

  /**
   * Sends, if there is credit; answers whether it has. What `must` be sent is sent in any case: what the board has
   * asked for, of which there is never much.
   */
  send(message: PortMessage, must = false): boolean {
    while (this.#credit <= 0 && this.#options.wait !== undefined) this.#wait();
    if (this.#credit <= 0 && !must) return false;
    this.#credit -= unitsOf(message);
    this.#options.post(message);
    return true;
  }

  /** A message from the board. */
  take(message: PortMessage | CreditMessage): void {
    this.#takeEarly();
    if (!('credit' in message)) {
      this.#listeners?.receive(message.head, message.bytes);
      return;
    }
    this.#credit += message.credit;
    this.#listeners?.hasCredit();
  }

  #wait(): void {
    const message = this.#options.wait?.();
    if (message === undefined) return;
    if ('credit' in message) {
      this.#credit += message.credit;
      return;
    }
    this.#early.push(message);
    if (this.#early.length === 1) this.#options.later(() => this.#takeEarly());
  }

  /** What came while the program waited. */
  #takeEarly(): void {
    for (const message of this.#early.splice(0))
      this.#listeners?.receive(message.head, message.bytes);
  }
}
