import { DfuError } from '../bytes/index.ts';
import { formatUsbId, wholeMs } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock, UsbBus } from '../usb/index.ts';
import { Arrivals } from './arrivals.ts';
import { asDfuMode, quirkOf } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { DetachEnding } from './detach-steps.ts';
import type { HostListener } from './events.ts';
import { sendDetach } from './leave.ts';
import { ByOrder } from './by-order.ts';
import type { InDfuMode } from './by-order.ts';
import { ALLOW_MS, permissionEvent } from './permission.ts';
import { Return } from './return.ts';
import type { SearchTerms } from './return.ts';
import { scanDevice } from './scan.ts';
import type { QuirkRow } from './quirks/index.ts';
import type { IdPair } from './selection.ts';
import { DfuSession } from './session.ts';
import { descriptorLimit, deviceMs } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';
import { Searches, tellsPlaces } from './whereabouts.ts';

export interface EnterOptions {
  readonly clock: Clock;
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** How long the device may take to come back, in ms. Default 10 s (30 s in a browser), or what is known of the device. */
  readonly returnMs?: number | undefined;
  /** Most time that one control transfer may take, in ms. */
  readonly transferMs?: number | undefined;
  /** Limits of time phase by phase; what is there counts before the others. */
  readonly limits?: TimeLimits | undefined;
  /**
   * What its ids are in DFU mode, if they are known: then it is known by them too, though its port and its
   * serial number be others, if nothing else that fits them has come.
   */
  readonly dfuIds?: IdPair | undefined;
  /** What its serial number is in DFU mode, if it is known: where a person has to point at the device, only such are shown. */
  readonly dfuSerial?: string | undefined;
  /** What is known of devices besides the table of quirks; it counts first. */
  readonly quirks?: readonly QuirkRow[] | undefined;
}

/** How long a device may take from DFU_DETACH until it is back unless told otherwise, in ms. */
const RETURN_MS = 10_000;
/** The same in a browser: it hears of a device last, once the system has bound a driver to it. */
const BROWSER_RETURN_MS = 30_000;

/** wValue where the device names no wDetachTimeOut, in ms. */
const DETACH_MS = 1000;

/**
 * Asks a device in run-time mode into DFU mode and finds it again, by the bus's word that something
 * was attached, not by waiting a fixed time: the same port or the same serial number, whatever its
 * ids are now. A device that says run-time and is in DFU mode already stays where it is.
 *
 * On a bus with `request` (a browser's) ports say nothing: there it is the same serial number, else the only device that has come
 * in DFU mode since this one left, which a note says. If none comes, a person must point at it: the listener is
 * told once (`permission`), and the time to return stands still for 5 minutes.
 *
 * Throws `TIMEOUT` if it does not come back in DFU mode, `AMBIGUOUS` if several devices have come on a bus with `request`
 * and nothing tells them apart.
 */
export async function enterDfuMode(
  bus: UsbBus,
  device: BusDevice,
  entry: DfuInterface,
  options: EnterOptions,
): Promise<InDfuMode> {
  if (tellsPlaces(bus)) return entered(bus, device, entry, { ...options });
  const searches = Searches.on(bus);
  return searches.during(entry, () => entered(bus, device, entry, { ...options, searches }));
}

/** `searches`: those on a bus where places tell nothing. */
interface EnteringTerms extends EnterOptions {
  readonly searches?: Searches | undefined;
}

async function entered(
  bus: UsbBus,
  device: BusDevice,
  entry: DfuInterface,
  options: EnteringTerms,
): Promise<InDfuMode> {
  const { clock, onEvent } = options;
  const usualMs = bus.request === undefined ? RETURN_MS : BROWSER_RETURN_MS;
  const returnMs =
    options.limits?.returnMs ?? options.returnMs ?? quirkOf(entry).returnMs ?? usualMs;
  // From before the request on, so that no attachment can be missed.
  const arrivals = new Arrivals(bus, clock, [device.id]);
  try {
    const others = (await bus.list()).filter(
      ({ location }) => location.path !== entry.location.path,
    );
    const who = whoIsWho(others, arrivals, entry, options);
    onEvent?.({ type: 'detaching', interface: entry });
    const startMs = clock.now();
    const detached = await detach(device, entry, options);
    if (detached.dfuState !== undefined)
      return await thereAlready(device, entry, detached, options);
    const deadlineMs = clock.now() + returnMs;
    const back = new Return(arrivals, entry, { ...options, ...who, deadlineMs });
    const found = await back.search();
    if (found === undefined) throw lost(entry, back, detached, returnMs);
    const [first] = found.entries;
    if (first !== undefined) {
      onEvent?.({ type: 'returned', interface: first, afterMs: clock.now() - startMs });
    }
    return found;
  } finally {
    arrivals.close();
  }
}

