import { DfuError } from '../bytes/index.ts';
import { Canceller, formatUsbId, sleep, throwIfAborted, until } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock } from '../usb/index.ts';
import type { Arrivals } from './arrivals.ts';
import { askedForState } from './asked-state.ts';
import type { ByOrder, InDfuMode } from './by-order.ts';
import { UNKNOWN, asDfuMode, hasIdsOf, printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { ALLOW_MS, UNASKED_MS } from './permission.ts';
import { scanDevice } from './scan.ts';
import type { QuirkRow } from './quirks/index.ts';
import { isExactly } from './selection.ts';
import type { IdPair } from './selection.ts';
import { descriptorLimit, deviceMs } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';

/** What a search goes by. */
export interface SearchTerms {
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
  /** Where places tell nothing: who is who then. */
  readonly byOrder?: ByOrder | undefined;
  /** Has a person asked for the device, where it takes one; absent where nobody would. */
  readonly ask?: (() => void) | undefined;
}

/** How long somebody else may hold a device that has just come, in ms: udev sets its permissions. */
const SETTLE_MS = 2000;
const RETRY_MS = 50;
const passing: ReadonlySet<string> = new Set(['ACCESS', 'BUSY', 'IO', 'STALLED', 'TIMEOUT']);

/** How long to look for a second device of the same ids, where they alone tell which it is, in ms. */
const RIVAL_MS = 1000;

/** Devices that came and were not it, as many as a message names. */
const MOST_SEEN = 5;

/** How long it may be open whether what came is another search's, in ms. */
const OTHERS_MS = 10_000;

/** `named`: by its ids alone; `next`: by the order of arrival alone. */
type Finding = 'same' | 'named' | 'next' | 'other';

/**
 * Waits for a device to come back in DFU mode. All that arrive are looked into at once: one that keeps
 * silent does not hide the others, and nothing is looked into beyond the deadline.
 */
export class Return {
  /** What came and was not it, for the message. */
  readonly seen: string[] = [];
  /** Whether a person was asked for it. */
  hasAsked = false;
  readonly #arrivals: Arrivals;
  readonly #was: DfuInterface;
  readonly #terms: SearchTerms;
  /** Devices in DFU mode elsewhere that have the ids which it is said to have there. */
  readonly #named: InDfuMode[] = [];
  /** How many are being looked into. */
  #looks = 0;
  #deadlineMs: number;

  constructor(arrivals: Arrivals, was: DfuInterface, terms: SearchTerms) {
    this.#arrivals = arrivals;
    this.#was = was;
    this.#terms = terms;
    this.#deadlineMs = terms.deadlineMs;
  }

  /** The device, or undefined if it has not come back by then. Throws `ABORTED`. */
  async search(): Promise<InDfuMode | undefined> {
    const { clock, byOrder } = this.#terms;
    const path = byOrder === undefined ? this.#was.location.path : undefined;
    await this.#arrivals.lookAround(path);
    const found = await this.#among();
    if (found !== undefined) return found;
    // A bus that failed to tell of it still lists it.
    await this.#arrivals.lookAround(path);
    if (!this.#arrivals.waiting) return undefined;
    this.#deadlineMs = clock.now() + deviceMs(descriptorLimit(this.#terms));
    return this.#among();
  }

  async #among(): Promise<InDfuMode | undefined> {
    const { clock, signal, ask } = this.#terms;
    const others = new Canceller(signal);
    const ms = Math.max(0, this.#deadlineMs - clock.now());
    const running = new Set<Promise<void>>();
    try {
      return await until<InDfuMode | undefined>(
        clock,
        // Where a person is asked the time may stand still.
        { ms: ask === undefined ? ms : undefined, signal, late: () => this.#late() },
        ({ resolve, reject }) => {
          const look = async (device: BusDevice): Promise<void> => {
            const found = await this.#lookInto(device, others.signal);
            if (found !== undefined) resolve(found);
          };
          void this.#each(others.signal, (device) => {
            running.add(look(device).catch(reject));
          }).catch(reject);
          if (ask !== undefined) {
            running.add(this.#asking(ask, others.signal).catch(reject));
            running.add(this.#timing(ask, others.signal).then(resolve).catch(reject));
          }
          return () => others.cancel();
        },
      );
    } finally {
      others.cancel();
      await Promise.all(running);
    }
  }

  async #each(signal: CancelSignal, take: (device: BusDevice) => void): Promise<void> {
    for (;;) {
      const device = await this.#arrivals.next(this.#deadlineMs, signal);
      if (device !== undefined) take(device);
      else if (this.#isOver) return;
    }
  }

  get #isOver(): boolean {
    return this.#terms.clock.now() >= this.#deadlineMs;
  }

  /** Has a person asked, once the device has left and has not come back by itself for a while. */
  async #asking(ask: () => void, signal: CancelSignal): Promise<void> {
    const { clock } = this.#terms;
    const ms = this.#deadlineMs - clock.now();
    if (!(await this.#arrivals.detachedWithin(this.#was.deviceId, ms, signal))) return;
    do await sleep(clock, UNASKED_MS, signal);
    while (this.#mayBeThere);
    this.#askNow(ask);
  }

  /** What there is when the time is over; to begin with, a person is asked then. */
  async #timing(ask: () => void, signal: CancelSignal): Promise<InDfuMode | undefined> {
    const { clock } = this.#terms;
    for (;;) {
      while (!this.#isOver) await sleep(clock, this.#deadlineMs - clock.now(), signal);
      const hasLeft = this.#arrivals.hasLeft(this.#was.deviceId);
      if (this.hasAsked || !hasLeft || this.#mayBeThere) return this.#late();
      this.#askNow(ask);
    }
  }

  get #mayBeThere(): boolean {
    return this.#looks > 0 || this.#terms.byOrder?.hasAny === true;
  }

  #askNow(ask: () => void): void {
    if (this.hasAsked) return;
    this.hasAsked = true;
    this.#deadlineMs = this.#terms.clock.now() + ALLOW_MS;
    ask();
  }

  async #lookInto(device: BusDevice, signal: CancelSignal): Promise<InDfuMode | undefined> {
    this.#looks += 1;
    try {
      const found = await this.#read(device, signal);
      if (found === undefined) return undefined;
      const finding = this.#finding(found);
      if (finding === 'same') return found;
      if (finding === 'next') return await this.#next(found, signal);
      if (finding === 'other') return undefined;
      this.#named.push(found);
      await this.#rivals(signal);
      return this.#onlyNamed();
    } finally {
      this.#looks -= 1;
    }
  }

  /** Waits for a second one. */
  #rivals(signal: CancelSignal): Promise<void> {
    const { clock } = this.#terms;
    const ms = Math.min(RIVAL_MS, Math.max(0, this.#deadlineMs - clock.now()));
    return sleep(clock, ms, signal);
  }

  /** One that came next may be it, if no other comes, and nobody else turns out to be waiting for it. */
  async #next(found: InDfuMode, signal: CancelSignal): Promise<InDfuMode | undefined> {
    const { clock, byOrder } = this.#terms;
    byOrder?.add(found);
    const lateMs = Math.min(this.#deadlineMs, clock.now() + OTHERS_MS);
    for (;;) {
      await this.#rivals(signal);
      const only = byOrder?.decided(clock.now() >= lateMs);
      if (only !== undefined || byOrder?.hasAny !== true) return only;
    }
  }

  #late(): InDfuMode | undefined {
    const { byOrder } = this.#terms;
    return byOrder === undefined ? this.#onlyNamed() : byOrder.decided(true);
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
    if (this.#terms.byOrder !== undefined) {
      const finding = this.#terms.byOrder.finding({ device, entries });
      if (typeof finding === 'string') return finding;
      return this.#other(`${where} in DFU mode, ${finding.other}`);
    }
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
  async #read(device: BusDevice, signal: CancelSignal): Promise<InDfuMode | undefined> {
    const { clock, quirks } = this.#terms;
    const deadlineMs = this.#deadlineMs;
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
    if (first === undefined || !this.#looksTheSame(device, first)) return entries;
    if ((await askedForState(device, first, { ...this.#terms, signal })) === undefined)
      return entries;
    const { interfaceNumber } = first;
    return entries.filter((each) => each.interfaceNumber === interfaceNumber).map(asDfuMode);
  }
  /** Whether it may be the device as it was, which has not told of its new mode. */
  #looksTheSame(device: BusDevice, first: DfuInterface): boolean {
    const was = this.#was;
    if (this.#terms.byOrder === undefined) return device.location.path === was.location.path;
    const isKnown = was.serial !== UNKNOWN && first.serial === was.serial;
    return isKnown && hasIdsOf(device.descriptor, was);
  }
}
