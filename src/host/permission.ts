import { DFU_CLASS, DFU_SUBCLASS, DfuProtocol } from '../dfu/index.ts';
import type { DeviceFilter } from '../usb/index.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { HostEvent } from './events.ts';
import type { IdPair } from './selection.ts';

/** How long a device that has left may be back by itself before a person is asked for it, in ms. */
export const UNASKED_MS = 2000;

/** How long a person may take to point at it, in ms. */
export const ALLOW_MS = 300_000;

/** What is known of a device in DFU mode before it is there. */
interface ExpectedThere {
  readonly dfuIds?: IdPair | undefined;
  readonly dfuSerial?: string | undefined;
}

/** Whatever has a DFU interface, in either mode. */
export const ANY_DFU: DeviceFilter = { classCode: DFU_CLASS, subclassCode: DFU_SUBCLASS };
const IN_DFU_MODE: DeviceFilter = { ...ANY_DFU, protocolCode: DfuProtocol.dfuMode };

/**
 * What a person is to choose from: by its ids if they are known; else whatever is in DFU mode, and of the same maker whatever
 * has a DFU interface, since not all that are in DFU mode say so.
 */
function filtersFor(was: DfuInterface, { dfuIds, dfuSerial }: ExpectedThere): DeviceFilter[] {
  const serial = dfuSerial === undefined ? {} : { serialNumber: dfuSerial };
  const { vendor, product } = dfuIds ?? {};
  if (typeof vendor === 'number' && typeof product === 'number') {
    return [{ vendorId: vendor, productId: product, ...serial }];
  }
  if (typeof vendor === 'number') return [{ vendorId: vendor, ...ANY_DFU, ...serial }];
  return [
    { ...IN_DFU_MODE, ...serial },
    { vendorId: was.idVendor, ...ANY_DFU, ...serial },
  ];
}

const WHY =
  'The device has restarted into DFU mode and is another device to the browser there, which shows a page only what a person has pointed at: point at it once more.';

/** What a listener is told, who asks the person. */
export function permissionEvent(was: DfuInterface, expected: ExpectedThere): HostEvent {
  return { type: 'permission', interface: was, filters: filtersFor(was, expected), why: WHY };
}
