import { DfuError } from '../bytes/index.ts';
import { UNKNOWN, outcomeOf, sendTo } from '../host/index.ts';
import type { DfuInterface, HostEvent, Selection, SendPlan, SendToOptions } from '../host/index.ts';
import { until } from '../usb/index.ts';
import type { CancelSignal, Clock } from '../usb/index.ts';
import type { GangJournal, JournalUnit } from './journal.ts';
import type { InjectedValue } from './inject/supply.ts';
import type { UnitBus } from './roster.ts';
import type { GangEvent, GangUnit, UnitResult } from './unit.ts';

/** What the host is told of every unit alike. */
export type UnitTerms = Omit<
  SendToOptions,
  'selection' | 'wait' | 'signal' | 'onEvent' | 'clock' | 'demand'
>;

/** A unit that is to be worked on. */
interface UnitWork {
  readonly unit: GangUnit;
  readonly bus: UnitBus;
  /** By which it was found. */
  readonly selection: Selection;
  readonly terms: UnitTerms;
  readonly clock: Clock;
  readonly signal?: CancelSignal | undefined;
  readonly retries: number;
  /** In hex, of the file. */
  readonly sha256: string;
  readonly journal?: GangJournal | undefined;
  readonly tell: (event: GangEvent) => void;
  /** What it gets; called once. */
  readonly take: () => { readonly plan: SendPlan; readonly values: readonly InjectedValue[] };
  /** Its serial number, as long as no other unit has the same. */
  readonly ownSerial: () => string | undefined;
  /** Throws if what is at its port now is another board. */
  readonly demand: (entry: DfuInterface) => void;
}

/** What trying again does not change. */
const final: ReadonlySet<string> = new Set([
  'ABORTED',
  'AMBIGUOUS',
  'INVALID_ARGUMENT',
  'MALFORMED',
  'NO_USB',
  'OUT_OF_RANGE',
  'REFUSED',
  'TRUNCATED',
  'UNSUPPORTED',
]);

/** How long a unit may take to be at its port again before it is tried anew, in ms. */
const AGAIN_MS = 10_000;

/** From the first attempt to the last; never throws a `DfuError`. */
export async function runUnit(work: UnitWork): Promise<UnitResult> {
  const { unit, clock } = work;
  const startMs = clock.now();
  const run = new UnitRun(work);
  const end = await run.toTheEnd();
  const result: UnitResult = { ...unit, ...end, ms: Math.round(clock.now() - startMs) };
  return run.written(result);
}

type UnitEnd = Pick<UnitResult, 'outcome' | 'attempts' | 'values' | 'ending' | 'error'>;

class UnitRun {
  readonly #work: UnitWork;
  #values: readonly InjectedValue[] = [];
  #attempt = 0;
  /** How it is found again, once it has been seen in DFU mode. */
  #inDfuMode: DfuInterface | undefined;

  constructor(work: UnitWork) {
    this.#work = work;
  }

  async toTheEnd(): Promise<UnitEnd> {
    const { take, retries, tell, unit } = this.#work;
    let touched = false;
    try {
      const { plan, values } = take();
      this.#values = values;
      for (;;) {
        this.#attempt += 1;
        const end = await this.#try(plan);
        // What an attempt before has begun is not undone by one that did nothing.
        touched ||= end.outcome === 'partly-written';
        const { error } = end;
        if (error === undefined) return end;
        const outcome = touched && end.outcome === 'unchanged' ? 'partly-written' : end.outcome;
        if (this.#attempt > retries || final.has(error.code)) return { ...end, outcome };
        const { code, message } = error;
        tell({ type: 'retry', unit: unit.unit, attempt: this.#attempt, code, message });
        await this.#backAtItsPort();
      }
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      return this.#failed(error, touched ? 'partly-written' : outcomeOf(error));
    }
  }

  #failed(error: DfuError, outcome: UnitResult['outcome']): UnitEnd {
    return { outcome, attempts: this.#attempt, values: this.#values, error };
  }

  async #try(plan: SendPlan): Promise<UnitEnd> {
    const { unit, journal, tell, bus, terms, clock, signal } = this.#work;
    const [attempt, values] = [this.#attempt, this.#values];
    tell({ type: 'attempt', unit: unit.unit, attempt, values });
    try {
      // Before anything is written: what this unit gets is nobody else's, whatever happens now.
      await journal?.append({ type: 'started', ...this.#who(), attempt, values });
      const ending = await sendTo(bus, plan, {
        ...terms,
        clock,
        signal,
        selection: this.#selection,
        onEvent: (event) => this.#heard(event),
        demand: (entry) => this.#work.demand(entry),
      });
      return { outcome: outcomeOf(ending), attempts: attempt, values, ending };
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      return this.#failed(error, outcomeOf(error));
    }
  }

  get #selection(): Selection {
    const { selection, unit } = this.#work;
    const seen = this.#inDfuMode;
    if (seen === undefined) return { ...selection, path: unit.path };
    const { ids, runtime = ids, ...rest } = selection;
    const dfu = { vendor: seen.idVendor, product: seen.idProduct };
    return { ...rest, runtime, dfu, path: seen.location.path };
  }

  #heard(event: HostEvent): void {
    const { bus, tell, unit } = this.#work;
    if (event.type === 'selected' && event.interface.mode === 'dfu') {
      this.#inDfuMode = event.interface;
      bus.paths.add(event.interface.location.path);
    }
    tell({ ...event, unit: unit.unit });
  }

  /** Waits a while for anything to be at its port. Throws `ABORTED`. */
  #backAtItsPort(): Promise<void> {
    const { bus, clock, signal, terms } = this.#work;
    if (bus.isThere) return Promise.resolve();
    const ms = terms.limits?.returnMs ?? terms.returnMs ?? AGAIN_MS;
    return until<void>(clock, { ms, signal, late: () => {} }, ({ resolve }) =>
      bus.watch(({ type }) => {
        if (type === 'attached') resolve();
      }),
    );
  }

  /** The result, told and written down. */
  async written(result: UnitResult): Promise<UnitResult> {
    const { journal, tell } = this.#work;
    const { unit, outcome, attempts, ms, error } = result;
    const why = error === undefined ? {} : { code: error.code, message: error.message };
    let kept = result;
    try {
      // What never began is no line: it was given nothing.
      if (attempts > 0 && outcome !== 'skipped') {
        await journal?.append({ type: 'ended', ...this.#who(), outcome, attempts, ms, ...why });
      }
    } catch (reason) {
      if (!DfuError.is(reason)) throw reason;
      kept = { ...result, error: error ?? reason };
      tell({ type: 'problem', code: reason.code, message: reason.message });
    }
    tell({ type: 'ended', unit, outcome, attempts, ms, ...why });
    return kept;
  }

  #who(): JournalUnit {
    const { unit, path, station } = this.#work.unit;
    const serial = this.#work.ownSerial() ?? null;
    const dfuSerial = this.#inDfuMode?.serial;
    const isOwn = serial !== null && dfuSerial !== undefined && dfuSerial !== UNKNOWN;
    const isOther = isOwn && dfuSerial !== serial;
    const { sha256 } = this.#work;
    return { unit, serial, dfuSerial: isOther ? dfuSerial : undefined, path, station, sha256 };
  }
}
