import { DfuError } from '../bytes/index.ts';
import type { DfuErrorCode } from '../bytes/index.ts';
import { formatUsbId, throwIfAborted } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock, ControlPipe, UsbBus } from '../usb/index.ts';
import type { ReadLimits } from './descriptor-reader.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { readDfuInterfaces } from './read-interfaces.ts';
import { mayMatch, select } from './selection.ts';
import type { Selection } from './selection.ts';
import { descriptorLimit, deviceMs, scanMs } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';
import { parts } from './quirks/parts.ts';
import type { QuirkRow } from './quirks/index.ts';

/** A device that could not be looked into. */
export interface ScanProblem {
  readonly device: BusDevice;
  readonly code: DfuErrorCode;
  /** One sentence with the device's id and port in it. */
  readonly message: string;
}

/** What is on a bus. */
export interface Scan {
  /** The DFU interfaces that match, by port, configuration, interface and alternate. */
  readonly entries: readonly DfuInterface[];
  readonly problems: readonly ScanProblem[];
  /** The devices of the entries by `deviceId`. */
  readonly devices: ReadonlyMap<string, BusDevice>;
}

export interface ScanOptions {
  readonly clock: Clock;
  /** Devices that cannot match are not opened, entries that do not are left out. */
  readonly selection?: Selection | undefined;
  /**
   * Most time that one control transfer may take, in ms. Default 5000. A device may take as long as six
   * such transfers over all that it says of itself, and the whole bus as long as twelve.
   */
  readonly transferMs?: number | undefined;
  readonly signal?: CancelSignal | undefined;
  /** Limits of time phase by phase; what is there counts before the others. */
  readonly limits?: TimeLimits | undefined;
  /** What is known of devices besides the table of quirks; it counts first. */
  readonly quirks?: readonly QuirkRow[] | undefined;
}

/** How many devices are asked at a time: one that hangs shall not make the others wait. */
const AT_A_TIME = 16;

/** The most DFU interfaces of a bus that are told of. */
const MOST_ENTRIES = 4096;

/** bDeviceClass of hubs: they carry no DFU, and opening them is often forbidden. */
const HUB_CLASS = 9;

/** Finds the DFU interfaces on a bus. Throws what `bus.list` throws, and `ABORTED`. */
export async function scan(bus: UsbBus, options: ScanOptions): Promise<Scan> {
  const { selection = {} } = options;
  const all = await bus.list();
  await checkQuirks(options);
  const looks = new Looks(options);
  await looks.into(all.filter((device) => mayMatch(selection, device)));
  return looks.scan(all, select(looks.entries, selection));
}

/**
 * As `scan`; where nothing matches, everything that there is, for a message that says so. What matches
 * never waits for what does not.
 */
export async function scanElseAll(bus: UsbBus, options: ScanOptions): Promise<Scan> {
  const { selection = {} } = options;
  const all = await bus.list();
  await checkQuirks(options);
  const looks = new Looks(options);
  await looks.into(all.filter((device) => mayMatch(selection, device)));
  const found = select(looks.entries, selection);
  if (found.length > 0) return looks.scan(all, found);
  await looks.into(all.filter((device) => !mayMatch(selection, device)));
  return looks.scan(all, looks.entries);
}

/** A person's own rows may be anything. Throws `INVALID_ARGUMENT`. */
async function checkQuirks({ quirks = [] }: ScanOptions): Promise<void> {
  if (quirks.length === 0) return;
  const { checkedQuirk } = await parts.checks();
  for (const [at, row] of quirks.entries()) checkedQuirk(row, `quirks[${at}]`);
}

/** Looks into devices, several at a time, all of them within the time that there is for one bus. */
class Looks {
  readonly entries: DfuInterface[] = [];
  readonly #problems: ScanProblem[] = [];
  readonly #options: ScanOptions;
  readonly #deadlineMs: number;

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#deadlineMs = options.clock.now() + scanMs(descriptorLimit(options));
  }

  async into(devices: readonly BusDevice[]): Promise<void> {
    const rest = devices.filter(({ descriptor }) => descriptor.bDeviceClass !== HUB_CLASS).values();
    const worker = async (): Promise<void> => {
      for (const device of rest) await this.#into(device);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  }

  async #into(device: BusDevice): Promise<void> {
    const { clock, signal, quirks } = this.#options;
    const transferMs = descriptorLimit(this.#options);
    throwIfAborted(signal);
    try {
      if (this.entries.length >= MOST_ENTRIES) throw tooMany();
      const totalMs = Math.min(deviceMs(transferMs), this.#deadlineMs - clock.now());
      if (totalMs <= 0) throw tooSlow();
      const limits = { clock, transferMs, signal, totalMs, quirks };
      this.entries.push(...(await scanDevice(device, limits)));
    } catch (error) {
      if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
      if (error.code !== 'DISCONNECTED') this.#problems.push(problemOf(device, error));
    }
  }

  scan(all: readonly BusDevice[], found: readonly DfuInterface[]): Scan {
    const entries = found.toSorted(inOrder);
    const ids = new Set(entries.map((entry) => entry.deviceId));
    const devices = new Map(all.filter(({ id }) => ids.has(id)).map((each) => [each.id, each]));
    return { entries, problems: this.#problems, devices };
  }
}

function tooMany(): DfuError {
  const message = `more than ${MOST_ENTRIES} DFU interfaces on this bus: it is not looked into`;
  return new DfuError('OUT_OF_RANGE', message);
}

function tooSlow(): DfuError {
  const message = 'the other devices took all the time that there is for one bus';
  return new DfuError('TIMEOUT', message);
}

/** The DFU interfaces of one device, which is opened for it and closed again. */
export async function scanDevice(device: BusDevice, limits: ReadLimits): Promise<DfuInterface[]> {
  const { clock, totalMs, transferMs: timeoutMs, signal } = limits;
  const startMs = clock.now();
  const pipe = await device.open({ timeoutMs, totalMs, signal });
  try {
    const leftMs = totalMs - (clock.now() - startMs);
    return await readDfuInterfaces(pipe, { ...limits, totalMs: leftMs });
  } finally {
    await closeQuietly(pipe);
  }
}

/** What has been learned is not lost because closing fails: the device may have left meanwhile. */
export async function closeQuietly(pipe: ControlPipe): Promise<void> {
  try {
    await pipe.close();
  } catch (error) {
    if (!DfuError.is(error)) throw error;
  }
}

function problemOf(device: BusDevice, error: DfuError): ScanProblem {
  const where = `[${formatUsbId(device.descriptor)}] at ${device.location.path}`;
  return { device, code: error.code, message: `${where}: ${error.message}` };
}

/** `1-10` stands behind `1-9`. Not by `Intl`: loading that takes longer than looking at the devices. */
function byNumber(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const [one = '', other = ''] = [left[at], right[at]];
    const order = Number(one) - Number(other);
    if (order !== 0 && !Number.isNaN(order)) return order;
    if (one !== other && Number.isNaN(order)) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

/** Numbers, and what stands between them. */
function partsOf(path: string): readonly string[] {
  return path.match(/\d+|\D+/g) ?? [];
}

function inOrder(a: DfuInterface, b: DfuInterface): number {
  return (
    byNumber(a.location.path, b.location.path) ||
    a.location.address - b.location.address ||
    a.configuration - b.configuration ||
    a.interfaceNumber - b.interfaceNumber ||
    a.alternate - b.alternate
  );
}
