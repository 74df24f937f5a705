import { DfuError } from '../bytes/index.ts';
import { DfuRequest } from '../dfu/index.ts';
import {
  DIRECTION_IN,
  Recipient,
  RequestType,
  TRANSFER_TIMEOUT_MS,
  throwIfAborted,
  until,
} from '../usb/index.ts';
import type {
  BusDevice,
  CancelSignal,
  Clock,
  ControlPipe,
  TransferOptions,
  UsbBus,
} from '../usb/index.ts';
import { quirkOf } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { QuirkRow } from './quirks/index.ts';
import { closeQuietly } from './scan.ts';
import type { ResetOutcome } from './steps.ts';
import { descriptorLimit, openLimits, transferLimit } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';
import { Stopwatch } from './time-spent.ts';

const CLASS_OUT = RequestType.class | Recipient.interface;
const CLASS_IN = DIRECTION_IN | CLASS_OUT;
const NOTHING = new Uint8Array(0);

export interface SessionOptions {
  readonly clock: Clock;
  /** Most time that one control transfer may take, in ms. Default 5000. */
  readonly transferMs?: number | undefined;
  /** Limits of time phase by phase; what is there counts before the others. */
  readonly limits?: TimeLimits | undefined;
  /** What the device was before it went to DFU mode: a file may be for its ids there. */
  readonly was?: DfuInterface | undefined;
  /** How long it took until it was back in DFU mode, in ms. */
  readonly returnedMs?: number | undefined;
  /** Where it was found: whether a device that is gone has left is asked there. */
  readonly bus?: UsbBus | undefined;
  /** Where places tell nothing: ids of the devices that are there besides, none of which is it. */
  readonly besides?: ReadonlySet<string> | undefined;
  /** What is known of devices besides the table of quirks; it counts first. */
  readonly quirks?: readonly QuirkRow[] | undefined;
}

/** How a request goes out. */
export interface OutOptions {
  readonly signal?: CancelSignal | undefined;
  /** Default: the number of the interface. */
  readonly wIndex?: number | undefined;
}

/** How long an answer is waited for. */
export interface AnswerOptions extends TransferOptions {
  /** Where the usual time may be too short. */
  readonly leastTimeoutMs?: number | undefined;
}

/** An open DFU interface: claimed, its alternate selected, ready for class requests. */
export class DfuSession {
  readonly clock: Clock;
  readonly pipe: ControlPipe;
  /** What the device was in run-time mode, if it has been asked out of it. */
  readonly was: DfuInterface | undefined;
  /** Where it was found, if that is known. */
  readonly bus: UsbBus | undefined;
  /** Where places tell nothing: which others were there when it was opened. */
  readonly besides: ReadonlySet<string> | undefined;
  /** What is known of devices besides the table of quirks. */
  readonly quirks: readonly QuirkRow[];
  /** Where the time goes. */
  readonly watch: Stopwatch;
  #interface: DfuInterface;
  /** Most time that one control transfer may take, in ms. */
  readonly transferMs: number;
  /** The same for one descriptor. */
  readonly descriptorMs: number;
  /** What else was said about limits of time. */
  readonly limits: TimeLimits;
  readonly #transfer: TransferOptions;
  readonly #waiting = new Set<() => void>();
  #left = false;
  #changes = 0;
  #moved = false;

