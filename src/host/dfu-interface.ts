import type { FunctionalDescriptor } from '../dfu/index.ts';
import { formatUsbId, idDigits } from '../usb/index.ts';
import type { DeviceDescriptor, PortLocation, UsbSpeed } from '../usb/index.ts';
import { quirksFor } from './quirks/index.ts';
import type { AppliedQuirk } from './quirks/index.ts';

/** One way to talk DFU to a device: an alternate setting of one of its interfaces. Plain data. */
export interface DfuInterface {
  /** Run-time (the application is there and can be asked away) or DFU mode. */
  readonly mode: 'runtime' | 'dfu';
  /** `BusDevice.id` of the device that has it. */
  readonly deviceId: string;
  readonly location: PortLocation;
  readonly speed: UsbSpeed;
  readonly idVendor: number;
  readonly idProduct: number;
  readonly bcdDevice: number;
  /** The device's serial number, or `UNKNOWN` where it has none or does not give it. */
  readonly serial: string;
  /** bConfigurationValue of the configuration that it is in. */
  readonly configuration: number;
  readonly interfaceNumber: number;
  readonly alternate: number;
  /** How many alternate settings its interface has. */
  readonly alternates: number;
  /** Its iInterface string, or `UNKNOWN`. */
  readonly name: string;
  /** As the device gave it, repaired where it made no sense; then `notes` says so. */
  readonly functional: FunctionalDescriptor;
  /** False if the device has no functional descriptor and this one is a guess. */
  readonly functionalFound: boolean;
  /** What was wrong with its descriptors and what was made of it. */
  readonly notes: readonly string[];
  /** Most bytes of one control transfer that this system carries to it; absent: 65535. */
  readonly mostTransferBytes?: number | undefined;
  /** What is known of it besides, and from which rows; absent where nothing is. */
  readonly quirk?: AppliedQuirk | undefined;
}

/** What is known of it besides; of an entry that nobody has read, by its ids alone. */
export function quirkOf(entry: DfuInterface): Partial<AppliedQuirk> {
  return entry.quirk ?? quirksFor(entry) ?? {};
}

/** Whether a device has the ids and the release of one as it was. */
export function hasIdsOf(descriptor: DeviceDescriptor, was: DfuInterface): boolean {
  return (['idVendor', 'idProduct', 'bcdDevice'] as const).every(
    (id) => descriptor[id] === was[id],
  );
}

/** An entry of a device that is in DFU mode though it describes itself as in run-time mode. */
export function asDfuMode(entry: DfuInterface): DfuInterface {
  return { ...entry, mode: 'dfu' };
}

/** What a string reads as that the device does not have or does not give; dfu-util's word. */
export const UNKNOWN = 'UNKNOWN';

/** The device's serial number; undefined where it has none or does not give it. */
export function serialOf({ serial }: Pick<DfuInterface, 'serial'>): string | undefined {
  return serial === UNKNOWN ? undefined : serial;
}

/** A character that would move the cursor of whoever reads the line. */
// oxlint-disable-next-line no-control-regex -- it is control characters that are looked for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** A device's own text made fit for a terminal, and to stand between double quotes. */
export function printable(text: string): string {
  return text.replace(unprintable, '?').replaceAll('"', "'");
}

/** The line that `dfu-util -l` prints for it, character by character; others read it by program. */
export function listLine(entry: DfuInterface): string {
  const { location } = entry;
  const fields = [
    `ver=${idDigits(entry.bcdDevice)}`,
    `devnum=${location.address}`,
    `cfg=${entry.configuration}`,
    `intf=${entry.interfaceNumber}`,
    `path="${printable(location.path)}"`,
    `alt=${entry.alternate}`,
    `name="${printable(entry.name)}"`,
    `serial="${printable(entry.serial)}"`,
  ];
  const found = entry.mode === 'dfu' ? 'Found DFU' : 'Found Runtime';
  return `${found}: [${formatUsbId(entry)}] ${fields.join(', ')}`;
}
