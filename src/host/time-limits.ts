import { TRANSFER_TIMEOUT_MS } from '../usb/index.ts';
import type { OpenLimits } from '../usb/index.ts';

// What a limit for one transfer makes of the limits for more than one: who grants a slow device more
// time for a transfer wants it to get through the rest, too.

/** How long each phase may take, in ms; what is left out is as long as ever. */
export interface TimeLimits {
  /** One request for a descriptor. Default: as long as a transfer. */
  readonly descriptorMs?: number | undefined;
  /** One control transfer. Default 5000. What devices and buses may take in all grows with it. */
  readonly transferMs?: number | undefined;
  /** The silence behind an erase: many a device answers nothing until it is over. Default: as long as a transfer, 35 000 at least where everything is erased. */
  readonly eraseMs?: number | undefined;
  /** Being busy with one block or command. Default 120 000. */
  readonly busyMs?: number | undefined;
  /** Manifestation, behind which nothing is lost: the ending is `unconfirmed`. Default: as long as being busy. */
  readonly manifestMs?: number | undefined;
  /** From run-time to DFU mode. Default 10 000; 30 000 on a bus with `request`, as in a browser. */
  readonly returnMs?: number | undefined;
}

/** What options say of limits, in either way. */
interface Limiting {
  readonly transferMs?: number | undefined;
  readonly limits?: TimeLimits | undefined;
}

/** Most time for one control transfer; undefined: the usual. */
export function transferLimit({ limits, transferMs }: Limiting): number | undefined {
  return limits?.transferMs ?? transferMs;
}

/** Most time for one descriptor; undefined: the usual. */
export function descriptorLimit(options: Limiting): number | undefined {
  return options.limits?.descriptorMs ?? transferLimit(options);
}

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
