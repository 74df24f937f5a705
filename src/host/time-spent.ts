import type { Clock } from '../usb/index.ts';

/** Where the time went, in whole ms, from when a device was asked out of run-time mode or, without that, looked for idle. */
export interface TimeSpent {
  readonly totalMs: number;
  /** Control transfers, with what a device does before it answers. */
  readonly wireMs: number;
  /** Waits between two questions to a busy device: what it asked for (bwPollTimeout), or what was said instead. */
  readonly pollMs: number;
  /** Until the device was back in DFU mode, and at the end until it had left. */
  readonly returnMs: number;
  /** All else: this program, and whoever reads and takes the bytes. */
  readonly otherMs: number;
}

/** Below that nobody asks where the time went, in ms. */
const WORTH_A_WORD_MS = 2000;

/**
 * Where a download waited more than it did anything else, because the device asks to be waited for: in a sentence.
 * Undefined where that is not so.
 */
export function waitsText({ spent, planned, blocks }: DownloadTimes): string | undefined {
  const { totalMs, pollMs } = spent;
  if (totalMs < WORTH_A_WORD_MS || pollMs * 2 < totalMs) return undefined;
  const each =
    blocks > 0 && planned.erases === 0 ? `, ${Math.round(pollMs / blocks)} ms a block` : '';
  return `${inSeconds(pollMs)} of ${inSeconds(totalMs)} went into waiting for the device as it asks to be waited for${each}`;
}

function inSeconds(ms: number): string {
  const seconds = ms / 1000;
  return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
}

/** What of an ending tells it. */
interface DownloadTimes {
  readonly spent: TimeSpent;
  readonly planned: { readonly erases: number };
  readonly blocks: number;
}

/** Adds up where the time goes. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #spent: Record<'wireMs' | 'pollMs' | 'returnMs', number>;
  /** What had passed before it was begun. */
  #beforeMs: number;
  #startMs: number | undefined;

  /** `returnMs` had passed already until the device was back in DFU mode. */
  constructor(clock: Clock, returnMs = 0) {
    this.#clock = clock;
    this.#beforeMs = returnMs;
    this.#spent = { wireMs: 0, pollMs: 0, returnMs };
  }

  /** From now on; if it goes already, nothing is done. */
  begin(): void {
    this.#startMs ??= this.#clock.now();
  }

  /** So many ms went into that. */
  spend(kind: 'wireMs' | 'pollMs' | 'returnMs', ms: number): void {
    this.#spent[kind] += ms;
  }

  /** Does the work; its time goes into that. */
  async during<T>(kind: 'wireMs' | 'pollMs' | 'returnMs', work: () => Promise<T>): Promise<T> {
    const startMs = this.#clock.now();
    try {
      return await work();
    } finally {
      this.spend(kind, this.#clock.now() - startMs);
    }
  }

  /** What has been spent so far; it begins anew with the next work. */
  take(): TimeSpent {
    const nowMs = this.#clock.now();
    const totalMs = Math.round(this.#beforeMs + nowMs - (this.#startMs ?? nowMs));
    const [wireMs, pollMs, returnMs] = [
      Math.round(this.#spent.wireMs),
      Math.round(this.#spent.pollMs),
      Math.round(this.#spent.returnMs),
    ];
    this.#startMs = undefined;
    this.#beforeMs = 0;
    Object.assign(this.#spent, { wireMs: 0, pollMs: 0, returnMs: 0 });
    const otherMs = Math.max(0, totalMs - wireMs - pollMs - returnMs);
    return { totalMs, wireMs, pollMs, returnMs, otherMs };
  }
}
