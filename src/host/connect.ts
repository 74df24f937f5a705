import { DfuError } from '../bytes/index.ts';
import type { Suffix } from '../dfu/index.ts';
import { formatUsbId } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock, UsbBus } from '../usb/index.ts';
import { Arrivals } from './arrivals.ts';
import { printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { speaksDfuSe } from './dialect.ts';
import type { HostListener } from './events.ts';
import { othersBeside } from './others-beside.ts';
import { parts } from './parts.ts';
import type { QuirkRow } from './quirks/index.ts';
import { scan, scanElseAll } from './scan.ts';
import type { Scan, ScanOptions } from './scan.ts';
import { selectOne } from './select-one.ts';
import { afterDetach, formatIdPair, select } from './selection.ts';
import type { Selection } from './selection.ts';
import { demandSuffix, suffixFits } from './sending.ts';
import { DfuSession } from './session.ts';
import type { TimeLimits } from './time-limits.ts';
import { tellsPlaces } from './whereabouts.ts';

export interface FindOptions {
  readonly clock: Clock;
  /** Most time that one control transfer may take, in ms. Default 5000. */
  readonly transferMs?: number | undefined;
  readonly selection?: Selection | undefined;
  /** If nothing matches, wait until something does, for as long as the signal lets it. */
  readonly wait?: boolean | undefined;
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: HostListener | undefined;
  /**
   * The suffix of the file that is to be sent: the device's ids in either mode must fit it, and where
   * the selection names no ids it tells devices apart.
   */
  readonly suffix?: Suffix | undefined;
  /** Several alternates of one interface are no ambiguity: the first will do; `dfuse`: of a device that speaks DfuSe. */
  readonly anyAlternate?: boolean | 'dfuse' | undefined;
  /** Take a device that the suffix is not for. */
  readonly force?: boolean | undefined;
  /** Throws if what was found cannot be meant; called before anything is asked of the device. */
  readonly demand?: ((found: DfuInterface) => void) | undefined;
  /** Limits of time phase by phase; what is there counts before the others. */
  readonly limits?: TimeLimits | undefined;
  /** What is known of devices besides the table of quirks; it counts first. */
  readonly quirks?: readonly QuirkRow[] | undefined;
}

/** What `find` chose. */
export interface Found {
  readonly device: BusDevice;
  readonly interface: DfuInterface;
}

/**
 * Finds the one DFU interface that is meant. Throws `NOT_FOUND` or `AMBIGUOUS` with a list of what is
 * there, and what the bus throws.
 */
export async function find(bus: UsbBus, options: FindOptions): Promise<Found> {
  const { clock, signal, onEvent, selection = {} } = options;
  const { transferMs, limits, quirks } = options;
  const matching = { clock, signal, selection, transferMs, limits, quirks };
  if (options.wait !== true) return choose(await scanElseAll(bus, matching), options);
  const arrivals = new Arrivals(bus, clock);
  try {
    for (let told = false; ; told = true) {
      const seen = await lookPatiently(bus, matching);
      if (typeof seen !== 'string' && seen.entries.length > 0) return choose(seen, options);
      if (!told) onEvent?.({ type: 'waiting' });
      if (!told && typeof seen === 'string') onEvent?.({ type: 'note', message: seen });
      // A device that needs longer than its attachment to be readable is looked at again.
      await arrivals.happening(AGAIN_MS, signal);
    }
  } finally {
    arrivals.close();
  }
}

/** How long a bus is trusted to tell of devices by itself, in ms. */
const AGAIN_MS = 1000;

/** What of a bus may pass while a device is waited for: its server is not there yet. */
const passing: ReadonlySet<string> = new Set(['IO', 'TIMEOUT']);

/** What is there, or why that is not known now. */
async function lookPatiently(bus: UsbBus, options: ScanOptions): Promise<Scan | string> {
  try {
    return await scan(bus, options);
  } catch (error) {
    if (DfuError.is(error) && passing.has(error.code)) return error.message;
    throw error;
  }
}

function choose({ entries, devices, problems }: Scan, options: FindOptions): Found {
  const { suffix, selection = {}, onEvent } = options;
  const candidates = narrowed(entries, selection, suffix);
  const chosen = selectOne(narrowedAlternates(candidates, selection, options), selection, problems);
  const device = devices.get(chosen.deviceId);
  if (device === undefined)
    throw new DfuError('DISCONNECTED', 'the device left while it was found');
  onEvent?.({ type: 'selected', interface: chosen });
  for (const message of chosen.notes) onEvent?.({ type: 'note', message });
  const stranger = strangerNote(chosen, selection);
  if (stranger !== undefined) onEvent?.({ type: 'note', message: stranger });
  return { device, interface: chosen };
}

/** Ids for run-time alone let any device in DFU mode match: one of another vendor is worth a word. */
function strangerNote(chosen: DfuInterface, { runtime, dfu }: Selection): string | undefined {
  const named = formatIdPair(runtime);
  if (chosen.mode !== 'dfu' || named === undefined || formatIdPair(dfu) !== undefined)
    return undefined;
  const vendor = runtime?.vendor;
  if (typeof vendor !== 'number' || vendor === chosen.idVendor) return undefined;
  return `${named} is for run-time mode alone; ${formatUsbId(chosen)} is in DFU mode and is taken`;
}

/** What matches, with one alternate an interface where any of them will do. */
function narrowedAlternates(
  entries: readonly DfuInterface[],
  selection: Selection,
  { anyAlternate = false }: Pick<FindOptions, 'anyAlternate'>,
): readonly DfuInterface[] {
  if (anyAlternate === false) return entries;
  const found = anyAlternate === true ? entries : select(entries, selection);
  const fits = anyAlternate === true || found.every(speaksDfuSe);
  return fits ? firstAlternates(entries, selection) : entries;
}

/** What matches, one entry an interface; or everything if nothing does, for the message. */
function firstAlternates(
  entries: readonly DfuInterface[],
  selection: Selection,
): readonly DfuInterface[] {
  const found = select(entries, selection);
  const firsts = found.filter(
    (entry, at) =>
      found.findIndex(
        (other) =>
          other.deviceId === entry.deviceId &&
          other.configuration === entry.configuration &&
          other.interfaceNumber === entry.interfaceNumber,
      ) === at,
  );
  return firsts.length > 0 ? firsts : entries;
}

/** Without ids in the selection, the file's suffix says which device is meant, if one fits it. */
function narrowed(
  entries: readonly DfuInterface[],
  selection: Selection,
  suffix: Suffix | undefined,
): readonly DfuInterface[] {
  const { ids, runtime } = selection;
  if (suffix === undefined || (ids ?? runtime) !== undefined) return entries;
  const fitting = entries.filter((entry) => suffixFits(suffix, entry));
  return select(fitting, selection).length > 0 ? fitting : entries;
}

export interface ConnectOptions extends FindOptions {
  /** How long a device may take from run-time to DFU mode, in ms. Default 10 s; 30 s on a bus with `request`, as in a browser. */
  readonly returnMs?: number | undefined;
}

/** The interface that is meant of a device that was found again. What does not fit, it names. */
function chosenOf(
  all: readonly DfuInterface[],
  selection: Selection,
  options: ConnectOptions,
): DfuInterface {
  const wanted = afterDetach(selection);
  const entries = narrowedAlternates(all, wanted, options);
  const [first] = entries;
  if (first === undefined || select(entries, wanted).length > 0) return selectOne(entries, wanted);
  const { dfu, dfuSerial } = wanted;
  if (select(entries, { ...wanted, dfuSerial: undefined }).length > 0) {
    const its = `its serial number there is "${printable(first.serial)}"`;
    const message = `the device has gone to DFU mode, and ${its}, not "${dfuSerial}"`;
    throw new DfuError('NOT_FOUND', message, { remedies: ['dfu-serial'] });
  }
  if (select(entries, { ...wanted, dfu: undefined }).length > 0) {
    const message = `the device has gone to DFU mode, and is ${formatUsbId(first)} there, not ${formatIdPair(dfu)}`;
    throw new DfuError('NOT_FOUND', message, { remedies: ['ids'] });
  }
  return selectOne(entries, wanted);
}

/**
 * Finds the device that is meant, brings it to DFU mode if it is in run-time mode, and opens it: ready
 * for `download` and `upload`. Throws what `find`, `enterDfuMode` and `DfuSession.open` throw, and
 * `REFUSED` if the suffix is for another device.
 */
export async function connect(bus: UsbBus, options: ConnectOptions): Promise<DfuSession> {
  return connectReady(bus, {
    ...options,
    ready: (found) => Promise.resolve(options.demand?.(found)),
  });
}

interface ReadyOptions extends ConnectOptions {
  /** Comes in place of `demand`, and may take its time: what is to be loaded is there before the device is asked for anything. */
  readonly ready: (found: DfuInterface) => Promise<unknown>;
}

/** The same for whoever has to get ready for the device that was found. */
export async function connectReady(bus: UsbBus, options: ReadyOptions): Promise<DfuSession> {
  const { clock, selection = {}, transferMs, onEvent } = options;
  let { device, interface: chosen } = await find(bus, options);
  const was = chosen;
  const startMs = clock.now();
  await options.ready(chosen);
  if (chosen.mode === 'runtime') {
    const { dfu: dfuIds, dfuSerial } = selection;
    const { enterDfuMode } = await parts.runtime(options);
    const back = await enterDfuMode(bus, device, chosen, { ...options, dfuIds, dfuSerial });
    // It may be in DFU mode without having left: then it has been chosen by its ids.
    const isSame = back.device.id === device.id;
    device = back.device;
    const wanted = isSame ? { ...selection, dfu: undefined } : selection;
    chosen = chosenOf(back.entries, wanted, options);
    onEvent?.({ type: 'selected', interface: chosen });
    await options.ready(chosen);
  }
  if (options.force !== true) demandSuffix(options.suffix, [was, chosen]);
  const besides = tellsPlaces(bus) ? undefined : await othersBeside(bus, chosen);
  return DfuSession.open(device, chosen, {
    besides,
    clock,
    transferMs,
    limits: options.limits,
    returnedMs: clock.now() - startMs,
    quirks: options.quirks,
    bus,
    was: was === chosen ? undefined : was,
  });
}
