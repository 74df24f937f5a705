import { DfuError } from '../bytes/index.ts';
import type { WebUsbDevice } from '../link/web-usb/index.ts';
import { webUsbBus } from '../link/web-usb/index.ts';
import type { BusDevice, UsbBus } from '../usb/index.ts';

/** A device and the bus that it is on. */
interface OnBus {
  readonly bus: UsbBus;
  readonly device: BusDevice;
}

let native: Promise<UsbBus> | undefined;

function isBrowser(): boolean {
  const { navigator } = globalThis as { readonly navigator?: { readonly usb?: object } };
  return navigator?.usb !== undefined;
}

/** What is loaded for it is loaded now and not before. */
async function nativeBus(): Promise<UsbBus> {
  native ??= import('../link/node-usb/index.ts').then(({ nodeUsbBus }) => nodeUsbBus());
  return native;
}

/** The devices of this machine: in a browser those that the page may use, else all. */
export async function machineBus(): Promise<UsbBus> {
  return isBrowser() ? webUsbBus() : nativeBus();
}

/** What the npm package `usb` tells of a device besides what WebUSB has. */
interface Placed {
  readonly bus: string;
  readonly address: number;
}

function isPlaced(device: object): device is Placed {
  return 'bus' in device && 'address' in device && 'ports' in device;
}

/** A device as WebUSB has it, of a browser or of the npm package `usb`. Throws `NOT_FOUND` if it is not there any more. */
export async function placeOf(device: WebUsbDevice): Promise<OnBus> {
  if (!isPlaced(device)) {
    const bus = webUsbBus();
    return { bus, device: bus.deviceOf(device) };
  }
  const bus = await nativeBus();
  const all = await bus.list();
  const found = all.find(
    ({ location }) => location.bus === Number(device.bus) && location.address === device.address,
  );
  if (found !== undefined) return { bus, device: found };
  throw new DfuError('NOT_FOUND', 'the device that was handed over is not on the bus any more');
}
