import type { DfuInterface } from './dfu-interface.ts';
import { ALL_NEEDS } from './all-needs.ts';
import type { SendPlan } from './send-plan.ts';
import { decidedSending } from './sending.ts';
import type { Sending, SendingDevice } from './decided.ts';

/** Decides how a plan goes to a device, or that it does not. Pure: nothing is asked, nothing sent. */
export function sendingOf(
  plan: SendPlan,
  entry: DfuInterface,
  device: SendingDevice = {},
): Sending {
  return decidedSending(plan, entry, { ...device, needs: ALL_NEEDS });
}
