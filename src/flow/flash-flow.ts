import { DfuError } from '../bytes/index.ts';
import type { HostEvent } from '../host/index.ts';
import { MOST_FILE_BYTES } from '../manifest/index.ts';
import type { FirmwareManifest } from '../manifest/index.ts';
import { realTime } from '../usb/index.ts';
import type { CancelSignal } from '../usb/index.ts';
import type { Choice, Looked } from './chosen-file.ts';
import { lookInto, otherModeOf } from './devices.ts';
import type { Surroundings } from './devices.ts';
import { endedBadly } from './endings.ts';
import { asDfuError, problemOf } from './failure.ts';
import { fileName } from './file-name.ts';
import { findDevice } from './find-device.ts';
import type { FlashFlow, FlowOptions } from './flow.ts';
import { FlowLog } from './flow-log.ts';
import type { FlowDevice, FlowErase, FlowOffer, FlowProblem, FlowState } from './flow-state.ts';
import { FlowStore } from './flow-store.ts';
import { said } from './flow-text.ts';
import { lookAtFile } from './look-at-file.ts';
import { parts } from './parts.ts';
import { ProgressMeter } from './progress.ts';
import { sendFile } from './send-file.ts';

/** How long the application is waited for unless told otherwise, in ms: a swap of two slots takes its time. */
const APPLICATION_MS = 30_000;

/**
 * A flow over a bus. Nothing is asked of the bus before `connect`. Throws `INVALID_ARGUMENT` without a bus.
 */
export function flashFlow(options: FlowOptions): FlashFlow {
  const { bus } = options as { readonly bus?: unknown };
  if (typeof bus !== 'object' || bus === null || !('list' in bus)) {
    throw new DfuError('INVALID_ARGUMENT', `bus: expected a UsbBus, got ${typeof bus}`);
  }
  return new Flow(options);
}

const idle = (problem?: FlowProblem): FlowState => ({ step: 'idle', problem });

class Flow implements FlashFlow {
  readonly #options: FlowOptions;
  #around: Surroundings;
  readonly #log: FlowLog;
  readonly #store: FlowStore;
  #looked: Looked | undefined;
  #permission: Extract<HostEvent, { readonly type: 'permission' }> | undefined;
  #isAsking = false;
  /** Stops looking whether the device leaves while a person looks at it. */
  #unwatch: () => void = () => {};

  constructor(options: FlowOptions) {
    const { bus, filters, clock = realTime(), maskSerials = false } = options;
    this.#options = options;
    this.#around = { bus, clock, catalogue: undefined, filters };
    this.#log = new FlowLog(clock, maskSerials);
    this.#store = new FlowStore(this.#log);
  }

  get state(): FlowState {
    return this.#store.state;
  }

  subscribe(listener: (state: FlowState) => void): () => void {
    return this.#store.subscribe(listener);
  }

