import { DfuError } from '../bytes/index.ts';
import { bcdOf, formatUsbId, idDigits, wholeMs } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock, UsbBus } from '../usb/index.ts';
import { Arrivals } from './arrivals.ts';
import { ApplicationLooks } from './application-looks.ts';
import type { Seen } from './application-looks.ts';
import { UNKNOWN, printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { Application, DownloadEnding } from './endings.ts';
import type { HostListener } from './events.ts';
import type { Beside } from './others-beside.ts';
import { unconfirmedElse } from './outcome.ts';
import type { QuirkRow } from './quirks/index.ts';
import type { TimeLimits } from './time-limits.ts';
import { namesVersion } from './version-text.ts';
import { tellsPlaces } from './whereabouts.ts';

/** Which application is waited for. */
export interface ApplicationTerms {
  /** How long to wait for the device to come back as its application, in ms. Default 30 s where anything of it is expected. */
  readonly waitAppMs?: number | undefined;
  /**
   * Its version: bcdDevice as `0102` or `1.02`, or a text that stands in the name of the product or of its DFU interface.
   */
  readonly expectVersion?: string | undefined;
  readonly expectSerial?: string | undefined;
}

/** How long it is waited for unless told otherwise, in ms: a swap of two slots takes its time. */
const WAIT_APP_MS = 30_000;

/** How long a bus is trusted to tell of devices by itself, in ms. */
const AGAIN_MS = 1000;
/** Least time between two looks, in ms. */
const LEAST_MS = 50;
/** How often it is looked at meanwhile, in ms. */
const SETTLING_MS = 100;

/** How long to wait, in ms; undefined if nobody asked for it. Throws `INVALID_ARGUMENT`. */
export function waitAppMs({
  waitAppMs: ms,
  expectVersion,
  expectSerial,
}: ApplicationTerms): number | undefined {
  for (const [name, text] of Object.entries({ expectVersion, expectSerial })) {
    if (text === '') throw new DfuError('INVALID_ARGUMENT', `${name}: expected a text, got none`);
  }
  const expects = expectVersion !== undefined || expectSerial !== undefined;
  return ms ?? (expects ? WAIT_APP_MS : undefined);
}

/** The device that left, and what it was. */
interface Was {
  readonly bus: UsbBus;
  readonly clock: Clock;
  readonly dfu: DfuInterface;
  readonly runtime: DfuInterface | undefined;
  /** What was there beside it before anything was sent, and what has come since. */
  readonly beside: Beside;
}

interface WaitOptions extends ApplicationTerms {
  readonly transferMs?: number | undefined;
  readonly limits?: TimeLimits | undefined;
  readonly quirks?: readonly QuirkRow[] | undefined;
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
}

/**
 * Waits until a device runs its application again: what is at its port, or has its serial number, and is not in DFU mode. Where
 * places tell nothing also the only device that has come since; a note says so, and nothing is confirmed by it. The
 * outcome stays what it was if that is the one that is expected; else it is `unconfirmed`, and a note says why. Throws
 * `ABORTED`.
 */
export async function withApplication(
  was: Was,
  ending: DownloadEnding,
  options: WaitOptions,
): Promise<DownloadEnding> {
  const ms = waitAppMs(options);
  if (ms === undefined) return ending;
  const found = await unconfirmedElse(() => new Wait(was, options).during(ms));
  const { application, doubt, byOrder } = found;
  const isSure = byOrder === undefined;
  const proven = isSure ? confirmed(ending, options) : ending.outcome;
  const outcome = doubt === undefined ? proven : 'unconfirmed';
  if (byOrder !== undefined) options.onEvent?.({ type: 'note', message: byOrder });
  if (doubt !== undefined) options.onEvent?.({ type: 'note', message: doubt });
  options.onEvent?.({ type: 'application', outcome, application });
  return { ...ending, outcome, application };
}

/** What was in doubt is not any more if the new one is seen running. */
function confirmed(
  { outcome, unverified }: DownloadEnding,
  { expectVersion, expectSerial }: ApplicationTerms,
): DownloadEnding['outcome'] {
  const isKnown = expectVersion !== undefined || expectSerial !== undefined;
  return outcome === 'unconfirmed' && isKnown && unverified === undefined ? 'written' : outcome;
}

interface Found {
  readonly application: Application | undefined;
  /** What speaks against it, in a sentence. */
  readonly doubt: string | undefined;
  /** A sentence for one that is known by the order of arrival alone. */
  readonly byOrder?: string | undefined;
}

/** One that may be it by the order of arrival. */
interface Candidate {
  readonly found: Found;
  readonly sinceMs: number;
}

/** How long to look for a second one where the order of arrival alone tells which it is, in ms. */
const RIVAL_MS = 1000;
const BY_ORDER =
  'what has come is taken for the device by the order of arrival: it is all that has come since the device left, and no serial number says more';
const NOT_BACK = 'the device has not come back';
const OR_NOT_SEEN =
  ', or is not shown (a browser shows what it was allowed, and forgets a device without a serial number when that leaves)';

class Wait {
  readonly #was: Was;
  readonly #options: WaitOptions;
  readonly #startMs: number;
  /** Why it is not there yet, as far as is known. */
  #last = NOT_BACK;
  /** Devices elsewhere that are not it. */
  readonly #others: Set<string>;
  readonly #looks: ApplicationLooks;
  readonly #candidates = new Map<string, Candidate>();
  #isSettling = false;

  constructor(was: Was, options: WaitOptions) {
    this.#was = was;
    this.#others = new Set(was.beside.ids);
    this.#options = options;
    this.#startMs = was.clock.now();
    this.#looks = new ApplicationLooks(was, options);
  }

  async during(ms: number): Promise<Found> {
    const { bus, clock } = this.#was;
    const { signal } = this.#options;
    const deadlineMs = this.#startMs + ms;
    const arrivals = new Arrivals(bus, clock);
    try {
      for (;;) {
        const found = await this.#look();
        if (found !== undefined) return found;
        const leftMs = deadlineMs - clock.now();
        if (leftMs <= 0) {
          const doubt = `${this.#last} within ${wholeMs(ms)}: whether it runs is not known`;
          return { application: undefined, doubt };
        }
        // Several things that happen at once are one.
        const least = Math.min(LEAST_MS, leftMs);
        const againMs = this.#isSettling ? SETTLING_MS : AGAIN_MS;
        await arrivals.happening(Math.min(againMs, leftMs), signal);
        if (clock.now() - this.#startMs < least) await arrivals.happening(least, signal);
      }
    } finally {
      arrivals.close();
    }
  }

  async #look(): Promise<Found | undefined> {
    const { dfu, bus } = this.#was;
    this.#isSettling = false;
    try {
      const devices = await bus.list();
      const here = devices.find(({ location }) => location.path === dfu.location.path);
      if (here !== undefined) return await this.#judged(here, true);
      this.#last = tellsPlaces(bus) ? NOT_BACK : `${NOT_BACK}${OR_NOT_SEEN}`;
      for (const device of devices) {
        if (device.id === dfu.deviceId || this.#others.has(device.id)) continue;
        if (this.#candidates.has(device.id)) continue;
        const found = await this.#judged(device, false);
        if (found !== undefined) return found;
      }
      return this.#onlyCandidate(new Set(devices.map(({ id }) => id)));
    } catch (error) {
      if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
      this.#last = `the device has not been found again (${error.message})`;
    }
    return undefined;
  }

  /** What that device says of the matter; undefined if it says nothing yet. */
  async #judged(device: BusDevice, isAtPort: boolean): Promise<Found | undefined> {
    const seen = await this.#looks.into(device, isAtPort);
    if ('why' in seen) {
      this.#last = seen.why;
      this.#isSettling = seen.isSettling;
      return undefined;
    }
    const { dfu, runtime } = this.#was;
    const { expectSerial } = this.#options;
    const known = [dfu.serial, runtime?.serial, expectSerial];
    const isIt = isAtPort || (isSaid(seen.serial) && known.includes(seen.serial));
    if (!isIt && !this.#mayBeNext(device, seen)) {
      this.#others.add(device.id);
      return undefined;
    }
    if (seen.isInDfuMode) {
      const isSame = device.id === dfu.deviceId;
      this.#last = isSame
        ? 'the device is still in DFU mode, and has not left it'
        : 'the device has come back in DFU mode, and has not left it';
      return undefined;
    }
    const { idVendor, idProduct, bcdDevice } = device.descriptor;
    const afterMs = this.#was.clock.now() - this.#startMs;
    const { serial, product } = seen;
    const application = { idVendor, idProduct, bcdDevice, serial, product, afterMs };
    const found = { application, doubt: this.#doubt(application, seen) };
    if (isIt) return found;
    this.#candidates.set(device.id, { found, sinceMs: this.#was.clock.now() });
    return undefined;
  }

  /** Whether it may be the device by the order of arrival, and no serial number says otherwise. */
  #mayBeNext({ id }: BusDevice, { serial }: Seen): boolean {
    const { beside, runtime } = this.#was;
    const { expectSerial = runtime?.serial } = this.#options;
    const isAnother = isSaid(serial) && isSaid(expectSerial) && serial !== expectSerial;
    return beside.isNext(id) && !isAnother;
  }

  /** The only one that may be it, if no other comes for a while. */
  #onlyCandidate(there: ReadonlySet<string>): Found | undefined {
    const all = [...this.#candidates].filter(([id]) => there.has(id)).map(([, each]) => each);
    const [only, ...rivals] = all;
    if (only === undefined) return undefined;
    if (rivals.length > 0) {
      this.#last = `${all.length} devices have come, and nothing says which of them is the device,`;
      return undefined;
    }
    if (this.#was.clock.now() - only.sinceMs < RIVAL_MS) {
      this.#isSettling = true;
      this.#last = 'a device has come that may be the device';
      return undefined;
    }
    return { ...only.found, byOrder: BY_ORDER };
  }

  /** What speaks against that application, in a sentence. */
  #doubt(application: Application, { names }: Seen): string | undefined {
    const { expectVersion, expectSerial } = this.#options;
    const { bcdDevice, serial, product } = application;
    const runs = `what runs now is [${formatUsbId(application)}] with version ${idDigits(bcdDevice)}`;
    if (expectVersion !== undefined) {
      const texts = [...(product === undefined ? [] : [product]), ...names];
      const isIt =
        bcdOf(expectVersion) === bcdDevice ||
        texts.some((text) => namesVersion(text, expectVersion));
      const also = product === undefined ? '' : `, "${printable(product)}"`;
      if (!isIt) return `${runs}${also}, expected ${printable(expectVersion)}`;
    }
    if (expectSerial === undefined || expectSerial === serial) return undefined;
    const its =
      serial === undefined ? 'no serial number that it gives' : `serial "${printable(serial)}"`;
    return `${runs} and ${its}, expected "${printable(expectSerial)}"`;
  }
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined && text !== UNKNOWN;
}
