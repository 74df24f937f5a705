import { DfuRequest } from '../../dfu/index.ts';
import type { DfuInterface, HostEvent } from '../../host/index.ts';
import { formatUsbId, idDigits } from '../../usb/index.ts';
import { DfuError } from '../../bytes/index.ts';
import type { Output } from '../shared/terminal.ts';
import { ProgressBar } from './progress-bar.ts';
import { statusLine } from './status-words.ts';
import type { StatusNumbers } from './status-words.ts';
import type { Moment } from './watched-bus.ts';

/** How far it has come: what is said of one and the same request depends on it. */
type Phase =
  | 'finding'
  /** The device is in run-time mode and is asked out of it. */
  | 'detaching'
  | 'returning'
  /** In DFU mode, and brought to dfuIDLE. */
  | 'preparing'
  | 'moving'
  /** All data is in the device. */
  | 'ending'
  | 'leaving';

interface VoiceOptions {
  /** Milestones. */
  readonly out: Output;
  readonly err: Output;
  readonly verbose: number;
  readonly now: () => number;
}

type Progress = Extract<HostEvent, { readonly type: 'progress' }>;

/** Says what the host does and what the devices answer, in dfu-util's words. */
export class Voice {
  readonly verbose: number;
  readonly bar: ProgressBar;
  /** Called when the device is idle and its block size has been told. */
  onReady: () => void = () => {};
  /** What a bar counts where the host's own count is another. */
  onProgress: (progress: Progress) => void = () => {};
  /** True for what it has told in other words. */
  onNote: (message: string) => boolean = () => false;
  /** Of a DfuSe device the answers at its end are not told. */
  isDfuSe = false;
  /** What is told before the device is opened. */
  opening: readonly string[] = [];
  /** What is told of the block size besides the device's own. */
  sizeLines: readonly string[] = [];
  readonly #out: Output;
  readonly #err: Output;
  #phase: Phase = 'finding';
  #chosen: DfuInterface | undefined;
  #isReady = false;
  #status: StatusNumbers | undefined;
  #refusal: DfuError | undefined;
  #isEndRefused = false;

  constructor({ out, err, verbose, now }: VoiceOptions) {
    this.#out = out;
    this.#err = err;
    this.verbose = verbose;
    this.bar = new ProgressBar(out, now);
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The last answer to DFU_GETSTATUS. */
  get status(): StatusNumbers | undefined {
    return this.#status;
  }

  /** The last request that came to nothing. */
  get refusal(): DfuError | undefined {
    return this.#refusal;
  }

  /** Whether that was the empty block at the end of a download. */
  get isEndRefused(): boolean {
    return this.#isEndRefused;
  }

  /** A milestone. */
  say(line: string): void {
    this.#out.write(`${line}\n`);
  }

  /** dfu-util's own words on standard error. */
  warn(line: string): void {
    this.#err.write(`dfu-util: ${line}\n`);
  }

  /** What dfu-util has no words for. It never has what programs look for in a list, which may be read with all errors. */
  add(text: string): void {
    for (const line of text.split('\n')) {
      this.#err.write(`dfukit: ${line.replace(/Found (?=(?:DFU|Runtime): \[)/, '')}\n`);
    }
  }

  /** From now on the device is asked to leave. */
  beginLeaving(): void {
    this.#phase = 'leaving';
  }

  tell(event: HostEvent): void {
    switch (event.type) {
      case 'selected':
        this.#selected(event.interface);
        return;
      case 'ready':
        this.#ready();
        return;
      case 'progress':
        this.onProgress(event);
        return;
      case 'manifesting':
        this.bar.finish();
        if (!this.isDfuSe) this.#phase = 'ending';
        return;
      case 'note':
        if (!this.onNote(event.message)) this.add(event.message);
        return;
      // These dfu-util tells by what is on the wire.
      case 'waiting':
      case 'permission':
      case 'detaching':
      case 'returned':
      case 'downloaded':
      case 'uploaded':
      case 'application':
      case 'leaving':
        return;
      default:
        event satisfies never;
    }
  }

  #selected(entry: DfuInterface): void {
    const isBack = this.#phase === 'returning';
    this.#chosen = entry;
    this.#phase = entry.mode === 'runtime' ? 'detaching' : 'preparing';
    if (isBack) {
      this.say('Opening DFU USB Device...');
      return;
    }
    const { functional, interfaceNumber } = entry;
    const isRunTime = entry.mode === 'runtime' && interfaceNumber > 0;
    for (const line of this.opening) this.say(line);
    this.say('Opening DFU capable USB device...');
    this.say(`Device ID ${formatUsbId(entry)}`);
    const who = isRunTime ? 'Run-Time device' : 'Device';
    this.say(`${who} DFU version ${idDigits(functional.bcdDFUVersion)}`);
    if (this.verbose === 0) return;
    this.say(attributesLine(functional.bmAttributes));
    this.say(`Detach timeout ${functional.wDetachTimeOut} ms`);
  }

