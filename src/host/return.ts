import { DfuError } from '../bytes/index.ts';
import { Canceller, formatUsbId, sleep, throwIfAborted, until } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock } from '../usb/index.ts';
import type { DfuState } from '../dfu/index.ts';
import type { Arrivals } from './arrivals.ts';
import { dfuStateOf } from './detach-steps.ts';
import { UNKNOWN, asDfuMode, printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { scanDevice } from './scan.ts';
import type { QuirkRow } from './quirks/index.ts';
import { isExactly } from './selection.ts';
import type { IdPair } from './selection.ts';
import { DfuSession } from './session.ts';
import { GET_STATUS } from './steps.ts';
import { descriptorLimit, deviceMs } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';

/** A device that was found again in DFU mode. */
export interface InDfuMode {
  readonly device: BusDevice;
  /** Its DFU-mode interfaces, one an alternate. */
  readonly entries: readonly DfuInterface[];
}

/** What a search goes by. */
interface SearchTerms {
  readonly clock: Clock;
  readonly signal?: CancelSignal | undefined;
  readonly transferMs?: number | undefined;
  readonly limits?: TimeLimits | undefined;
  /** What its ids are in DFU mode, if they are known. */
  readonly dfuIds?: IdPair | undefined;
  /** What is known of devices besides the table of quirks; it counts first. */
  readonly quirks?: readonly QuirkRow[] | undefined;
  /** Ports at which other devices were. */
  readonly othersAt?: ReadonlySet<string> | undefined;
  readonly deadlineMs: number;
}

/** How long somebody else may hold a device that has just come, in ms: udev sets its permissions. */
const SETTLE_MS = 2000;
const RETRY_MS = 50;
const passing: ReadonlySet<string> = new Set(['ACCESS', 'BUSY', 'IO', 'STALLED', 'TIMEOUT']);

/** How long to look for a second device of the same ids, where they alone tell which it is, in ms. */
const RIVAL_MS = 1000;

/** Devices that came and were not it, as many as a message names. */
const MOST_SEEN = 5;

type Finding = 'same' | 'named' | 'other';

/**
 * Waits for a device to come back in DFU mode. All that arrive are looked into at once: one that keeps
 * silent does not hide the others, and nothing is looked into beyond the deadline.
 */
export class Return {
  /** What came and was not it, for the message. */
  readonly seen: string[] = [];
  readonly #arrivals: Arrivals;
  readonly #was: DfuInterface;
  readonly #terms: SearchTerms;
  /** Devices in DFU mode elsewhere that have the ids which it is said to have there. */
  readonly #named: InDfuMode[] = [];

  constructor(arrivals: Arrivals, was: DfuInterface, terms: SearchTerms) {
    this.#arrivals = arrivals;
    this.#was = was;
    this.#terms = terms;
  }

  /** The device, or undefined if it has not come back by then. Throws `ABORTED`. */
  async search(): Promise<InDfuMode | undefined> {
    const { clock, deadlineMs } = this.#terms;
    const { path } = this.#was.location;
    await this.#arrivals.lookAround(path);
    const found = await this.#among(deadlineMs);
    if (found !== undefined) return found;
    // A bus that failed to tell of it still lists it.
    await this.#arrivals.lookAround(path);
    return this.#arrivals.waiting
      ? this.#among(clock.now() + deviceMs(descriptorLimit(this.#terms)))
      : undefined;
  }

  async #among(deadlineMs: number): Promise<InDfuMode | undefined> {
    const { clock, signal } = this.#terms;
    const others = new Canceller(signal);
    const ms = Math.max(0, deadlineMs - clock.now());
    const running = new Set<Promise<void>>();
    try {
      return await until<InDfuMode | undefined>(
        clock,
        { ms, signal, late: () => this.#onlyNamed() },
        ({ resolve, reject }) => {
          const look = async (device: BusDevice): Promise<void> => {
            const found = await this.#lookInto(device, deadlineMs, others.signal);
            if (found !== undefined) resolve(found);
          };
          void this.#each(deadlineMs, others.signal, (device) => {
            running.add(look(device).catch(reject));
          }).catch(reject);
          return () => others.cancel();
        },
      );
    } finally {
      others.cancel();
      await Promise.all(running);
    }
  }

  async #each(
    deadlineMs: number,
    signal: CancelSignal,
    take: (device: BusDevice) => void,
  ): Promise<void> {
    for (;;) {
      const device = await this.#arrivals.next(deadlineMs, signal);
      if (device === undefined) return;
      take(device);
    }
  }

  async #lookInto(
    device: BusDevice,
    deadlineMs: number,
    signal: CancelSignal,
  ): Promise<InDfuMode | undefined> {
    const { clock } = this.#terms;
    const found = await this.#read(device, deadlineMs, signal);
    if (found === undefined) return undefined;
    const finding = this.#finding(found);
    if (finding !== 'named') return finding === 'same' ? found : undefined;
    this.#named.push(found);
    await sleep(clock, Math.min(RIVAL_MS, Math.max(0, deadlineMs - clock.now())), signal);
    return this.#onlyNamed();
  }

  /** What has the right ids and is the only one, if what it was has gone. */
  #onlyNamed(): InDfuMode | undefined {
    const [only, ...rivals] = this.#named;
    const isGone = this.#arrivals.hasLeft(this.#was.deviceId);
    return rivals.length === 0 && isGone ? only : undefined;
  }

  #finding({ device, entries }: InDfuMode): Finding {
    const { location, serial } = this.#was;
    const where = `[${formatUsbId(device.descriptor)}] at ${device.location.path}`;
    const [first] = entries;
    if (first === undefined) return this.#other(`${where} without DFU`);
    if (first.mode === 'runtime') return this.#other(`${where} in run-time mode`);
    if (device.location.path === location.path) return 'same';
    if (this.#terms.othersAt?.has(device.location.path) === true) {
      return this.#other(`${where} in DFU mode, where another device was`);
    }
    if (serial !== UNKNOWN && entries.some((each) => each.serial === serial)) return 'same';
    const itsSerial = `serial number "${printable(first.serial)}"`;
    this.#other(`${where} in DFU mode, at another port and with ${itsSerial}`);
    return isExactly(this.#terms.dfuIds, first) ? 'named' : 'other';
  }

  #other(what: string): 'other' {
    if (this.seen.length < MOST_SEEN) this.seen.push(what);
    return 'other';
  }

  /** Its interfaces: those of DFU mode if it has any. Undefined if they cannot be read. */
  async #read(
    device: BusDevice,
    deadlineMs: number,
    signal: CancelSignal,
  ): Promise<InDfuMode | undefined> {
    const { clock, quirks } = this.#terms;
    const transferMs = descriptorLimit(this.#terms);
    const untilMs = Math.min(deadlineMs, clock.now() + SETTLE_MS);
    for (;;) {
      try {
        const totalMs = Math.min(deviceMs(transferMs), Math.max(1, deadlineMs - clock.now()));
        const limits = { clock, signal, transferMs, totalMs, quirks };
        const entries = await scanDevice(device, limits);
        const inDfuMode = entries.filter((entry) => entry.mode === 'dfu');
        if (inDfuMode.length > 0) return { device, entries: inDfuMode };
        return { device, entries: await this.#asItIs(device, entries, signal) };
      } catch (error) {
        if (!DfuError.is(error)) throw error;
        if (error.code === 'ABORTED') {
          throwIfAborted(this.#terms.signal);
          return undefined;
        }
        if (!passing.has(error.code) || clock.now() >= untilMs) {
          const where = `[${formatUsbId(device.descriptor)}] at ${device.location.path}`;
          this.#other(`${where}: ${error.message}`);
          return undefined;
        }
      }
      if (await this.#arrivals.detachedWithin(device.id, RETRY_MS, signal)) return undefined;
    }
  }

  /** A device at its port that describes itself as before is asked for its state. */
  async #asItIs(
    device: BusDevice,
    entries: readonly DfuInterface[],
    signal: CancelSignal,
  ): Promise<readonly DfuInterface[]> {
    const [first] = entries;
    if (first === undefined || device.location.path !== this.#was.location.path) return entries;
    if ((await askedForState(device, first, { ...this.#terms, signal })) === undefined)
      return entries;
    const { interfaceNumber } = first;
    return entries.filter((each) => each.interfaceNumber === interfaceNumber).map(asDfuMode);
  }
}

/** How a device is asked what state it is in. */
interface AskTerms extends Pick<SearchTerms, 'clock' | 'signal' | 'transferMs' | 'limits'> {}

/** The state of DFU mode that a device of whatever description answers to be in; undefined if it does not. Throws `ABORTED`. */
export async function askedForState(
  device: BusDevice,
  entry: DfuInterface,
  { clock, signal, transferMs, limits }: AskTerms,
): Promise<DfuState | undefined> {
  const session = await DfuSession.open(device, entry, { clock, transferMs, limits });
  try {
    const { bRequest, wValue, lengthBytes } = GET_STATUS;
    const data = await session.in(bRequest, wValue, lengthBytes, { signal });
    return dfuStateOf({ is: 'data', data });
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
    return undefined;
  } finally {
    await session.close();
  }
}
