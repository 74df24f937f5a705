import { DfuError } from '../bytes/index.ts';
import { sendTo } from '../host/index.ts';
import type { HostEvent } from '../host/index.ts';
import { Canceller, timerClock, until } from '../usb/index.ts';
import type { CancelSignal, Clock, TimerHost } from '../usb/index.ts';
import type { Choice, Looked } from './chosen-file.ts';
import { askedFor, lookAround, lookInto } from './devices.ts';
import type { Seen, Surroundings } from './devices.ts';
import { endedBadly, endedWell } from './endings.ts';
import type { FlashFlow, FlowOptions } from './flow.ts';
import type { FlowDevice, FlowErase, FlowOffer, FlowProblem, FlowState } from './flow-state.ts';
import { said } from './flow-text.ts';
import { lookAtFile, placeOf } from './look-at-file.ts';
import { ProgressMeter } from './progress.ts';

/** Makes a flow over a bus. Nothing is asked of it before `connect`. */
export function flashFlow(options: FlowOptions): FlashFlow {
  return new Flow(options);
}

/** This machine's time. */
function realTime(): Clock {
  // Browsers and Node have it, and the types of this room know neither.
  const host: object = globalThis;
  return timerClock(host as TimerHost);
}

interface Task {
  readonly canceller: Canceller;
  over: Promise<void>;
}

class Flow implements FlashFlow {
  readonly #options: FlowOptions;
  readonly #clock: Clock;
  readonly #around: Surroundings;
  readonly #listeners = new Set<(state: FlowState) => void>();
  #state: FlowState = { step: 'idle', problem: undefined };
  #task: Task | undefined;
  #looked: Looked | undefined;
  #permission: Extract<HostEvent, { type: 'permission' }> | undefined;

