import type { UsbBus } from '../usb/index.ts';
import { sendingWords } from './describe-sending.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { lookAhead } from './look-ahead.ts';
import type { SendNeeds } from './needs.ts';
import type { SendToOptions } from './send.ts';
import type { SendDescription } from './send-description.ts';
import type { SendPlan } from './send-plan.ts';

function runtimeWords(
  plan: SendPlan,
  entry: DfuInterface,
  { expected }: SendNeeds,
): Pick<SendDescription, 'ending' | 'unknown'> {
  const { willDetach } = entry.functional.bmAttributes;
  return {
    ending: 'known in DFU mode',
    unknown: [
      `it is in run-time mode: DFU_DETACH${willDetach ? '' : ' and a reset of the bus'} would come first, and is not sent`,
      'block size, alternate settings, memory and all checks against them are known in DFU mode',
      ...(expected?.openInRuntime(plan) ?? []),
    ],
  };
}

/**
 * Finds the device that `sendTo` would send the plan to, and describes all that would be sent. Descriptors are read, and
 * nothing else is asked of the device: not even DFU_DETACH of one in run-time mode, of which `unknown` then says what
 * that leaves open. Throws what `sendTo` throws before it sends anything.
 */
export async function dryRun(
  bus: UsbBus,
  plan: SendPlan,
  options: SendToOptions,
): Promise<SendDescription> {
  const { outline, plan: placed, sending, needs } = await lookAhead(bus, plan, options);
  const { interface: entry } = outline;
  const words =
    sending === undefined ? runtimeWords(plan, entry, needs) : sendingWords(placed, entry, sending);
  return { ...outline, ...words };
}
