import { DfuError } from '../../bytes/index.ts';
import { mayMatch } from '../../host/index.ts';
import type { Selection } from '../../host/index.ts';
import { formatUsbId } from '../../usb/index.ts';
import type { BusDevice } from '../../usb/index.ts';
import type { Files } from '../shared/files.ts';
import { libusbName } from './failure.ts';
import type { Voice } from './voice.ts';

/** bDescriptorType of an interface, and the class and subclass of DFU (DFU 1.1 §4.1.2). */
const INTERFACE = 4;
const DFU_CLASS = 0xfe;
const DFU_SUBCLASS = 1;

/** Whether descriptors, one behind the other, have an interface for DFU among them. */
function hasDfu(descriptors: Uint8Array): boolean {
  for (let at = 0; at + 2 <= descriptors.length;) {
    const [length = 0, type] = descriptors.subarray(at, at + 2);
    if (length < 2) return false;
    const [interfaceClass, subclass] = descriptors.subarray(at + 5, at + 7);
    const isDfu = interfaceClass === DFU_CLASS && subclass === DFU_SUBCLASS;
    if (type === INTERFACE && length >= 9 && isDfu) return true;
    at += length;
  }
  return false;
}

/** What Linux tells everybody of a device, whoever may open it. */
function isKnownAsDfu(files: Files, { station, path }: BusDevice['location']): boolean {
  if (station !== undefined) return false;
  try {
    return hasDfu(files.read(`/sys/bus/usb/devices/${path}/descriptors`));
  } catch (error) {
    if (DfuError.is(error)) return false;
    throw error;
  }
}

/**
 * Who is told of devices that cannot be opened while one is looked for: dfu-util has a line for each that is meant and is
 * DFU by its descriptors. Here each is told once.
 */
export function closedDevices(
  files: Files,
  selection: Selection,
  voice: Voice,
): (device: BusDevice, error: unknown) => void {
  const told = new Set<string>();
  return (device, error) => {
    const { id, location, descriptor } = device;
    const isLooking = voice.phase === 'finding' || voice.phase === 'returning';
    if (!DfuError.is(error) || error.code === 'ABORTED' || !isLooking || told.has(id)) return;
    if (!mayMatch(selection, device) || !isKnownAsDfu(files, location)) return;
    told.add(id);
    const where = `${formatUsbId(descriptor)} found on devnum ${location.address}`;
    voice.warn(`Cannot open DFU device ${where} (${libusbName(error)})`);
  };
}
