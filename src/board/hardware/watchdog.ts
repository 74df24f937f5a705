import type { Clock } from '../../usb/index.ts';

/** A watchdog timer: unless it is fed in time it resets the board. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #bite: () => void;
  #warn: (() => void) | undefined;
  #cancel: (() => void) | undefined;

  /** `periodMs`: most time between two feeds. */
  constructor(clock: Clock, periodMs: number, bite: () => void) {
    this.#clock = clock;
    this.#periodMs = periodMs;
    this.#bite = bite;
  }

  /** Starts it with a full period. */
  start(): void {
    this.stop();
    const half = this.#periodMs / 2;
    const end = this.#clock.now() + this.#periodMs;
    this.#cancel = this.#clock.at(end - half, () => {
      this.#cancel = this.#clock.at(end, () => {
        this.#cancel = undefined;
        this.#bite();
      });
      this.#warn?.();
    });
  }

  /** Starts the period anew. Does nothing while it is stopped. */
  feed(): void {
    if (this.#cancel !== undefined) this.start();
  }

  /** Called when half of the period has gone. */
  onWarning(listener: (() => void) | undefined): void {
    this.#warn = listener;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