  async connect({
    another = false,
  }: { readonly another?: boolean | undefined } = {}): Promise<void> {
    this.#store.demand('connect', 'idle', 'unsupported', 'ended');
    const { manifest } = this.#options;
    const isAhead = manifest === undefined || this.#around.catalogue !== undefined;
    await this.#store.during({ step: 'connecting' }, (signal) =>
      isAhead ? this.#find(another, signal) : this.#findBy(manifest, another, signal),
    );
    this.#watch();
  }

  #find(another: boolean, signal: CancelSignal): Promise<FlowState> {
    const connected = (device: FlowDevice): FlowState => this.#connected(device);
    return findDevice({ around: this.#around, another, connected }, signal);
  }

  /** The same, once the manifest can be asked. */
  async #findBy(
    manifest: FirmwareManifest,
    another: boolean,
    signal: CancelSignal,
  ): Promise<FlowState> {
    try {
      const { catalogueOf } = await parts.catalogue({ clock: this.#around.clock, signal });
      this.#around = { ...this.#around, catalogue: catalogueOf(manifest) };
    } catch (thrown) {
      const error = asDfuError(thrown);
      return error.code === 'ABORTED' ? idle() : idle(problemOf(error, 'connect-failed'));
    }
    return this.#find(another, signal);
  }

  async chooseDevice(device: FlowDevice): Promise<void> {
    const { devices } = this.#store.demand('chooseDevice', 'choosing');
    if (!devices.includes(device)) {
      throw new DfuError(
        'INVALID_ARGUMENT',
        'chooseDevice: expected one of the devices of the state',
      );
    }
    this.#store.go(this.#connected(device));
    this.#watch();
    await Promise.resolve();
  }

  async chooseOffer(offer: FlowOffer): Promise<void> {
    const { device } = this.#store.demand('chooseOffer', 'connected', 'chosen');
    const { barred, file } = offer;
    if (barred !== undefined) throw new DfuError('INVALID_ARGUMENT', `chooseOffer: ${barred.text}`);
    const name = fileName(file.url);
    const { catalogue, clock } = this.#around;
    const terms = { clock, fetchFile: this.#options.fetchFile, images: parts.images };
    await this.#read(device, name, async (signal) => {
      const fetched = await catalogue?.fetched(offer, terms, signal);
      if (fetched === undefined) return this.#connected(device);
      if ('problem' in fetched) return this.#connected(device, fetched.problem);
      const { alternate = this.#options.alternate, address = this.#options.address } = file;
      const erase = file.erase === 'all' ? 'all' : 'needed';
      const { bytes, check } = fetched;
      return this.#looks(device, { name, bytes, offer, check, alternate, erase, address }, signal);
    });
  }

  async chooseFile(name: string, bytes: Uint8Array): Promise<void> {
    const { device } = this.#store.demand('chooseFile', 'connected', 'chosen');
    if (!ArrayBuffer.isView(bytes)) {
      throw new DfuError('INVALID_ARGUMENT', `chooseFile: expected bytes, got ${typeof bytes}`);
    }
    if (bytes.length > MOST_FILE_BYTES) {
      const values = { name, bytes: bytes.length, most: MOST_FILE_BYTES };
      const problem: FlowProblem = { code: 'OUT_OF_RANGE', said: said('file-too-large', values) };
      this.#store.go(this.#connected(device, problem));
      return;
    }
    const { alternate, address } = this.#options;
    const own = { name, bytes: bytes.slice(), offer: undefined, check: undefined };
    const choice: Choice = { ...own, alternate, address, erase: 'needed' };
    await this.#read(device, name, (signal) => this.#looks(device, choice, signal));
  }

  async chooseAlternate(alternate: number): Promise<void> {
    const { device, file } = this.#store.demand('chooseAlternate', 'chosen');
    if (!file.alternates.some((each) => each.alternate === alternate)) {
      const there = file.alternates.map((each) => each.alternate).join(', ');
      const message = `chooseAlternate: expected one of "${there}", got ${alternate}`;
      throw new DfuError('INVALID_ARGUMENT', message);
    }
    await this.#lookAgain(device, { alternate });
  }

  async chooseErase(erase: FlowErase): Promise<void> {
    const { device, file } = this.#store.demand('chooseErase', 'chosen');
    if (file.erase === undefined || (erase !== 'needed' && erase !== 'all')) {
      throw new DfuError('INVALID_ARGUMENT', 'chooseErase: there is no such choice');
    }
    await this.#lookAgain(device, { erase });
  }

  async flash(): Promise<void> {
    const { device, file } = this.#store.demand('flash', 'chosen');
    const looked = this.#looked;
    if (looked?.plan === undefined) {
      throw new DfuError('INVALID_ARGUMENT', 'flash: the file that is chosen cannot be sent so');
    }
    this.#unwatch();
    const { waitForApplication = true, applicationMs = APPLICATION_MS, verify } = this.#options;
    const meter = new ProgressMeter(
      this.#around.clock,
      device.mode === 'runtime' ? 'detach' : 'prepare',
    );
    const working = (): FlowState => ({ step: 'working', device, file, progress: meter.progress });
    const job = {
      around: this.#around,
      device,
      choice: looked.choice,
      plan: looked.plan,
      applicationMs: waitForApplication ? applicationMs : undefined,
      mustVerify: verify === true,
      onEvent: (event: HostEvent) => {
        this.#hear(event);
        if (meter.hear(event)) this.#store.go(working());
      },
    };
    await this.#store.during(working(), async (signal) => {
      const sent = await sendFile(job, signal);
      this.#permission = undefined;
      if ('ending' in sent) return { step: 'ended', device, file, ending: sent.ending };
      return this.#inDfuMode(sent.lookAgainAt, device, looked, signal);
    });
    this.#watch();
  }

  async allow(): Promise<void> {
    const asked = this.#permission;
    const state = this.#store.demand('allow', 'working');
    if (asked === undefined || state.progress.phase !== 'permission' || this.#isAsking) {
      const message = 'allow: nobody is asked for anything now';
      throw new DfuError('INVALID_ARGUMENT', message);
    }
    this.#isAsking = true;
    try {
      await this.#options.bus.request?.(otherModeOf(state.device) ?? asked.filters);
    } catch (error) {
      // It may be asked for again, by the next click.
      this.#log.add(`permission: ${asDfuError(error).message}`);
    } finally {
      this.#isAsking = false;
    }
  }

  async cancel(): Promise<void> {
    const { step } = this.#store.state;
    if (step === 'idle' || step === 'unsupported' || step === 'ended') return;
    this.#log.add('cancelled');
    if (step === 'working') await this.#store.cancel();
    else await this.#store.leave(idle());
    this.#watch();
  }

  log(): string {
    return this.#log.text();
  }

  #hear(event: HostEvent): void {
    this.#log.event(event);
    if (event.type === 'permission') this.#permission = event;
    const { onEvent } = this.#options;
    if (onEvent !== undefined) this.#store.guarded(() => onEvent(event));
  }

  #connected(device: FlowDevice, problem?: FlowProblem): FlowState {
    this.#looked = undefined;
    const offers = this.#around.catalogue?.offersOf(this.#options.channel, device) ?? [];
    return { step: 'connected', device, offers, problem };
  }

  /** Does what leads to a file that is chosen, or to a problem with it. */
  async #read(
    device: FlowDevice,
    name: string,
    work: (signal: CancelSignal) => Promise<FlowState>,
  ): Promise<void> {
    await this.#store.during({ step: 'reading', device, name }, async (signal) => {
      try {
        return await work(signal);
      } catch (thrown) {
        const error = asDfuError(thrown);
        if (error.code === 'ABORTED') return idle();
        return this.#connected(device, problemOf(error, 'file-not-fetched', name));
      }
    });
  }

  async #looks(device: FlowDevice, choice: Choice, signal: CancelSignal): Promise<FlowState> {
    const { expectedKeys = [], verify } = this.#options;
    const terms = { around: this.#around, expectedKeys, verify };
    const looked = await lookAtFile({ device, choice, terms }, signal);
    this.#looked = looked;
    return { step: 'chosen', device, file: looked.file };
  }

  async #lookAgain(
    device: FlowDevice,
    more: Partial<Pick<Choice, 'alternate' | 'erase'>>,
  ): Promise<void> {
    const looked = this.#looked;
    if (looked === undefined) return;
    const choice = { ...looked.choice, ...more };
    await this.#read(device, choice.name, (signal) => this.#looks(device, choice, signal));
  }

  /** The device is in DFU mode now, and says what a person has to choose of. */
  async #inDfuMode(
    deviceId: string,
    was: FlowDevice,
    { choice, file }: Looked,
    signal: CancelSignal,
  ): Promise<FlowState> {
    try {
      const all = await this.#around.bus.list();
      const here = all.filter(({ id }) => id === deviceId);
      const { devices, strangers } = await lookInto(this.#around, here, signal);
      const [device] = [...devices, ...strangers];
      if (device === undefined) throw new DfuError('DISCONNECTED', 'the device has left again');
      const { board, isBoardSaid, name } = was;
      const known = { board, isBoardSaid, name };
      return await this.#looks({ ...device, ...known }, choice, signal);
    } catch (thrown) {
      return { step: 'ended', device: was, file, ending: endedBadly(asDfuError(thrown)) };
    }
  }

  /** Looks whether the device leaves while a person looks at it; nothing is begun then. */
  #watch(): void {
    this.#unwatch();
    this.#unwatch = () => {};
    const { state } = this;
    if (state.step !== 'connected' && state.step !== 'chosen') return;
    const deviceId = state.device.interfaces[0]?.deviceId;
    this.#unwatch = this.#around.bus.watch((event) => {
      if (event.type !== 'detached' || event.id !== deviceId) return;
      this.#unwatch();
      const problem: FlowProblem = { code: 'DISCONNECTED', said: said('device-left') };
      void this.#store.leave(idle(problem));
    });
  }
}
