import { DfuError } from '../bytes/index.ts';
import { descriptorLimit, deviceMs, scanDevice } from '../host/index.ts';
import type { DfuInterface } from '../host/index.ts';
import { formatUsbId, sleep } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock } from '../usb/index.ts';
import { isPassing } from './roster.ts';
import type { UnitTerms } from './run-unit.ts';

/** How long somebody else may hold a device that has just come, in ms: udev sets its permissions. */
const HELD_MS = 2000;
const RETRY_MS = 50;

/** What looking into a device goes by. */
interface LookTerms {
  readonly clock: Clock;
  readonly signal?: CancelSignal | undefined;
  readonly terms: UnitTerms;
}

/**
 * The interfaces of a device; undefined if it has left, or nobody waits any more. What may pass is waited for. Throws what it
 * does not tell for, with its place in front.
 */
export async function lookInto(
  device: BusDevice,
  { clock, signal, terms }: LookTerms,
): Promise<readonly DfuInterface[] | undefined> {
  const { quirks } = terms;
  const transferMs = descriptorLimit(terms);
  const untilMs = clock.now() + HELD_MS;
  for (;;) {
    try {
      const totalMs = deviceMs(transferMs);
      return await scanDevice(device, { clock, signal, transferMs, totalMs, quirks });
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      if (error.code === 'DISCONNECTED' || error.code === 'ABORTED') return undefined;
      if (!isPassing(error) || clock.now() >= untilMs) {
        const where = `[${formatUsbId(device.descriptor)}] at ${device.location.path}`;
        throw new DfuError(error.code, `${where}: ${error.message}`);
      }
    }
    await sleep(clock, RETRY_MS, signal);
  }
}
