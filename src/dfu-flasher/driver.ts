import { DfuError } from '../bytes/index.ts';
import { flashFlow } from '../flow/index.ts';
import type {
  FlashFlow,
  FlowDevice,
  FlowErase,
  FlowFile,
  FlowOffer,
  FlowState,
  FlowText,
} from '../flow/index.ts';
import { webUsbBus } from '../link/web-usb/index.ts';
import type { FirmwareManifest } from '../manifest/index.ts';
import type { UsbBus } from '../usb/index.ts';
import type { DfuFlasherEventMap } from './dfu-flasher-element.ts';
import { fileAt, fileOf } from './own-file.ts';
import type { OwnFile } from './own-file.ts';
import type { FlasherSettings, Prepared, Unsupported } from './settings.ts';
import { Setup } from './setup.ts';

/** Whose driver it is: shows what it comes to. */
interface DriverOwner {
  changed(): void;
  tell<K extends keyof DfuFlasherEventMap>(type: K, detail: DfuFlasherEventMap[K]['detail']): void;
  /** The sentence for why nothing can be flashed from here. */
  unsupportedText(why: Unsupported): string;
  tooLargeText(name: string): string;
}

const idle: FlowState = { step: 'idle', problem: undefined };

/** From a page's settings to a flow: makes the flow, and carries out what a person does. */
export class FlasherDriver {
  readonly #owner: DriverOwner;
  readonly #setup: Setup;
  #flow: FlashFlow | undefined;
  #bus: UsbBus | undefined;
  #unsubscribe: (() => void) | undefined;
  /** Of a flow before, which still has the device. */
  #lettingGo: Promise<void> = Promise.resolve();
  /** The flow was made of other settings than there are now. */
  #isStale = false;
  #isHere = false;
  #choice = 0;
  #choosing: Promise<void> = Promise.resolve();
  state: FlowState = idle;
  /** What could not be had of a file that is to be chosen. */
  fileProblem: string | undefined;
  offers: readonly FlowOffer[] = [];
  /** What was chosen last; it stays while it is looked at once more, for another place. */
  file: FlowFile | undefined;
  isStopping = false;

  constructor(owner: DriverOwner) {
    this.#owner = owner;
    this.#setup = new Setup(() => owner.changed());
  }

  get isLoading(): boolean {
    return this.#setup.isLoading;
  }

  /** What is wrong with the settings. */
  get problem(): string | undefined {
    return this.#setup.problem;
  }

  get manifest(): FirmwareManifest | undefined {
    return this.#setup.prepared?.manifest;
  }

  get isReady(): boolean {
    const { prepared } = this.#setup;
    return prepared !== undefined && prepared.unsupported === undefined;
  }

  /** The page has one file and no manifest. */
  get hasSource(): boolean {
    const { prepared } = this.#setup;
    return prepared?.manifest === undefined && prepared?.settings.src !== undefined;
  }

  /** A person can be asked for another device. */
  get hasOthers(): boolean {
    return this.#bus?.request !== undefined;
  }