/**
 * What is known of the others. By their ports: what comes there later is one of them, though it has the same serial number. Two
 * boards may be asked away at once, and numbers are not always different.
 */
function whoIsWho(
  others: readonly BusDevice[],
  arrivals: Arrivals,
  entry: DfuInterface,
  { searches, dfuIds, dfuSerial, onEvent }: EnteringTerms,
): Pick<SearchTerms, 'othersAt' | 'byOrder' | 'ask'> {
  if (searches === undefined) {
    return { othersAt: new Set(others.map(({ location }) => location.path)) };
  }
  arrivals.disregard(others.map(({ id }) => id));
  const byOrder = new ByOrder({ arrivals, searches, search: entry, dfuIds, onEvent });
  // Where nobody listens nobody asks.
  if (onEvent === undefined) return { byOrder };
  return { byOrder, ask: () => onEvent(permissionEvent(entry, { dfuIds, dfuSerial })) };
}

async function detach(
  device: BusDevice,
  entry: DfuInterface,
  { clock, signal, transferMs, limits }: EnterOptions,
): Promise<DetachEnding> {
  const { wDetachTimeOut, bmAttributes } = entry.functional;
  const session = await DfuSession.open(device, entry, { clock, transferMs, limits });
  try {
    const timeoutMs = wDetachTimeOut === 0 ? DETACH_MS : wDetachTimeOut;
    const { detachIndex, noReset } = quirkOf(entry);
    const reset = !bmAttributes.willDetach && noReset !== true;
    const wIndex = detachIndex === 'forced' ? entry.interfaceNumber | FORCED : detachIndex;
    if (wIndex !== undefined) await claimToo(session, wIndex & 0xff);
    const terms = { timeoutMs, reset, asksFirst: true, wIndex };
    return await sendDetach(session, terms, signal);
  } finally {
    await session.close();
  }
}

/** Bit 8 of wIndex: whoever uses the device, it shall leave (Poly). */
const FORCED = 0x100;

/** Systems let nobody ask an interface that he does not hold. That somebody else has it is seen when it is asked. */
async function claimToo({ pipe, interface: own }: DfuSession, other: number): Promise<void> {
  if (other === own.interfaceNumber) return;
  try {
    await pipe.claimInterface(other);
  } catch (error) {
    if (!DfuError.is(error)) throw error;
  }
}

/** It has not left: what it describes as run-time is its DFU mode. */
async function thereAlready(
  device: BusDevice,
  entry: DfuInterface,
  { dfuState }: DetachEnding,
  options: EnterOptions,
): Promise<InDfuMode> {
  const { clock, signal, onEvent, quirks } = options;
  const message = `the device describes itself as in run-time mode, but is in DFU mode (${dfuState})`;
  onEvent?.({ type: 'note', message });
  const transferMs = descriptorLimit(options);
  const limits = { clock, signal, transferMs, totalMs: deviceMs(transferMs), quirks };
  const all = await scanDevice(device, limits);
  const same = all.filter(
    ({ interfaceNumber, configuration }) =>
      interfaceNumber === entry.interfaceNumber && configuration === entry.configuration,
  );
  return { device, entries: same.map(asDfuMode) };
}

function lost(
  was: DfuInterface,
  { seen, hasAsked }: Return,
  detached: DetachEnding,
  returnMs: number,
): DfuError {
  const device = `[${formatUsbId(was)}] at ${was.location.path}`;
  const refused = detached.accepted ? '' : '; it did not accept DFU_DETACH';
  const noReset = detached.reset === 'impossible' ? '; this system could not reset its port' : '';
  const came = seen.length === 0 ? '' : `; seen since: ${seen.join(', ')}`;
  const asked = hasAsked ? `, and nobody has pointed at it within ${wholeMs(ALLOW_MS)}` : '';
  const message = `${device} did not come back in DFU mode within ${wholeMs(returnMs)}${asked}`;
  return new DfuError('TIMEOUT', `${message}${refused}${noReset}${came}`, {
    remedies: ['return-time'],
  });
}
