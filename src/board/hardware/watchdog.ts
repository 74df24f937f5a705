import type { Clock } from '../../usb/index.ts';

/** The second half of the period is counted in so many pieces. */
const PIECES = 10;

/**
 * A watchdog timer: unless it is fed in time it resets the board. After its warning it counts piece by
 * piece, so that time in which this machine did nothing at all, the program's answer included, counts as
 * one piece and not as the program's fault.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #bite: () => void;
  #warn: (() => void) | undefined;
  #cancel: (() => void) | undefined;
  /** It waits for the program to begin. */
  #held = false;

  /** `periodMs`: most time between two feeds. */
  constructor(clock: Clock, periodMs: number, bite: () => void) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#bite = bite;
  }

  /** Starts it with a full period. */
  start(): void {
    this.stop();
    const clock = this.#clock;
    this.#cancel = clock.at(clock.now() + this.#periodMs / 2, () => {
      this.#count(PIECES);
      this.#warn?.();
    });
  }

  /** It does not run before it is fed: what takes its time is not the program yet. */
  hold(): void {
    if (this.#cancel === undefined) return;
    this.stop();
    this.#held = true;
  }

  /** What it was held for will not come. */
  release(): void {
    if (this.#held) this.start();
  }

  /** Starts the period anew. Does nothing while it is stopped. */
  feed(): void {
    if (this.#held || this.#cancel !== undefined) this.start();
  }

  /** Called when half of the period has gone. */
  onWarning(listener: (() => void) | undefined): void {
    this.#warn = listener;
  }

  stop(): void {
    this.#held = false;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #count(pieces: number): void {
    const clock = this.#clock;
    this.#cancel = clock.at(clock.now() + this.#periodMs / 2 / PIECES, () => {
      if (pieces > 1) {
        this.#count(pieces - 1);
        return;
      }
      this.#cancel = undefined;
      this.#bite();
    });
  }
}
