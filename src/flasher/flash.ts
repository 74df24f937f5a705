import { DfuError } from '../bytes/index.ts';
import { flashFile } from '../host/index.ts';
import type { FlashOptions, Selection, SendEnding } from '../host/index.ts';
import type { WebUsbDevice } from '../link/web-usb/index.ts';
import { timerClock } from '../usb/index.ts';
import type { Clock, ControlPipe, UsbBus } from '../usb/index.ts';
import { bytesOf } from './file-bytes.ts';
import type { FileBytes } from './file-bytes.ts';
import type { DfuDevice } from './find-devices.ts';
import { placeOf } from './machine.ts';
import { pipeBus } from './pipe-bus.ts';

/**
 * What is flashed: a device that `findDevices` found, a WebUSB `USBDevice` (of a browser, or of the npm package
 * `usb`), or a pipe to a device that is open already and in DFU mode.
 */
export type FlashTarget = DfuDevice | WebUsbDevice | ControlPipe;

/** As `flashFile` of `dfukit/host` has them, but for which device it is. */
export interface FlashDeviceOptions extends Omit<FlashOptions, 'selection' | 'clock' | 'wait'> {
  /** Alternate setting, by number or by name; may be left out where there is only one, or where the file says it. */
  readonly alternate?: number | string | undefined;
  /** What its ids and its serial number are in DFU mode, where others may come at the same time. */
  readonly afterDetach?: Pick<Selection, 'dfu' | 'dfuSerial'> | undefined;
  /** Default: real time. */
  readonly clock?: Clock | undefined;
}

/**
 * Flashes a device: finds out what the file is, asks the device into DFU mode and finds it again, sends the file,
 * and says how that ended. Throws what `flashFile` of `dfukit/host` throws, `NOT_FOUND` for no device, as the first of none
 * that `findDevices` found, and `INVALID_ARGUMENT` for what is no device and what is no file.
 */
export async function flash(
  target: FlashTarget,
  file: FileBytes,
  { alternate, afterDetach, ...options }: FlashDeviceOptions = {},
): Promise<SendEnding> {
  const bytes = await bytesOf(file);
  const { clock = timerClock(globalThis) } = options;
  const { bus, ...place } = await busAndPlace(target);
  const selection: Selection = { ...afterDetach, ...place, alternate };
  return flashFile(bus, bytes, { ...options, clock, selection });
}

/** What only each kind of target has. */
const marks = ['interfaces', 'controlIn', 'controlTransferIn'] as const;

/** In JavaScript anything may come, and most often nothing: `const [device] = await findDevices()`. */
function demandTarget(target: unknown): void {
  if (target === undefined || target === null) {
    const words = 'plug one in, or put the board into its bootloader (BOOT or RESET button)';
    throw new DfuError('NOT_FOUND', `flash: no device was given, as if none was found: ${words}`);
  }
  if (typeof target === 'object' && marks.some((mark) => mark in target)) return;
  const what = 'a device that findDevices found, a USBDevice or a ControlPipe';
  const got = Array.isArray(target) ? 'an array: name one of it' : typeof target;
  throw new DfuError('INVALID_ARGUMENT', `flash: expected ${what}, got ${got}`);
}

/** Where it is: nothing else at that bus has that path and that address. */
type Place = Pick<Selection, 'path' | 'address'> & { readonly bus: UsbBus };

async function busAndPlace(target: FlashTarget): Promise<Place> {
  demandTarget(target);
  if ('interfaces' in target) {
    const address = target.interfaces[0]?.location.address;
    return { bus: target.bus, path: target.path, address };
  }
  if ('controlIn' in target) return { bus: pipeBus(target) };
  const { bus, device } = await placeOf(target);
  return { bus, path: device.location.path, address: device.location.address };
}
