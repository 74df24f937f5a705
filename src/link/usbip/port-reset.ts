import { StandardRequest } from '../../usb/index.ts';
import type { SetupPacket } from '../../usb/index.ts';

/** PORT_RESET, a feature of a hub's port (USB 2.0 table 11-17). */
const PORT_RESET = 4;

/**
 * What an importer sends to have the device reset: SET_FEATURE(PORT_RESET), which is a hub's request and no
 * device's. Linux's own server (usbip_host) takes it so, and nothing else tells a server of a reset.
 */
export const portReset: SetupPacket = {
  // To the device, class, other (USB 2.0 table 11-15).
  bmRequestType: 0x23,
  bRequest: StandardRequest.SET_FEATURE,
  wValue: PORT_RESET,
  wIndex: 0,
  wLength: 0,
};

/** Whether that is it, of whichever port. */
export function isPortReset({ bmRequestType, bRequest, wValue, wLength }: SetupPacket): boolean {
  return (
    bmRequestType === portReset.bmRequestType &&
    bRequest === portReset.bRequest &&
    wValue === portReset.wValue &&
    wLength === 0
  );
}
