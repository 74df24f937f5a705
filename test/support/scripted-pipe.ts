import { DfuError } from '../../src/bytes/index.ts';
import { dfuRequestName, stateNumber, statusAnswer } from '../../src/dfu/index.ts';
import type { DfuState } from '../../src/dfu/index.ts';
import {
  TRANSFER_TIMEOUT_MS,
  decodeConfiguration,
  encodeConfiguration,
  encodeString,
  sleep,
} from '../../src/usb/index.ts';
import type {
  BusDevice,
  BusEvent,
  CancelSignal,
  ControlPipe,
  ControlRequest,
  DeviceDescriptor,
  PortLocation,
  TransferOptions,
  UsbBus,
  VirtualClock,
} from '../../src/usb/index.ts';

/** What a scripted device does with a transfer. `gone` also ends the pipe, `silent` takes its time-out. */
export type Answer = Uint8Array | 'ok' | 'stall' | 'silent' | 'gone' | 'broken';

/** One transfer that is expected, in words (`DNLOAD 0 64`), and what comes of it. */
export type Line = readonly [request: string, answer: Answer];

/** A DFU_GETSTATUS answer. */
export function status(
  state: DfuState,
  {
    bStatus = 0,
    pollMs = 0,
    iString = 0,
  }: { bStatus?: number; pollMs?: number; iString?: number } = {},
): Uint8Array {
  const answer = { bStatus, bwPollTimeout: pollMs, bState: stateNumber(state), iString };
  return statusAnswer.encode(answer);
}

/** Gives promises, and whatever they start, a turn. */
export function turn(): Promise<void> {
  return new Promise((done) => {
    setImmediate(done);
  });
}

/** Runs work on virtual time. */
export function onClock<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  return clock.run(work, turn);
}

const deviceWords: DeviceDescriptor = {
  bcdUSB: 0x0200,
  bDeviceClass: 0,
  bDeviceSubClass: 0,
  bDeviceProtocol: 0,
  bMaxPacketSize0: 64,
  idVendor: 0x1209,
  idProduct: 0x7d02,
  bcdDevice: 0x0100,
  iManufacturer: 0,
  iProduct: 0,
  iSerialNumber: 3,
  bNumConfigurations: 1,
};

/** How a scripted device is made. */
export interface DeviceWords {
  readonly id?: string;
  readonly path?: string;
  readonly descriptor?: Partial<DeviceDescriptor>;
  /** Answers every standard request; class requests go by the script. */
  readonly standard?: (request: ControlRequest, length: number) => Answer;
  readonly script?: readonly Line[];
  /** On which silence lasts as long as a transfer may take; without it, no time. */
  readonly clock?: VirtualClock;
  /** On that clock, how late each answer to a standard request is, in ms. */
  readonly lateMs?: number;
  /** How long each class request takes to be answered. */
  readonly answerMs?: number;
  readonly open?: () => void;
  readonly reset?: () => 'same' | 'gone';
}

/** A device that answers what a test wrote down, in that order, and nothing else. */
export class ScriptedBusDevice implements BusDevice, ControlPipe {
  readonly id: string;
  readonly location: PortLocation;
  readonly speed = 'full' as const;
  readonly descriptor: DeviceDescriptor;
  readonly gone: Promise<void>;
  /** Everything that is no class request: `claim 0`, `alternate 0 1`, `reset`, `close`. */
  readonly log: string[] = [];
  /** The data of each DNLOAD, copied. */
  readonly sent: Uint8Array[] = [];
  leave: () => void = () => {};
  readonly #words: DeviceWords;
  #at = 0;

  constructor(words: DeviceWords = {}) {
    this.#words = words;
    this.id = words.id ?? 'device-1';
    this.location = { bus: 1, address: 5, path: words.path ?? '1-4.2' };
    this.descriptor = { ...deviceWords, ...words.descriptor };
    this.gone = new Promise((resolve) => {
      this.leave = resolve;
    });
  }

  /** Lines of the script that have not been asked for. */
  get rest(): readonly Line[] {
    return this.#words.script?.slice(this.#at) ?? [];
  }

  get device(): BusDevice {
    return this;
  }

