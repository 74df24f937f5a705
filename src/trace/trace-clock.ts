import { DfuError } from '../bytes/index.ts';
import type { Clock } from '../usb/index.ts';
import type { TraceFault, TraceRecord } from './trace.ts';

/** Called with each record as it comes, in order; its bytes are the listener's to keep. Must not throw. */
export type TraceListener = (record: TraceRecord) => void;

/** Writes down what begins, how long it takes and how it ends. */
export class TraceClock {
  readonly #clock: Clock;
  readonly #startMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /** In ms from the beginning of the trace. */
  get ms(): number {
    return this.#clock.now() - this.#startMs;
  }

  /** Does something and has it told, whether it goes well or not. */
  async timed<T>(
    work: () => Promise<T>,
    told: (
      time: { readonly ms: number; readonly tookMs: number },
      how: { readonly value: T } | { readonly error: unknown },
    ) => void,
  ): Promise<T> {
    const { ms } = this;
    try {
      const value = await work();
      told({ ms, tookMs: this.ms - ms }, { value });
      return value;
    } catch (error) {
      told({ ms, tookMs: this.ms - ms }, { error });
      throw error;
    }
  }
}

/** What a record says of an error. */
export function faultOf(how: { readonly value: unknown } | { readonly error: unknown }): {
  readonly error?: TraceFault;
} {
  if (!('error' in how)) return {};
  const { error } = how;
  if (DfuError.is(error)) return { error: { code: error.code, message: error.message } };
  return { error: { code: 'INTERNAL', message: String(error) } };
}
