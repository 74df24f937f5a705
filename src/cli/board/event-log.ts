import type { BoardEvent } from '../../board/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { Clock } from '../../usb/index.ts';
import { fits } from './event-match.ts';
import type { EventMatch } from './event-match.ts';
import type { Stamp } from './event-writer.ts';

/** An event with the number and the time that it went out with. */
interface LoggedEvent extends Stamp {
  readonly event: BoardEvent;
}

/** So many events and so much text of the console may be kept; beyond either the older half goes. */
const MOST_EVENTS = 10_000;
const MOST_CHARACTERS = 4 << 20;

/** How many lines of the console are told where something did not come, and how much of each. */
const TOLD_LINES = 10;
const TOLD_CHARACTERS = 200;

/** Which events a wait is for besides those that fit, and how long it waits. */
interface WaitLimits {
  /** Those with a greater number, also what has come already. */
  readonly since: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

function sizeOf({ event }: LoggedEvent): number {
  return event.type === 'console' ? event.text.length : 0;
}

/** The newest events of a board, and who waits for one. */
export class EventLog {
  readonly #clock: Clock;
  #events: LoggedEvent[] = [];
  #characters = 0;
  #forgotten = 0;
  readonly #listeners = new Set<(logged: LoggedEvent) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(logged: LoggedEvent): void {
    this.#events.push(logged);
    this.#characters += sizeOf(logged);
    if (this.#events.length > MOST_EVENTS || this.#characters > MOST_CHARACTERS) this.#dropHalf();
    for (const listener of this.#listeners) listener(logged);
  }

  /** Number of the newest event that is no longer kept; 0 if all are. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** The last lines of the console, oldest first. */
  consoleEnd(): readonly string[] {
    const lines: string[] = [];
    for (const { event } of this.#events.toReversed()) {
      if (event.type !== 'console') continue;
      lines.push(event.text.slice(0, TOLD_CHARACTERS));
      if (lines.length === TOLD_LINES) break;
    }
    return lines.toReversed();
  }

  /** The newest event of that kind, if one is kept. */
  last(type: BoardEvent['type']): BoardEvent | undefined {
    return this.#events.findLast(({ event }) => event.type === type)?.event;
  }

  /**
   * The first event behind `since` that fits one of these, as soon as it is there; undefined if time is up before.
   * Rejects with `ABORTED` when the signal is raised, and with `OUT_OF_RANGE` for a `since` that is longer ago
   * than what is kept.
   */
  async until(any: readonly EventMatch[], limits: WaitLimits): Promise<LoggedEvent | undefined> {
    const { since, timeoutMs, signal } = limits;
    if (since < this.#forgotten) {
      const what = `"since" of at least ${this.#forgotten}, got ${since}`;
      throw new DfuError('OUT_OF_RANGE', `expected ${what}: older events are no longer kept`);
    }
    const isIt = ({ event, seq }: LoggedEvent): boolean =>
      seq > since && any.some((each) => fits(each, event));
    const there = this.#events.find((each) => isIt(each));
    if (there !== undefined || timeoutMs === 0) return there;
    const stops: (() => void)[] = [];
    try {
      return await new Promise((resolve, reject) => {
        const hear = (logged: LoggedEvent): void => void (isIt(logged) && resolve(logged));
        const abort = (): void => reject(new DfuError('ABORTED', 'the wait was ended'));
        this.#listeners.add(hear);
        signal.addEventListener('abort', abort);
        stops.push(
          () => this.#listeners.delete(hear),
          () => signal.removeEventListener('abort', abort),
          this.#clock.at(this.#clock.now() + timeoutMs, () => resolve(undefined)),
        );
        if (signal.aborted) abort();
      });
    } finally {
      for (const stop of stops) stop();
    }
  }

  #dropHalf(): void {
    const gone = this.#events.splice(0, Math.ceil(this.#events.length / 2));
    this.#forgotten = gone.at(-1)?.seq ?? this.#forgotten;
    this.#characters = this.#events.reduce((sum, each) => sum + sizeOf(each), 0);
  }
}