  constructor(options: FlowOptions) {
    const { bus, manifest, filters, clock = realTime() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#around = { bus, clock, manifest, filters };
  }

  get state(): FlowState {
    return this.#state;
  }

  subscribe(listener: (state: FlowState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async connect({
    another = false,
  }: { readonly another?: boolean | undefined } = {}): Promise<void> {
    this.#demand('connect', 'idle', 'ended');
    await this.#during({ step: 'connecting' }, (signal) => this.#found(another, signal));
  }

  async chooseDevice(device: FlowDevice): Promise<void> {
    this.#demand('chooseDevice', 'choosing');
    this.#go(this.#connected(device));
    await Promise.resolve();
  }

  async chooseOffer(offer: FlowOffer): Promise<void> {
    const { device } = this.#demand('chooseOffer', 'connected', 'chosen');
    void device;
    void offer;
    await Promise.reject(new DfuError('UNSUPPORTED', 'offers are not chosen yet'));
  }

  async chooseFile(name: string, bytes: Uint8Array): Promise<void> {
    const { device } = this.#demand('chooseFile', 'connected', 'chosen');
    const choice: Choice = {
      name,
      bytes: bytes.slice(),
      offer: undefined,
      alternate: this.#options.alternate,
      erase: 'needed',
    };
    await this.#look(device, choice);
  }

  async chooseAlternate(alternate: number): Promise<void> {
    const { device } = this.#demand('chooseAlternate', 'chosen');
    if (this.#looked !== undefined) {
      await this.#look(device, { ...this.#looked.choice, alternate });
    }
  }

  async chooseErase(erase: FlowErase): Promise<void> {
    const { device } = this.#demand('chooseErase', 'chosen');
    if (this.#looked !== undefined) await this.#look(device, { ...this.#looked.choice, erase });
  }

  async flash(): Promise<void> {
    const { device, file } = this.#demand('flash', 'chosen');
    const looked = this.#looked;
    if (looked?.plan === undefined || !file.isReady) {
      throw new DfuError(
        'INVALID_ARGUMENT',
        'flash: the file that is chosen is not ready to be sent',
      );
    }
    const phase = device.mode === 'runtime' ? 'detach' : 'download';
    const meter = new ProgressMeter(this.#clock, phase);
    const working = { step: 'working', device, file, progress: meter.progress } as const;
    await this.#during(working, (signal) => this.#sent(device, looked, meter, signal));
  }

  async allow(): Promise<void> {
    const asked = this.#permission;
    if (this.#state.step !== 'working' || asked === undefined) throw notNow('allow', this.#state);
    await this.#options.bus.request?.(asked.filters);
  }

  async cancel(): Promise<void> {
    const task = this.#task;
    if (task !== undefined) {
      task.canceller.cancel();
      await task.over;
    }
    const { step } = this.#state;
    if (step === 'choosing' || step === 'connected' || step === 'chosen') {
      this.#go({ step: 'idle', problem: undefined });
    }
  }

  log(): string {
    return '';
  }

  #demand<Step extends FlowState['step']>(
    what: string,
    ...steps: readonly Step[]
  ): Extract<FlowState, { readonly step: Step }> {
    const state = this.#state;
    if (!steps.some((step) => step === state.step)) throw notNow(what, state);
    return state as Extract<FlowState, { readonly step: Step }>;
  }

  #go(state: FlowState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  async #during(
    state: FlowState,
    work: (signal: CancelSignal) => Promise<FlowState>,
  ): Promise<void> {
    const canceller = new Canceller();
    const run = async (): Promise<void> => {
      const next = await work(canceller.signal);
      this.#task = undefined;
      this.#go(next);
    };
    this.#go(state);
    const task: Task = { canceller, over: run() };
    this.#task = task;
    await task.over;
  }

  async #found(another: boolean, signal: CancelSignal): Promise<FlowState> {
    try {
      return this.#judged(await this.#seen(another, signal));
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      const isCancelled = error.code === 'ABORTED';
      return { step: 'idle', problem: isCancelled ? undefined : problemOf(error) };
    }
  }

  async #seen(another: boolean, signal: CancelSignal): Promise<Seen | undefined> {
    const { bus } = this.#options;
    if (bus.request === undefined) return lookAround(this.#around, signal);
    if (!another) {
      const seen = await lookAround(this.#around, signal);
      if (seen.devices.length === 1) return seen;
    }
    const asked = bus.request(askedFor(this.#around));
    const device = await until<Awaited<typeof asked>>(this.#clock, { signal }, (ending) => {
      asked.then(ending.resolve, ending.reject);
      return undefined;
    });
    return device === undefined ? undefined : lookInto(this.#around, [device], signal);
  }

  #judged(seen: Seen | undefined): FlowState {
    if (seen === undefined) return { step: 'idle', problem: undefined };
    const [first, ...more] = seen.devices;
    if (first !== undefined) {
      return more.length > 0 ? { step: 'choosing', devices: seen.devices } : this.#connected(first);
    }
    return { step: 'idle', problem: { code: 'NOT_FOUND', said: said('no-device') } };
  }

  #connected(device: FlowDevice): FlowState {
    return { step: 'connected', device, offers: [], problem: undefined };
  }

  async #look(device: FlowDevice, choice: Choice): Promise<void> {
    const { expectedKeys = [], verify } = this.#options;
    const terms = { around: this.#around, expectedKeys, address: undefined, verify };
    await this.#during({ step: 'reading', device, name: choice.name }, async (signal) => {
      try {
        this.#looked = await lookAtFile({ device, choice, terms }, signal);
        return { step: 'chosen', device, file: this.#looked.file };
      } catch (error) {
        if (!DfuError.is(error, 'ABORTED')) throw error;
        return { step: 'idle', problem: undefined };
      }
    });
  }

  async #sent(
    device: FlowDevice,
    looked: Looked,
    meter: ProgressMeter,
    signal: CancelSignal,
  ): Promise<FlowState> {
    const { bus, waitForApplication = true, applicationMs = 30_000 } = this.#options;
    const { file, plan } = looked;
    let memory: Extract<HostEvent, { type: 'downloaded' }>['outcome'] = 'unchanged';
    let note: string | undefined;
    const onEvent = (event: HostEvent): void => {
      this.#options.onEvent?.(event);
      if (event.type === 'downloaded') memory = event.outcome;
      if (event.type === 'note') note = event.message;
      this.#permission = event.type === 'permission' ? event : this.#permission;
      if (meter.hear(event)) this.#go({ step: 'working', device, file, progress: meter.progress });
    };
    const ended = (ending: ReturnType<typeof endedBadly>): FlowState => ({
      step: 'ended',
      device,
      file,
      ending,
    });
    try {
      const ending = await sendTo(bus, plan as NonNullable<typeof plan>, {
        clock: this.#clock,
        selection: placeOf(device, looked.choice.alternate),
        signal,
        onEvent,
        waitAppMs: waitForApplication ? applicationMs : undefined,
      });
      const { application } = ending;
      const runs = application === undefined ? undefined : String(application.bcdDevice);
      return ended(endedWell(ending, { memory, doubt: note, runs }));
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      return ended(endedBadly(error));
    } finally {
      this.#permission = undefined;
    }
  }
}

function problemOf(error: DfuError): FlowProblem {
  return { code: error.code, said: said('connect-failed', { words: error.message }) };
}

function notNow(what: string, { step }: FlowState): DfuError {
  return new DfuError('INVALID_ARGUMENT', `${what}: not while the flow is "${step}"`);
}
