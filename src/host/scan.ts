import { DfuError } from '../bytes/index.ts';
import type { DfuErrorCode } from '../bytes/index.ts';
import { formatUsbId, throwIfAborted } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock, ControlPipe, UsbBus } from '../usb/index.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { readDfuInterfaces } from './read-interfaces.ts';
import { mayMatch, select } from './selection.ts';
import type { Selection } from './selection.ts';

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
  /** Most time that one device may take, in ms. Default 3000. */
  readonly deviceMs?: number | undefined;
  readonly signal?: CancelSignal | undefined;
}

/** Most time that one device may take over its descriptors unless told otherwise, in ms. */
export const DEVICE_MS = 3000;

/** How many devices are asked at a time: one that hangs shall not make the others wait. */
const AT_A_TIME = 8;

/** bDeviceClass of hubs: they carry no DFU, and opening them is often forbidden. */
const HUB_CLASS = 9;

/** Finds the DFU interfaces on a bus. Throws what `bus.list` throws, and `ABORTED`. */
export async function scan(bus: UsbBus, options: ScanOptions): Promise<Scan> {
  const { selection = {} } = options;
  const all = await bus.list();
  const queue = all.filter(
    (device) => device.descriptor.bDeviceClass !== HUB_CLASS && mayMatch(selection, device),
  );
  const entries: DfuInterface[] = [];
  const problems: ScanProblem[] = [];
  const rest = queue.values();
  const worker = async (): Promise<void> => {
    for (const device of rest) {
      throwIfAborted(options.signal);
      try {
        entries.push(...(await scanDevice(device, options)));
      } catch (error) {
        if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
        if (error.code !== 'DISCONNECTED') problems.push(problemOf(device, error));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  const found = select(entries, selection).toSorted(inOrder);
  const ids = new Set(found.map((entry) => entry.deviceId));
  const devices = new Map(all.filter(({ id }) => ids.has(id)).map((each) => [each.id, each]));
  return { entries: found, problems, devices };
}

/** The DFU interfaces of one device, which is opened for it and closed again. */
export async function scanDevice(device: BusDevice, options: ScanOptions): Promise<DfuInterface[]> {
  const { clock, deviceMs = DEVICE_MS, signal } = options;
  const deadlineMs = clock.now() + deviceMs;
  const pipe = await device.open();
  try {
    return await readDfuInterfaces(pipe, { clock, deadlineMs, signal });
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

const byNumber = new Intl.Collator('en', { numeric: true });

function inOrder(a: DfuInterface, b: DfuInterface): number {
  return (
    byNumber.compare(a.location.path, b.location.path) ||
    a.location.address - b.location.address ||
    a.configuration - b.configuration ||
    a.interfaceNumber - b.interfaceNumber ||
    a.alternate - b.alternate
  );
}
