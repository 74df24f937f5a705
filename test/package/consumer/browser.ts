import { findDevices, flash } from 'dfukit';
import type { FlashTarget } from 'dfukit';
import { webUsbBus } from 'dfukit/link/web-usb';
import { anywhere } from './anywhere.ts';

/** The browser's own type of a device is one that can be flashed. */
export const flashed = (device: USBDevice): Promise<unknown> =>
  flash(device satisfies FlashTarget, new Blob([]));

/** What a page that may use no device finds, by way of the browser's own WebUSB. */
async function found(): Promise<{ readonly web: number; readonly listed: number }> {
  const devices = await findDevices();
  const listed = await webUsbBus().list();
  return { web: devices.length, listed: listed.length };
}

Object.assign(globalThis, {
  outcome: Promise.all([anywhere(), found()]).then(([all, usb]) => ({ ...all, ...usb })),
});
