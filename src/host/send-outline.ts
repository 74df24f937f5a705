import type { DfuInterface } from './dfu-interface.ts';
import type { DecidedSending, DescribedStep, SendOutline } from './send-description.ts';
import { needed } from './needs.ts';
import type { SendNeeds } from './needs.ts';
import type { SendPlan } from './send-plan.ts';
import type { Sending } from './decided.ts';

function plainSteps(
  { payload, transferSizeBytes }: DecidedSending & { readonly dialect: 'dfu' },
  { alternate }: DfuInterface,
): DescribedStep[] {
  const count = Math.ceil(payload.length / transferSizeBytes);
  const sizeBytes = payload.length;
  return [{ step: 'write', alternate, address: undefined, sizeBytes, count }];
}

/** What a decision comes to, by what it needs (`needsOf`). Throws why nothing is sent. */
export function outlinedSending(
  plan: SendPlan,
  entry: DfuInterface,
  { sending, needs }: { readonly sending: Sending; readonly needs: SendNeeds },
): SendOutline {
  if (sending.dialect === undefined) throw sending.refused;
  const { dialect, planned, confirmed = [] } = sending;
  const notes = [...confirmed, ...sending.notes];
  const common = { interface: entry, format: plan.format, dialect, planned, notes };
  if (dialect === 'dfu') {
    const { transferSizeBytes } = sending;
    return { ...common, transferSizeBytes, steps: plainSteps(sending, entry) };
  }
  const { dfuseSteps } = needed(needs.dfuse);
  const transferSizeBytes = sending.parts[0]?.transferSizeBytes;
  return { ...common, transferSizeBytes, steps: dfuseSteps(sending) };
}
