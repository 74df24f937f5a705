import type { FlashOperation, MemoryFlash } from '../flash/index.ts';
import type { BenchEvent } from './journal.ts';

/** A flash operation, and how far the board had come. */
export interface RecordedOperation extends Omit<FlashOperation, 'number'> {
  /** How many events there were before it. */
  readonly events: number;
  readonly timeMs: number;
}

/** The bench that is recorded. */
interface Recorded {
  readonly events: readonly BenchEvent[];
  readonly eventCount: number;
  readonly timeMs: number;
}

/** What is done to a flash, operation by operation, so that it can be done again to a copy. */
export class Recording {
  /** The flash as it was. */
  readonly before: MemoryFlash;
  readonly operations: RecordedOperation[] = [];
  readonly #flash: MemoryFlash;
  readonly #bench: Recorded;
  #end: { readonly count: number; readonly timeMs: number } | undefined;

  constructor(flash: MemoryFlash, bench: Recorded) {
    this.before = flash.fork();
    this.#flash = flash;
    this.#bench = bench;
    flash.watch = ({ type, offsetBytes, lengthBytes, bytes }) => {
      const { eventCount: events, timeMs } = bench;
      const own = bytes?.slice();
      this.operations.push({ type, offsetBytes, lengthBytes, bytes: own, events, timeMs });
    };
  }

  stop(): void {
    this.#flash.watch = undefined;
    const { eventCount: count, timeMs } = this.#bench;
    this.#end = { count, timeMs };
  }

  /** How far the board had come when the recording was stopped. */
  get end(): { readonly count: number; readonly timeMs: number } {
    return this.#end ?? { count: this.#bench.eventCount, timeMs: this.#bench.timeMs };
  }

  /** Does an operation to a copy, too. */
  redo(flash: MemoryFlash, { offsetBytes, lengthBytes, bytes }: RecordedOperation): void {
    if (bytes === undefined) flash.erase(offsetBytes, lengthBytes);
    else flash.program(offsetBytes, bytes);
  }

  /** The last events of those that there were until then. */
  eventsUntil(count: number, most: number): readonly BenchEvent[] {
    const { events } = this.#bench;
    const first = events[0]?.sequence ?? 0;
    const end = Math.max(0, count - first);
    return events.slice(Math.max(0, end - most), end);
  }
}
