import type { DfuInterface, HostEvent } from '../../host/index.ts';
import { formatUsbId, idDigits } from '../../usb/index.ts';

/** An interface as JSON: what the library has, and its ids and its release as people write them. */
export function interfaceAsJson(entry: DfuInterface): object {
  return { id: formatUsbId(entry), release: idDigits(entry.bcdDevice), ...entry };
}

/** An event as JSON. */
export function eventAsJson(event: HostEvent): object {
  if (event.type === 'application' && event.application !== undefined) {
    const { application } = event;
    const texts = { id: formatUsbId(application), release: idDigits(application.bcdDevice) };
    return { ...event, application: { ...texts, ...application } };
  }
  if (!('interface' in event)) return event;
  return { ...event, interface: interfaceAsJson(event.interface) };
}
