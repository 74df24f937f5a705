import { CREDIT_UNITS, unitsOf } from '../index.ts';
import type { CreditMessage, PortMessage, ProgramPort } from '../index.ts';
import type { FirmwareThread, ThreadMark } from './firmware-thread.ts';
import type { FirmwareStart } from './firmware-world.ts';

// Whatever a test puts in their place later, these are the machine's.
const { setTimeout: later, clearTimeout: never } = globalThis;

/** How long a program may hold its thread before it counts as one that never lets go, in ms of real time. */
const HOLDS_MS = 2000;
/** How long a thread may take to begin with its program, in ms of real time. */
const BEGINS_MS = 60_000;

/** The thread of a program, and who takes it when the program is over. */
interface SteadyPortOptions {
  readonly thread: FirmwareThread;
  readonly start: Omit<FirmwareStart, 'prelude'>;
  /** The program has left its thread, which can have another one. */
  readonly freed: (thread: FirmwareThread) => void;
}

/**
 * A port to a program in a thread, of which it is known whether the program is at rest: has read all that it was sent, and
 * done what follows from it. Whoever has time in hand lets it go on only then.
 */
export class SteadyPort implements ProgramPort {
  readonly #thread: FirmwareThread;
  readonly #freed: (thread: FirmwareThread) => void;
  #heard: (message: unknown) => void = () => {};
  #ended: (why: string) => void = () => {};
  #marks = 0;
  /** The mark that came back last. */
  #marked = 0;
  /** Something was sent since the last mark. */
  #isSent = true;
  #hasBegun = false;
  #isOver = false;
  /** The thread itself has ended, and the program with it. */
  #isDead = false;
  /** It has held its thread for longer than is waited for: only what it says itself counts. */
  #holds = false;
  /** What the program has sent without credit for it, in units. */
  #uncredited = 0;
  #wake: () => void = () => {};

  constructor({ thread, start, freed }: SteadyPortOptions) {
    this.#thread = thread;
    this.#freed = freed;
    thread.start(start, {
      heard: (message) => this.#message(message),
      ended: (why) => {
        this.#isOver = true;
        this.#isDead = true;
        this.#ended(why);
        this.#wake();
      },
    });
  }

  post(message: PortMessage | CreditMessage): void {
    if (this.#isOver) return;
    if ('credit' in message) this.#uncredited -= message.credit;
    this.#isSent = true;
    this.#thread.post(message);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#heard = listener;
  }

  onEnd(listener: (why: string) => void): void {
    this.#ended = listener;
  }

  async terminate(): Promise<void> {
    if (this.#isDead) return;
    this.#isOver = true;
    this.#heard = () => {};
    this.#ended = () => {};
    this.#wake();
    if (this.#isBlocked || this.#holds || !this.#hasBegun) {
      await this.#thread.terminate();
      return;
    }
    this.#isSent = true;
    await this.#news({ leaves: true });
    if (this.#marked === this.#marks && !this.#isDead) this.#freed(this.#thread);
    else await this.#thread.terminate();
  }

  /** Whether nothing comes from it before it is sent something, or before its board has read what it said. */
  get isAtRest(): boolean {
    if (this.#isOver || this.#holds || this.#isBlocked) return true;
    return this.#hasBegun && !this.#isSent && this.#marked === this.#marks;
  }

  /**
   * Resolves when it is at rest, when something came from it, or when it has held its thread for so long that nothing
   * is to be expected.
   */
  async untilRest(): Promise<void> {
    if (this.isAtRest) return;
    this.#holds = !(await this.#news({}));
  }

  /** It waits for its board to read what it has said. */
  get #isBlocked(): boolean {
    return this.#uncredited >= CREDIT_UNITS;
  }

  /** Asks for a sign if one is owed; answers whether anything came in time. */
  async #news(mark: Omit<ThreadMark, 'mark'>): Promise<boolean> {
    if (this.#isSent) {
      this.#isSent = false;
      this.#marks += 1;
      this.#thread.mark({ ...mark, mark: this.#marks });
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<boolean>((resolve) => {
      timer = later(() => resolve(false), this.#hasBegun ? HOLDS_MS : BEGINS_MS);
    });
    const news = new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(true);
    });
    const came = await Promise.race([news, patience]);
    never(timer);
    return came;
  }

  #message(message: unknown): void {
    this.#holds = false;
    if (isMark(message)) this.#marked = Math.max(this.#marked, message.mark);
    else {
      this.#hasBegun = true;
      this.#uncredited += isMessage(message) ? unitsOf(message) : 0;
      this.#heard(message);
      // What was said before it left is no sign that it has.
      if (this.#isOver) return;
    }
    this.#wake();
  }
}

function isMark(message: unknown): message is ThreadMark {
  return typeof message === 'object' && message !== null && 'mark' in message;
}

function isMessage(message: unknown): message is PortMessage {
  return typeof message === 'object' && message !== null && 'head' in message;
}
