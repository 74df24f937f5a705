import { DfuError } from '../bytes/index.ts';
import type { DfuState } from '../dfu/index.ts';
import type { BusDevice, CancelSignal, Clock } from '../usb/index.ts';
import { dfuStateOf } from './detach-steps.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { DfuSession } from './session.ts';
import { GET_STATUS } from './steps.ts';
import type { TimeLimits } from './time-limits.ts';

/** How a device is asked what state it is in. */
interface AskTerms {
  readonly clock: Clock;
  readonly signal?: CancelSignal | undefined;
  readonly transferMs?: number | undefined;
  readonly limits?: TimeLimits | undefined;
}

/** The state of DFU mode that a device of whatever description answers to be in; undefined if it does not. Throws `ABORTED`. */
export async function askedForState(
  device: BusDevice,
  entry: DfuInterface,
  { clock, signal, transferMs, limits }: AskTerms,
): Promise<DfuState | undefined> {
  const session = await DfuSession.open(device, entry, { clock, transferMs, limits });
  try {
    const { bRequest, wValue, lengthBytes } = GET_STATUS;
    const data = await session.in(bRequest, wValue, lengthBytes, { signal });
    return dfuStateOf({ is: 'data', data });
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
    return undefined;
  } finally {
    await session.close();
  }
}