  private constructor(pipe: ControlPipe, chosen: DfuInterface, options: SessionOptions) {
    this.pipe = pipe;
    this.#interface = chosen;
    this.clock = options.clock;
    this.was = options.was;
    this.bus = options.bus;
    this.besides = options.besides;
    this.quirks = options.quirks ?? [];
    this.watch = new Stopwatch(options.clock, options.returnedMs);
    this.limits = options.limits ?? {};
    this.transferMs = transferLimit(options) ?? TRANSFER_TIMEOUT_MS;
    this.descriptorMs = descriptorLimit(options) ?? TRANSFER_TIMEOUT_MS;
    this.#transfer = { timeoutMs: this.transferMs };
    // `gone` never rejects; one listener serves all the waits of a long download.
    void pipe.gone.then(() => this.#leave());
  }

  /** Opens, claims, selects the alternate. Throws `ACCESS`, `BUSY`, `DISCONNECTED`. */
  static async open(
    device: BusDevice,
    chosen: DfuInterface,
    options: SessionOptions,
  ): Promise<DfuSession> {
    const pipe = await device.open(openLimits(descriptorLimit(options)));
    const session = new DfuSession(pipe, chosen, options);
    try {
      await session.#claim();
    } catch (error) {
      await closeQuietly(session.pipe);
      throw error;
    }
    return session;
  }

  /** What it talks to. */
  get interface(): DfuInterface {
    return this.#interface;
  }

  /** Goes to another alternate setting of the same interface. Throws what the pipe throws. */
  async switchTo(entry: DfuInterface): Promise<void> {
    if (entry.alternate === this.#interface.alternate) return;
    await this.pipe.selectAlternate(entry.interfaceNumber, entry.alternate);
    this.#interface = entry;
  }

  /** True once the device has left the bus or the pipe was closed. */
  get left(): boolean {
    return this.#left;
  }

  /** How many requests have been sent that may have changed the device's memory. */
  get changes(): number {
    return this.#changes;
  }

  /** Such a request is about to be sent. To a device that has left none is. */
  noteChange(): void {
    if (!this.#left) this.#changes += 1;
  }

  async #claim(): Promise<void> {
    const { interfaceNumber, alternate, alternates, mode } = this.interface;
    await this.pipe.claimInterface(interfaceNumber);
    if (mode === 'runtime' && alternates === 1) return;
    try {
      await this.pipe.selectAlternate(interfaceNumber, alternate);
    } catch (error) {
      // With one alternate there is nothing to select. RIOT needs the request all the same, and on
      // macOS it fails (libusb issue 1011).
      if (alternates > 1 || !DfuError.is(error) || error.code === 'DISCONNECTED') throw error;
    }
  }

  /** A class request with data, or without. Throws what the pipe throws. */
  async out(
    bRequest: number,
    wValue: number,
    data?: Uint8Array,
    { signal, wIndex = this.interface.interfaceNumber }: OutOptions = {},
  ): Promise<void> {
    const request = { bmRequestType: CLASS_OUT, bRequest, wValue, wIndex };
    const bytes = data ?? NOTHING;
    const taken = await this.pipe.controlOut(request, bytes, this.#options(undefined, signal));
    if (taken !== bytes.length) {
      const message = `control transfer: the device took ${taken} of ${bytes.length} bytes`;
      throw new DfuError('PROTOCOL', message);
    }
    this.#moves(bRequest);
  }

  /** A class request that asks for bytes. Throws what the pipe throws. */
  async in(
    bRequest: number,
    wValue: number,
    lengthBytes: number,
    options: AnswerOptions = {},
  ): Promise<Uint8Array> {
    const wIndex = this.interface.interfaceNumber;
    const request = { bmRequestType: CLASS_IN, bRequest, wValue, wIndex };
    const { timeoutMs = this.#transfer.timeoutMs ?? 0, leastTimeoutMs = 0, signal } = options;
    const mostMs = Math.max(timeoutMs, leastTimeoutMs);
    const data = await this.pipe.controlIn(request, lengthBytes, this.#options(mostMs, signal));
    if (data.length > lengthBytes) {
      const message = `control transfer: ${data.length} bytes came, ${lengthBytes} were asked for`;
      throw new DfuError('PROTOCOL', message);
    }
    this.#moves(bRequest);
    return data;
  }

  #moves(bRequest: number): void {
    if (bRequest === DfuRequest.DNLOAD || bRequest === DfuRequest.UPLOAD) this.#moved = true;
  }

  /** Whether a block has gone to it, or come from it. */
  get moved(): boolean {
    return this.#moved;
  }

  #options(timeoutMs: number | undefined, signal: CancelSignal | undefined): TransferOptions {
    if (timeoutMs === undefined && signal === undefined) return this.#transfer;
    return { timeoutMs: timeoutMs ?? this.#transfer.timeoutMs, signal };
  }

  /**
   * Resets the port; the interface is released for it and claimed again if the device is the same.
   * Throws what the pipe throws, but for a missing reset.
   */
  async reset(): Promise<ResetOutcome> {
    if (this.#left) return 'gone';
    if (quirkOf(this.interface).noReset === true) return 'impossible';
    try {
      await this.#release();
      if ((await this.pipe.reset()) === 'gone') return 'gone';
      await this.#claim();
      return 'same';
    } catch (error) {
      if (DfuError.is(error, 'UNSUPPORTED')) return 'impossible';
      if (DfuError.is(error, 'DISCONNECTED')) return 'gone';
      throw error;
    }
  }

  /** Waits so long, or until the device leaves: then true. Throws `ABORTED`. */
  wait(ms: number, signal?: CancelSignal): Promise<boolean> {
    throwIfAborted(signal);
    if (this.#left || ms <= 0) return Promise.resolve(this.#left);
    const late = (): boolean => this.#left;
    return until(this.clock, { ms, signal, late }, ({ resolve }) => {
      const leave = (): void => resolve(true);
      this.#waiting.add(leave);
      return () => this.#waiting.delete(leave);
    });
  }

  #leave(): void {
    this.#left = true;
    for (const finish of this.#waiting) finish();
  }

  async #release(): Promise<void> {
    try {
      await this.pipe.releaseInterface(this.interface.interfaceNumber);
    } catch (error) {
      if (!DfuError.is(error)) throw error; // it may have left, which releases it too
    }
  }

  /** Releases the interface and closes the device; a device that has left is closed quietly. */
  async close(): Promise<void> {
    // Also of a device that has left: some systems keep it open until its interfaces are released.
    await this.#release();
    await closeQuietly(this.pipe);
  }
}