  get #isWorking(): boolean {
    return this.state.step === 'working';
  }

  get #isWaitingForPermission(): boolean {
    return this.state.step === 'working' && this.state.progress.phase === 'permission';
  }

  /** The page, or its manifest, says where a file goes: nobody else has to. */
  get isPlaceGiven(): boolean {
    const alternate = this.file?.offer?.file.alternate ?? this.#setup.prepared?.settings.alt;
    return alternate !== undefined;
  }

  get isReading(): boolean {
    return this.state.step === 'reading';
  }

  get #canChoose(): boolean {
    return this.state.step === 'connected' || this.state.step === 'chosen';
  }

  /** Takes settings; what was made of others goes, unless it is at work on a device, or shows how that ended. */
  async set(settings: FlasherSettings): Promise<void> {
    this.#isStale = true;
    if (!this.#isWorking && this.state.step !== 'ended') this.#leave();
    await this.#setup.load(settings, (why) => {
      if (this.state.step === 'idle') this.#showUnsupported(why);
    });
    const { problem } = this.#setup;
    if (problem !== undefined) this.#owner.tell('dfu-problem', { message: problem });
  }

  #showUnsupported(why: Unsupported): void {
    const text = this.#owner.unsupportedText(why);
    const said: FlowText = { id: 'no-usb', text, values: { words: text } };
    this.#show({ step: 'unsupported', why, said });
  }

  #leave(): void {
    const flow = this.#flow;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#flow = undefined;
    if (flow !== undefined) this.#lettingGo = gone(this.#lettingGo, flow);
    this.#show(idle);
  }

  #show(state: FlowState): void {
    if (state === this.state) return;
    const stepBefore = this.state.step;
    this.state = state;
    if (state.step !== 'working') this.isStopping = false;
    if (state.step === 'connected') this.offers = state.offers;
    this.#keepFile(state);
    this.#owner.tell('dfu-state', state);
    if (state.step === 'working') this.#owner.tell('dfu-progress', state.progress);
    else if (state.step !== stepBefore) this.#tellStep(state);
    this.#owner.changed();
  }

  #keepFile(state: FlowState): void {
    if (state.step === 'reading' && state.name === this.file?.name) return;
    this.file = state.step === 'chosen' ? state.file : undefined;
  }

  #tellStep(state: FlowState): void {
    if (state.step === 'connected') this.#owner.tell('dfu-connected', state.device);
    if (state.step === 'chosen') this.#owner.tell('dfu-chosen', state.file);
    if (state.step === 'ended') this.#owner.tell('dfu-ended', state.ending);
  }

  async connect(another = false): Promise<void> {
    // A click that comes before the manifest is not lost.
    await this.#setup.settled();
    const { prepared } = this.#setup;
    const { step } = this.state;
    if (prepared === undefined || !this.isReady || (step !== 'idle' && step !== 'ended')) return;
    if (this.#flow === undefined || this.#isStale) this.#flow = this.#makeFlow(prepared);
    const flow = this.#flow;
    this.#isStale = false;
    this.fileProblem = undefined;
    await this.#lettingGo;
    // Another click, or other settings, may have come before.
    if (this.#flow !== flow || flow.state.step === 'connecting') return;
    await flow.connect({ another });
    if (this.#flow === flow) await this.#chooseAtOnce(prepared);
  }

  /** Lets go of this device and asks for one. */
  async connectAnother(): Promise<void> {
    await this.cancel();
    await this.connect(true);
  }

  async chooseDevice(device: FlowDevice): Promise<void> {
    const flow = this.#flow;
    const { prepared } = this.#setup;
    if (flow === undefined || prepared === undefined || this.state.step !== 'choosing') return;
    await flow.chooseDevice(device);
    if (this.#flow === flow) await this.#chooseAtOnce(prepared);
  }

  #makeFlow({ settings, manifest, fetchFile, filters, expectedKeys }: Prepared): FlashFlow {
    this.#unsubscribe?.();
    const { channel, verify, alt: alternate } = settings;
    const bus = settings.bus ?? webUsbBus();
    this.#bus = bus;
    const flow = flashFlow({
      bus,
      manifest,
      channel,
      filters,
      alternate,
      expectedKeys,
      verify,
      fetchFile,
      onEvent: (event) => this.#owner.tell('dfu-event', event),
    });
    this.#unsubscribe = flow.subscribe((state) => {
      this.#show(state);
      if (!this.#isHere) this.#leftAlone();
    });
    return flow;
  }

  /** What leaves a person no choice is chosen: the page's one file, or the manifest's only one for the device. */
  async #chooseAtOnce({ manifest }: Prepared): Promise<void> {
    if (this.state.step !== 'connected') return;
    if (manifest === undefined) {
      await this.fetchSource();
      return;
    }
    const [only, ...others] = this.offers.filter(({ barred }) => barred === undefined);
    if (only !== undefined && others.length === 0) await this.chooseOffer(only);
  }

  /** The page's one file, if it has one. */
  async fetchSource(): Promise<void> {
    const src = this.#setup.prepared?.settings.src;
    if (src !== undefined) await this.#chooseOwn(() => fileAt(src));
  }

  async chooseFile(file: File): Promise<void> {
    await this.#chooseOwn(() => fileOf(file, this.#owner.tooLargeText(file.name)));
  }

  async #chooseOwn(source: () => OwnFile): Promise<void> {
    const flow = this.#flow;
    this.fileFailed(undefined);
    try {
      const { name, bytes } = source();
      const all = await bytes();
      if (this.#flow === flow) await this.#choose((now) => now.chooseFile(name, all));
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      if (this.#flow === flow) this.fileFailed(error.message);
    }
  }

  fileFailed(message: string | undefined): void {
    this.fileProblem = message;
    this.#owner.changed();
  }

  /** The last of what is asked for counts, once what is being read has been read. */
  #choose(what: (flow: FlashFlow) => Promise<void>): Promise<void> {
    this.#choice += 1;
    const choice = this.#choice;
    const flow = this.#flow;
    const before = this.#choosing;
    const inTurn = async (): Promise<void> => {
      await before;
      const isWanted = choice === this.#choice && flow === this.#flow && this.#canChoose;
      if (flow !== undefined && isWanted) await what(flow);
    };
    this.#choosing = inTurn();
    return this.#choosing;
  }

  async chooseOffer(offer: FlowOffer): Promise<void> {
    this.fileProblem = undefined;
    await this.#choose((flow) => flow.chooseOffer(offer));
  }

  async chooseAlternate(alternate: number): Promise<void> {
    if (this.state.step === 'chosen') await this.#choose((flow) => flow.chooseAlternate(alternate));
  }

  async chooseErase(erase: FlowErase): Promise<void> {
    if (this.state.step === 'chosen') await this.#choose((flow) => flow.chooseErase(erase));
  }

  async flash(): Promise<void> {
    if (this.state.step === 'chosen' && this.state.file.isReady) await this.#flow?.flash();
  }

  async allow(): Promise<void> {
    if (this.#isWaitingForPermission) await this.#flow?.allow();
  }

  async cancel(): Promise<void> {
    if (this.#flow === undefined || this.state.step === 'ended') return;
    this.isStopping = this.#isWorking;
    this.#owner.changed();
    await this.#flow.cancel();
  }

  log(): string {
    return this.#flow?.log() ?? '';
  }

  /** It is in a page. */
  arrived(): void {
    this.#isHere = true;
  }

  /** It is in no page any more. What is being written is finished: a device that is half written helps nobody. */
  left(): void {
    this.#isHere = false;
    this.#leftAlone();
  }

  #leftAlone(): void {
    const { step } = this.state;
    const isDone = step === 'idle' || step === 'ended' || step === 'unsupported';
    if (isDone || (this.#isWorking && !this.#isWaitingForPermission)) return;
    // Nobody is there to choose a file or to give a permission.
    void this.cancel();
  }
}

/** Once that flow has let go of its device, and those before it of theirs. */
async function gone(before: Promise<void>, flow: FlashFlow): Promise<void> {
  await before;
  await flow.cancel();
}
