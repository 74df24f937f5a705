import { ALL_NEEDS } from './all-needs.ts';
import { describedSending } from './describe-sending.ts';
import type { SendDescription } from './send-description.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { SendPlan } from './send-plan.ts';
import type { Sending } from './decided.ts';

/** What is known of a decision, in plain data. Pure: nothing is asked, nothing sent. */
export function describeSending(
  plan: SendPlan,
  entry: DfuInterface,
  sending: Sending,
): SendDescription {
  return describedSending(plan, entry, { sending, needs: ALL_NEEDS });
}
