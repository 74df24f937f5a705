import { DfuError } from '../bytes/index.ts';
import { formatUsbId } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock, UsbBus } from '../usb/index.ts';
import { Arrivals } from './arrivals.ts';
import { UNKNOWN } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { DetachEnding } from './detach-steps.ts';
import type { HostListener } from './events.ts';
import { sendDetach } from './leave.ts';
import { scanDevice } from './scan.ts';
import { DfuSession } from './session.ts';

/** A device that was found again in DFU mode. */
export interface InDfuMode {
  readonly device: BusDevice;
  /** Its DFU-mode interfaces, one an alternate. */
  readonly entries: readonly DfuInterface[];
}

export interface EnterOptions {
  readonly clock: Clock;
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /** How long the device may take to come back, in ms. Default 10 s. */
  readonly returnMs?: number | undefined;
  /** Most time that one control transfer may take, in ms. */
  readonly transferMs?: number | undefined;
}

/** How long a device may take from DFU_DETACH until it is back unless told otherwise, in ms. */
const RETURN_MS = 10_000;

/** wValue where the device names no wDetachTimeOut, in ms. */
const DETACH_MS = 1000;

/**
 * Asks a device in run-time mode into DFU mode and finds it again, by the bus's word that something
 * was attached, not by waiting a fixed time: the same port or the same serial number, whatever its
 * ids are now. Throws `TIMEOUT` if it does not come back in DFU mode.
 */
export async function enterDfuMode(
  bus: UsbBus,
  device: BusDevice,
  entry: DfuInterface,
  options: EnterOptions,
): Promise<InDfuMode> {
  const { clock, returnMs = RETURN_MS, onEvent } = options;
  // Watched from before the request on, so that no attachment can be missed.
  const arrivals = new Arrivals(bus, clock, [device.id]);
  try {
    onEvent?.({ type: 'detaching', interface: entry });
    const startMs = clock.now();
    const detached = await detach(device, entry, options);
    const deadlineMs = clock.now() + returnMs;
    const search: Search = { arrivals, was: entry, deadlineMs, seen: [] };
    await arrivals.lookAround(entry.location.path);
    const found = (await searchOn(search, options)) ?? (await lastLook(search, options));
    if (found === undefined) throw lost(search, detached, returnMs);
    const [first] = found.entries;
    if (first !== undefined) {
      onEvent?.({ type: 'returned', interface: first, afterMs: clock.now() - startMs });
    }
    return found;
  } finally {
    arrivals.close();
  }
}

async function detach(
  device: BusDevice,
  entry: DfuInterface,
  { clock, signal, transferMs }: EnterOptions,
): Promise<DetachEnding> {
  const { wDetachTimeOut, bmAttributes } = entry.functional;
  const session = await DfuSession.open(device, entry, {
    clock,
    transferMs,
  });
  try {
    const timeoutMs = wDetachTimeOut === 0 ? DETACH_MS : wDetachTimeOut;
    return await sendDetach(session, { timeoutMs, reset: !bmAttributes.willDetach }, signal);
  } finally {
    await session.close();
  }
}

interface Search {
  readonly arrivals: Arrivals;
  /** What it was before. */
  readonly was: DfuInterface;
  readonly deadlineMs: number;
  /** What came and was not it, for the message. */
  readonly seen: string[];
}

async function searchOn(search: Search, options: EnterOptions): Promise<InDfuMode | undefined> {
  for (;;) {
    const device = await search.arrivals.next(search.deadlineMs, options.signal);
    if (device === undefined) return undefined;
    const found = await inspect(device, search, options);
    if (found !== undefined) return found;
  }
}

/** A bus that failed to tell of it still lists it. */
async function lastLook(search: Search, options: EnterOptions): Promise<InDfuMode | undefined> {
  await search.arrivals.lookAround(search.was.location.path);
  const now = { ...search, deadlineMs: options.clock.now() };
  return searchOn(now, options);
}

/** How long somebody else may hold a device that has just come, in ms: udev sets its permissions. */
const SETTLE_MS = 2000;
const RETRY_MS = 50;
const passing: ReadonlySet<string> = new Set(['ACCESS', 'BUSY', 'IO', 'STALLED', 'TIMEOUT']);

async function inspect(
  device: BusDevice,
  search: Search,
  { clock, signal }: EnterOptions,
): Promise<InDfuMode | undefined> {
  const untilMs = Math.min(search.deadlineMs, clock.now() + SETTLE_MS);
  const where = `[${formatUsbId(device.descriptor)}] at ${device.location.path}`;
  for (;;) {
    try {
      const entries = await scanDevice(device, { clock, signal });
      const inDfuMode = entries.filter((entry) => entry.mode === 'dfu');
      if (inDfuMode.length > 0 && isSame(search.was, inDfuMode))
        return { device, entries: inDfuMode };
      search.seen.push(entries.length > 0 ? `${where} in run-time mode` : `${where} without DFU`);
      return undefined;
    } catch (error) {
      if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
      if (!passing.has(error.code) || clock.now() >= untilMs) {
        search.seen.push(`${where}: ${error.message}`);
        return undefined;
      }
    }
    if (await search.arrivals.detachedWithin(device.id, RETRY_MS, signal)) return undefined;
  }
}

function isSame(was: DfuInterface, now: readonly DfuInterface[]): boolean {
  return now.some(
    ({ location, serial }) =>
      location.path === was.location.path || (serial !== UNKNOWN && serial === was.serial),
  );
}

function lost({ was, seen }: Search, detached: DetachEnding, returnMs: number): DfuError {
  const device = `[${formatUsbId(was)}] at ${was.location.path}`;
  const refused = detached.accepted ? '' : '; it stalled DFU_DETACH';
  const noReset = detached.reset === 'impossible' ? '; this system could not reset its port' : '';
  const came = seen.length === 0 ? '' : `; seen since: ${seen.slice(0, 5).join(', ')}`;
  const message = `${device} did not come back in DFU mode within ${returnMs} ms`;
  return new DfuError('TIMEOUT', `${message}${refused}${noReset}${came}`);
}
