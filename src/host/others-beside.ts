import { DfuError } from '../bytes/index.ts';
import type { UsbBus } from '../usb/index.ts';
import type { DfuInterface } from './dfu-interface.ts';

/** Ids of the devices that are there beside one that is open; none where the bus does not tell. */
export async function othersBeside(
  bus: UsbBus,
  { deviceId }: DfuInterface,
): Promise<ReadonlySet<string>> {
  try {
    const ids = (await bus.list()).map(({ id }) => id);
    return new Set(ids.filter((id) => id !== deviceId));
  } catch (error) {
    if (!DfuError.is(error)) throw error;
    return new Set();
  }
}