  open(): Promise<ControlPipe> {
    return this.#soon(() => {
      this.#words.open?.();
      this.log.push('open');
      return this;
    });
  }

  async controlIn(
    request: ControlRequest,
    length: number,
    options?: TransferOptions,
  ): Promise<Uint8Array> {
    const answer = await this.#answer(request, length, options);
    return typeof answer === 'string' ? new Uint8Array(0) : answer.subarray(0, length);
  }

  async controlOut(
    request: ControlRequest,
    data: Uint8Array,
    options?: TransferOptions,
  ): Promise<number> {
    if (dfuRequestName(request.bRequest) === 'DNLOAD') this.sent.push(data.slice());
    await this.#answer(request, data.length, options);
    return data.length;
  }

  async #answer(
    request: ControlRequest,
    length: number,
    { timeoutMs = TRANSFER_TIMEOUT_MS, signal }: TransferOptions = {},
  ): Promise<Uint8Array | 'ok'> {
    await Promise.resolve();
    const isClass = (request.bmRequestType & 0x60) === 0x20;
    const { lateMs = 0 } = this.#words;
    if (!isClass && lateMs > 0) await this.#silence(Math.min(lateMs, timeoutMs), signal);
    if (!isClass && lateMs >= timeoutMs) throw new DfuError('TIMEOUT', 'scripted delay');
    const { answerMs = 0 } = this.#words;
    if (isClass && answerMs > 0) await this.#silence(answerMs, signal);
    const answer = isClass
      ? this.#next(request, length)
      : (this.#words.standard?.(request, length) ?? 'stall');
    switch (answer) {
      case 'stall':
        throw new DfuError('STALLED', 'scripted stall');
      case 'silent':
        await this.#silence(timeoutMs, signal);
        throw new DfuError('TIMEOUT', 'scripted silence');
      case 'broken':
        throw new DfuError('IO', 'scripted breakdown');
      case 'gone':
        this.leave();
        throw new DfuError('DISCONNECTED', 'scripted departure');
      case 'ok':
        return answer;
      default:
        return answer satisfies Uint8Array;
    }
  }

  #silence(ms: number, signal: CancelSignal | undefined): Promise<void> {
    const { clock } = this.#words;
    return clock === undefined ? Promise.resolve() : sleep(clock, ms, signal);
  }

  #next({ bRequest, wValue }: ControlRequest, length: number): Answer {
    const name = dfuRequestName(bRequest) ?? String(bRequest);
    const block = name === 'DNLOAD' || name === 'UPLOAD' ? ` ${wValue} ${length}` : '';
    const got = name === 'DETACH' ? `DETACH ${wValue}` : `${name}${block}`;
    const next = this.#words.script?.[this.#at];
    this.#at += 1;
    if (next === undefined || next[0] !== got) {
      throw new Error(`the script has ${next?.[0] ?? 'its end'} where ${got} came`);
    }
    return next[1];
  }

  claimInterface(interfaceNumber: number): Promise<void> {
    return this.#note(`claim ${interfaceNumber}`);
  }

  releaseInterface(interfaceNumber: number): Promise<void> {
    return this.#note(`release ${interfaceNumber}`);
  }

  selectAlternate(interfaceNumber: number, alternate: number): Promise<void> {
    return this.#note(`alternate ${interfaceNumber} ${alternate}`);
  }

  reset(): Promise<'same' | 'gone'> {
    return this.#soon(() => {
      this.log.push('reset');
      const port = this.#words.reset?.() ?? 'same';
      if (port === 'gone') this.leave();
      return port;
    });
  }

  close(): Promise<void> {
    return this.#note('close');
  }

  #note(line: string): Promise<void> {
    this.log.push(line);
    return Promise.resolve();
  }

  async #soon<T>(work: () => T): Promise<T> {
    await Promise.resolve();
    return work();
  }
}

/** A bus whose devices come and go as a test says. */
export class ScriptedBus implements UsbBus {
  readonly devices: BusDevice[] = [];
  readonly #listeners = new Set<(event: BusEvent) => void>();

  constructor(...devices: readonly BusDevice[]) {
    this.devices.push(...devices);
  }

  list(): Promise<BusDevice[]> {
    return Promise.resolve([...this.devices]);
  }

  watch(listener: (event: BusEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many listen: none may be left behind. */
  get listeners(): number {
    return this.#listeners.size;
  }

  attach(device: BusDevice): void {
    this.devices.push(device);
    for (const listener of this.#listeners) listener({ type: 'attached', device });
  }

  detach(id: string): void {
    this.devices.splice(0, this.devices.length, ...this.devices.filter((each) => each.id !== id));
    for (const listener of this.#listeners) listener({ type: 'detached', id });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** One alternate of a DFU interface, for `dfuStandard`. */
interface Alternate {
  readonly name?: string;
  /** The functional descriptor behind it, if any. */
  readonly functional?: Uint8Array;
}

/** What `dfuStandard` answers with. */
export interface StandardWords {
  readonly protocol: 1 | 2;
  readonly alternates: readonly Alternate[];
  readonly serial?: string;
  /** The configuration's bytes as the device gives them, if they are not honest. */
  readonly spoil?: (configuration: Uint8Array) => Uint8Array;
  /** What GET_DESCRIPTOR(0x21) brings; default a stall. */
  readonly functional?: Answer;
}

/** Answers of a DFU device to GET_DESCRIPTOR: strings 3 (serial), 10, 11, … (alternates). */
export function dfuStandard(words: StandardWords): (request: ControlRequest) => Answer {
  const settings = words.alternates.map(({ functional, name }, index) => ({
    descriptor: {
      bInterfaceNumber: 0,
      bAlternateSetting: index,
      bNumEndpoints: 0,
      bInterfaceClass: 0xfe,
      bInterfaceSubClass: 1,
      bInterfaceProtocol: words.protocol,
      iInterface: name === undefined ? 0 : 10 + index,
    },
    extra: functional === undefined ? [] : [functional],
  }));
  const head = { bConfigurationValue: 1, iConfiguration: 0, bmAttributes: 0x80, bMaxPower: 50 };
  const honest = encodeConfiguration(head, settings);
  decodeConfiguration(honest);
  const configuration = words.spoil?.(honest) ?? honest;
  return ({ bRequest, wValue }) => {
    if (bRequest !== 6) return 'ok';
    const index = wValue & 0xff;
    switch (wValue >> 8) {
      case 2:
        return configuration;
      case 3: {
        if (index === 0) return Uint8Array.of(4, 3, 0x07, 0x04);
        const text = index === 3 ? words.serial : words.alternates[index - 10]?.name;
        return text === undefined ? 'stall' : encodeString(text);
      }
      case 0x21:
        return words.functional ?? 'stall';
      default:
        return 'stall';
    }
  };
}
