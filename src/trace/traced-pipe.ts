import { DfuError } from '../bytes/index.ts';
import type { BusDevice, ControlPipe, ControlRequest, TransferOptions } from '../usb/index.ts';
import type { TraceEnd } from './trace.ts';
import { faultOf } from './trace-clock.ts';
import type { TraceClock, TraceListener } from './trace-clock.ts';

/** What a pipe is told by. */
interface PipeSurroundings {
  readonly device: BusDevice;
  /** Its number in the trace. */
  readonly pipe: number;
  readonly clock: TraceClock;
  readonly tell: TraceListener;
}

const ends: Readonly<Record<string, TraceEnd>> = {
  STALLED: 'stall',
  TIMEOUT: 'timeout',
  DISCONNECTED: 'gone',
  ABORTED: 'cancelled',
};

function endOf(error: unknown): TraceEnd {
  return (DfuError.is(error) ? ends[error.code] : undefined) ?? 'failed';
}

/** An open device of a traced bus. */
export class TracedPipe implements ControlPipe {
  readonly device: BusDevice;
  readonly gone: Promise<void>;
  readonly #pipe: ControlPipe;
  readonly #number: number;
  readonly #clock: TraceClock;
  readonly #tell: TraceListener;
  #closed = false;

  constructor(pipe: ControlPipe, { device, pipe: number, clock, tell }: PipeSurroundings) {
    this.device = device;
    this.#pipe = pipe;
    this.#number = number;
    this.#clock = clock;
    this.#tell = tell;
    this.gone = this.#watched(pipe.gone);
  }

  async #watched(gone: Promise<void>): Promise<void> {
    await gone;
    if (!this.#closed) this.#tell({ type: 'gone', ms: this.#clock.ms, pipe: this.#number });
  }

  async controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array> {
    const { ms } = this.#clock;
    try {
      const data = await this.#pipe.controlIn(request, length, options);
      this.#control({ ms, request, length, end: 'ok', data: data.slice() });
      return data;
    } catch (error) {
      this.#control({ ms, request, length, end: endOf(error), error });
      throw error;
    }
  }

  async controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options?: TransferOptions,
  ): Promise<number> {
    const { ms } = this.#clock;
    // What the caller does with its bytes meanwhile is no matter of the record.
    const kept = data.slice();
    const { length } = kept;
    try {
      const taken = await this.#pipe.controlOut(request, data, options);
      this.#control({ ms, request, length, end: 'ok', data: kept, taken });
      return taken;
    } catch (error) {
      this.#control({ ms, request, length, end: endOf(error), data: kept, error });
      throw error;
    }
  }

  #control(what: {
    readonly ms: number;
    readonly request: ControlRequest;
    readonly length: number;
    readonly end: TraceEnd;
    readonly data?: Uint8Array;
    readonly taken?: number;
    readonly error?: unknown;
  }): void {
    const { ms, request, length, end, data, taken, error } = what;
    // Nothing went over the wire.
    if (DfuError.is(error, 'INVALID_ARGUMENT')) return;
    const { bmRequestType, bRequest, wValue, wIndex } = request;
    this.#tell({
      type: 'control',
      ms,
      tookMs: this.#clock.ms - ms,
      pipe: this.#number,
      setup: { bmRequestType, bRequest, wValue, wIndex, wLength: length },
      end,
      ...(data !== undefined && data.length > 0 && { data }),
      ...(taken !== undefined && taken !== length && { taken }),
      ...(end === 'failed' && faultOf({ error })),
    });
  }

  claimInterface(interfaceNumber: number): Promise<void> {
    return this.#claims('claim', interfaceNumber, () => this.#pipe.claimInterface(interfaceNumber));
  }

  releaseInterface(interfaceNumber: number): Promise<void> {
    return this.#claims('release', interfaceNumber, () =>
      this.#pipe.releaseInterface(interfaceNumber),
    );
  }

  #claims(type: 'claim' | 'release', number: number, work: () => Promise<void>): Promise<void> {
    return this.#clock.timed(work, (time, how) =>
      this.#tell({ type, ...time, pipe: this.#number, interface: number, ...faultOf(how) }),
    );
  }

  selectAlternate(interfaceNumber: number, alternate: number): Promise<void> {
    return this.#clock.timed(
      () => this.#pipe.selectAlternate(interfaceNumber, alternate),
      (time, how) =>
        this.#tell({
          type: 'alternate',
          ...time,
          pipe: this.#number,
          interface: interfaceNumber,
          alternate,
          ...faultOf(how),
        }),
    );
  }

  reset(): Promise<'same' | 'gone'> {
    return this.#clock.timed(
      () => this.#pipe.reset(),
      (time, how) => {
        const port = 'value' in how ? how.value : undefined;
        const came = port === undefined ? {} : { port };
        this.#tell({ type: 'reset', ...time, pipe: this.#number, ...came, ...faultOf(how) });
      },
    );
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#clock.timed(
      () => this.#pipe.close(),
      (time, how) => this.#tell({ type: 'close', ...time, pipe: this.#number, ...faultOf(how) }),
    );
  }
}