  #ready(): void {
    // A DfuSe file for several alternates is ready once more for each.
    if (this.#isReady) return;
    this.#isReady = true;
    this.#phase = 'moving';
    const { bcdDFUVersion, wTransferSize } = this.#chosen?.functional ?? {};
    this.say(`DFU mode device DFU version ${idDigits(bcdDFUVersion ?? 0)}`);
    this.say(`Device returned transfer size ${wTransferSize ?? 0}`);
    for (const line of this.sizeLines) this.say(line);
    this.onReady();
  }

  hear(moment: Moment): void {
    if (moment.type === 'status') this.#status = moment;
    if (moment.type === 'failed') {
      this.#refusal = DfuError.is(moment.error) ? moment.error : undefined;
      this.#isEndRefused = moment.isEmpty && moment.bRequest === DfuRequest.DNLOAD;
    }
    for (const line of this.#lines(moment)) this.say(line);
    if (moment.type !== 'request') return;
    // The next block is another matter.
    if (BLOCKS.has(moment.bRequest)) this.#refusal = undefined;
    if (moment.bRequest === DfuRequest.DETACH && this.#phase === 'detaching')
      this.#phase = 'returning';
  }

  #lines(moment: Moment): readonly string[] {
    switch (this.#phase) {
      case 'detaching':
        return this.#whileDetaching(moment);
      case 'returning':
        return moment.type === 'resetting' ? ['Resetting USB...'] : [];
      case 'preparing':
        return whilePreparing(moment);
      case 'ending':
        if (moment.type === 'status') return [statusLine(moment)];
        return moment.type === 'resetting' ? ['Resetting USB to switch back to runtime mode'] : [];
      case 'leaving':
      case 'finding':
      case 'moving':
        return [];
      default:
        return this.#phase satisfies never;
    }
  }

  #whileDetaching(moment: Moment): readonly string[] {
    switch (moment.type) {
      case 'claiming':
        return ['Claiming USB DFU (Run-Time) Interface...'];
      case 'selecting':
        return ['Setting Alternate Interface zero...'];
      case 'failed':
        return ['Device does not implement get_status, assuming appIDLE'];
      case 'status':
        return [statusLine(moment)];
      case 'request': {
        if (moment.bRequest === DfuRequest.GETSTATUS) return ['Determining device status...'];
        const detach = 'Device really in Run-Time Mode, send DFU detach request...';
        const leavesByItself = this.#chosen?.functional.bmAttributes.willDetach === true;
        return leavesByItself ? [detach, 'Device will detach and reattach...'] : [detach];
      }
      case 'resetting':
        return [];
      default:
        return moment satisfies never;
    }
  }
}

function whilePreparing(moment: Moment): readonly string[] {
  switch (moment.type) {
    case 'claiming':
      return ['Claiming USB DFU Interface...'];
    case 'selecting':
      return [`Setting Alternate Interface #${moment.alternate} ...`];
    case 'status':
      return [statusLine(moment)];
    case 'request':
      return requestLines.get(moment.bRequest) ?? [];
    case 'failed':
    case 'resetting':
      return [];
    default:
      return moment satisfies never;
  }
}

const BLOCKS: ReadonlySet<number> = new Set([DfuRequest.DNLOAD, DfuRequest.UPLOAD]);

const requestLines: ReadonlyMap<number, readonly string[]> = new Map([
  [DfuRequest.GETSTATUS, ['Determining device status...']],
  [DfuRequest.CLRSTATUS, ['Clearing status']],
  [DfuRequest.ABORT, ['Aborting previous incomplete transfer']],
]);

const ATTRIBUTES = [
  ['canDnload', 'bitCanDnload'],
  ['canUpload', 'bitCanUpload'],
  ['manifestationTolerant', 'bitManifestationTolerant'],
  ['willDetach', 'bitWillDetach'],
] as const;

/** `DFU attributes: (0x03) bitCanDnload bitCanUpload`. */
function attributesLine(attributes: DfuInterface['functional']['bmAttributes']): string {
  const bits = ATTRIBUTES.map(([key], at) => (attributes[key] ? 1 << at : 0));
  const byte = bits.reduce((sum, bit) => sum + bit, 0);
  const names = ATTRIBUTES.filter(([key]) => attributes[key]).map(([, name]) => ` ${name}`);
  return `DFU attributes: (0x${byte.toString(16).padStart(2, '0')})${names.join('')}`;
}
