import { DfuError } from '../bytes/index.ts';
import { sleep } from '../usb/index.ts';
import type { BusDevice, CancelSignal } from '../usb/index.ts';
import { UNKNOWN, hasIdsOf } from './dfu-interface.ts';
import type { Ended } from './ending-steps.ts';
import type { HostListener } from './events.ts';
import { scanDevice } from './scan.ts';
import type { DfuSession } from './session.ts';

/** How long a device that has gone is looked for, in ms: what starts anew is back within that time. */
const LOOK_MS = 1000;
/** How long one that is seen in DFU mode may go on from there: many a loader waits a while at each start. */
const STAY_MS = 5000;
const AGAIN_MS = 100;

/** What a departure is looked after by. */
interface DepartureTerms {
  /** Whether it went to start something: then it is not to be found in DFU mode again. */
  readonly starts: boolean;
  /** Whether it has said that it stays on the bus behind a download: then it must be seen to have started something. */
  readonly stays?: boolean | undefined;
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
}

/**
 * A link that dies looks like a device that leaves: the bus is asked. It has left if it is not there any
 * more, or if it has come back as something else; otherwise that it has is not confirmed. Without a bus
 * the device's own end of the conversation has to do. Throws `ABORTED`.
 */
export async function departed(
  session: DfuSession,
  ended: Ended,
  terms: DepartureTerms,
): Promise<Ended> {
  if (ended.ending !== 'left' || session.bus === undefined) return ended;
  const doubt = await departureDoubt(session, terms);
  if (doubt === undefined) return ended;
  terms.onEvent?.({ type: 'note', message: doubt });
  return { ...ended, ending: 'unconfirmed' };
}

/**
 * What speaks against the departure of a device that has gone, in a sentence; undefined if nothing does.
 * Throws `ABORTED`.
 */
export async function departureDoubt(
  session: DfuSession,
  terms: DepartureTerms,
): Promise<string | undefined> {
  const { clock } = session;
  const startMs = clock.now();
  for (;;) {
    const seen = await look(session, terms);
    if (seen === 'left') return undefined;
    const leftMs = startMs + seen.forMs - clock.now();
    if (leftMs <= 0) return seen.doubt;
    await sleep(clock, Math.min(AGAIN_MS, leftMs), terms.signal);
  }
}

/** More may come of it; that is worth another look for so long, in ms. */
interface Open {
  readonly doubt: string | undefined;
  readonly forMs: number;
}

const AWAY: Open = { doubt: undefined, forMs: LOOK_MS };
const NOT_STAYED: Open = {
  doubt:
    'the device says that it stays on the bus behind a download (bitManifestationTolerant); it has gone and is not back',
  forMs: STAY_MS,
};
const NOT_LEFT: Open = {
  doubt: 'the connection to the device has broken off, and it may not have left',
  forMs: STAY_MS,
};
const IN_DFU_MODE: Open = {
  doubt: 'the device has gone, and is there in DFU mode',
  forMs: STAY_MS,
};

/** What the bus tells of it now. */
async function look(
  session: DfuSession,
  { starts, stays, signal }: DepartureTerms,
): Promise<'left' | Open> {
  const { interface: was, clock, descriptorMs: transferMs } = session;
  let isAnother = false;
  try {
    const devices = (await session.bus?.list()) ?? [];
    const here = devices.find(({ location }) => location.path === was.location.path);
    if (here === undefined && starts && session.besides !== undefined) {
      const newcomer = await amongNewcomers(session, devices, signal);
      if (newcomer !== undefined) return newcomer;
    }
    if (here === undefined) return stays === true ? NOT_STAYED : AWAY;
    if (!hasIdsOf(here.descriptor, was)) return 'left';
    isAnother = here.location.address !== was.location.address;
    if (!starts) return isAnother ? 'left' : NOT_LEFT;
    const { quirks } = session;
    const entries = await scanDevice(here, { clock, transferMs, signal, totalMs: LOOK_MS, quirks });
    return entries.some(({ mode }) => mode === 'dfu') ? IN_DFU_MODE : 'left';
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
    const doubt = `whether the device has left is not known: ${error.message}`;
    // What came anew and is in other hands is its application, whose ids are those of the loader.
    const isHeld = isAnother && HELD.has(error.code);
    return { doubt: isHeld ? undefined : doubt, forMs: LOOK_MS };
  }
}

/**
 * Where places tell nothing: whether it is one of those that have come since, by its serial number, or by its ids where it has
 * none; undefined if none of them is known to be it.
 */
async function amongNewcomers(
  { interface: was, clock, descriptorMs: transferMs, quirks, besides }: DfuSession,
  devices: readonly BusDevice[],
  signal: CancelSignal | undefined,
): Promise<'left' | Open | undefined> {
  const limits = { clock, transferMs, signal, totalMs: LOOK_MS, quirks };
  for (const device of devices) {
    if (besides?.has(device.id) === true) continue;
    const entries = await scanDevice(device, limits).catch((error: unknown) => {
      if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
      return []; // what cannot be looked into says nothing
    });
    const own = entries.filter(({ serial }) => serial === was.serial);
    const hasIds = hasIdsOf(device.descriptor, was);
    if (hasIds && own.some(({ mode }) => mode === 'dfu')) return IN_DFU_MODE;
    if (own.length > 0 && was.serial !== UNKNOWN) return 'left';
  }
  return undefined;
}

/** How a device fails to open that a driver has, or that one has no right to. */
const HELD: ReadonlySet<string> = new Set(['ACCESS', 'BUSY', 'UNSUPPORTED']);
