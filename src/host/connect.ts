import { DfuError } from '../bytes/index.ts';
import type { Suffix } from '../dfu/index.ts';
import type { BusDevice, CancelSignal, Clock, UsbBus } from '../usb/index.ts';
import { Arrivals } from './arrivals.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { enterDfuMode } from './enter-dfu-mode.ts';
import type { HostListener } from './events.ts';
import { scan } from './scan.ts';
import type { Scan } from './scan.ts';
import { afterDetach, select, selectOne } from './selection.ts';
import type { Selection } from './selection.ts';
import { demandSuffix, suffixFits } from './sending.ts';
import { DfuSession } from './session.ts';

export interface FindOptions {
  readonly clock: Clock;
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
  /** Several alternates of one interface are no ambiguity: the first will do. */
  readonly anyAlternate?: boolean | undefined;
  /** Take a device that the suffix is not for. */
  readonly force?: boolean | undefined;
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
  if (options.wait !== true) return choose(await look(bus, options), options);
  const arrivals = new Arrivals(bus, clock);
  try {
    for (let told = false; ; told = true) {
      const seen = await look(bus, options);
      if (select(seen.entries, selection).length > 0) return choose(seen, options);
      if (!told) onEvent?.({ type: 'waiting' });
      // A device that needs longer than its attachment to be readable is looked at again.
      await arrivals.happening(AGAIN_MS, signal);
    }
  } finally {
    arrivals.close();
  }
}

/** How long a bus is trusted to tell of devices by itself, in ms. */
const AGAIN_MS = 1000;

function look(bus: UsbBus, { clock, signal }: FindOptions): Promise<Scan> {
  // Everything, not the selection alone: a message that nothing matches lists what is there.
  return scan(bus, { clock, signal });
}

function choose({ entries, devices, problems }: Scan, options: FindOptions): Found {
  const { suffix, selection = {}, onEvent } = options;
  const messages = problems.map((problem) => problem.message);
  const candidates = narrowed(entries, selection, suffix);
  const wanted =
    options.anyAlternate === true ? firstAlternates(candidates, selection) : candidates;
  const chosen = selectOne(wanted, selection, messages);
  const device = devices.get(chosen.deviceId);
  if (device === undefined)
    throw new DfuError('DISCONNECTED', 'the device left while it was found');
  onEvent?.({ type: 'selected', interface: chosen });
  for (const message of chosen.notes) onEvent?.({ type: 'note', message });
  return { device, interface: chosen };
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
  if (suffix === undefined || selection.runtime !== undefined) return entries;
  const fitting = entries.filter((entry) => suffixFits(suffix, entry));
  return select(fitting, selection).length > 0 ? fitting : entries;
}

export interface ConnectOptions extends FindOptions {
  /** How long a device may take from run-time to DFU mode, in ms. Default 10 s. */
  readonly returnMs?: number | undefined;
  /** Most time that one control transfer may take, in ms. Default 5000. */
  readonly transferMs?: number | undefined;
}

/**
 * Finds the device that is meant, brings it to DFU mode if it is in run-time mode, and opens it: ready
 * for `download` and `upload`. Throws what `find`, `enterDfuMode` and `DfuSession.open` throw, and
 * `REFUSED` if the suffix is for another device.
 */
export async function connect(bus: UsbBus, options: ConnectOptions): Promise<DfuSession> {
  const { clock, selection = {}, transferMs, onEvent } = options;
  let { device, interface: chosen } = await find(bus, options);
  const was = chosen;
  if (chosen.mode === 'runtime') {
    const back = await enterDfuMode(bus, device, chosen, options);
    device = back.device;
    chosen = selectOne(back.entries, afterDetach(selection));
    onEvent?.({ type: 'selected', interface: chosen });
  }
  if (options.force !== true) demandSuffix(options.suffix, [was, chosen]);
  return DfuSession.open(device, chosen, {
    clock,
    transferMs,
    was: was === chosen ? undefined : was,
  });
}
