import { TRANSFER_TIMEOUT_MS } from '../usb/index.ts';
import type { OpenLimits } from '../usb/index.ts';

// What a limit for one transfer makes of the limits for more than one: who grants a slow device more
// time for a transfer wants it to get through the rest, too.

/** A device's descriptors, as many of these as there are, may take as long as so many slow transfers. */
const DEVICE_TRANSFERS = 6;
/** And all the devices of a bus as long as so many. */
const SCAN_TRANSFERS = 12;

/** Most time that a device may take over what it says of itself, in ms: 30 s for transfers of 5. */
export function deviceMs(transferMs: number = TRANSFER_TIMEOUT_MS): number {
  return DEVICE_TRANSFERS * transferMs;
}

/** Most time that a bus is looked through, in ms: a minute for transfers of 5 s. */
export function scanMs(transferMs: number = TRANSFER_TIMEOUT_MS): number {
  return SCAN_TRANSFERS * transferMs;
}

/** How long a device may take until it is open. */
export function openLimits(transferMs: number | undefined): OpenLimits {
  return { timeoutMs: transferMs, totalMs: deviceMs(transferMs) };
}
