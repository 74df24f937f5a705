import { scan, serialOf } from '../host/index.ts';
import type { DfuInterface, ScanOptions } from '../host/index.ts';
import { formatUsbId, timerClock } from '../usb/index.ts';
import type { Clock, UsbBus } from '../usb/index.ts';
import { machineBus } from './machine.ts';

/** A device that can be flashed, in either of its modes. */
export interface DfuDevice {
  /** Its ids in that mode, `1209:7d02`. */
  readonly id: string;
  /** Bus and ports, `1-4.2`; in a browser a number that is new with each attachment. */
  readonly path: string;
  /** Undefined where it has none, or does not give it. */
  readonly serial: string | undefined;
  /** Run-time: its application is there and is asked away first. */
  readonly mode: 'runtime' | 'dfu';
  /** Its DFU interfaces, one an alternate setting, by number. */
  readonly interfaces: readonly DfuInterface[];
  /** Where it was found. */
  readonly bus: UsbBus;
}

/** Which devices are looked for, and where. */
export interface FindDevicesOptions extends Omit<ScanOptions, 'clock'> {
  /** Default: this machine's own USB; in a browser, the devices that the page may use. */
  readonly bus?: UsbBus | undefined;
  /** Default: real time. */
  readonly clock?: Clock | undefined;
}

/**
 * The DFU devices that are there, in the order of their ports. What cannot be looked into is left out; `scan`
 * of `dfukit/host` tells why. Throws `NO_USB` where there is no USB, with what to do, and `ABORTED`.
 */
export async function findDevices(options: FindDevicesOptions = {}): Promise<DfuDevice[]> {
  const { bus = await machineBus(), clock = timerClock(globalThis) } = options;
  const { entries } = await scan(bus, { ...options, clock });
  const byDevice = new Map<string, DfuInterface[]>();
  for (const entry of entries) {
    const own = byDevice.get(entry.deviceId);
    if (own === undefined) byDevice.set(entry.deviceId, [entry]);
    else own.push(entry);
  }
  return [...byDevice.values()].flatMap((interfaces) => {
    const [first] = interfaces;
    return first === undefined ? [] : [deviceOf(bus, first, interfaces)];
  });
}

function deviceOf(
  bus: UsbBus,
  first: DfuInterface,
  interfaces: readonly DfuInterface[],
): DfuDevice {
  const { location } = first;
  const isInDfuMode = interfaces.some(({ mode }) => mode === 'dfu');
  return {
    id: formatUsbId(first),
    path: location.path,
    serial: serialOf(first),
    mode: isInDfuMode ? 'dfu' : 'runtime',
    interfaces,
    bus,
  };
}
