import type { UsbBus } from '../usb/index.ts';
import { find } from './connect.ts';
import { describedSending } from './describe-sending.ts';
import type { SendDescription } from './send-description.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { speaksDfuSe } from './dialect.ts';
import type { SendNeeds } from './needs.ts';
import { scan } from './scan.ts';
import { fileNotes, findTerms } from './send.ts';
import type { SendToOptions } from './send.ts';
import type { SendPlan } from './send-plan.ts';
import { allowsAnyDevice, decidedSending, demandSuffix, leftOut } from './sending.ts';

/** Of a device in run-time mode little is known, and asking it into DFU mode would change it. */
function describeRuntime(
  plan: SendPlan,
  entry: DfuInterface,
  { expected }: SendNeeds,
): SendDescription {
  const isDfuSe = entry.functionalFound && speaksDfuSe(entry);
  const known = entry.functionalFound ? (isDfuSe ? 'dfuse' : 'dfu') : undefined;
  const { willDetach } = entry.functional.bmAttributes;
  return {
    interface: entry,
    format: plan.format,
    dialect: plan.dialect ?? known,
    transferSizeBytes: plan.transferSizeBytes,
    planned: undefined,
    steps: [],
    ending: 'known in DFU mode',
    notes: fileNotes(plan),
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
  const terms = findTerms(plan, options);
  const { interface: entry } = await find(bus, terms);
  const needs = await terms.ready(entry);
  if (!allowsAnyDevice(plan)) {
    // In DFU mode it may have other ids than in run-time mode: that is known there.
    if (entry.mode === 'dfu') demandSuffix(plan.suffix, [entry]);
  }
  if (entry.mode === 'runtime') return describeRuntime(plan, entry, needs);
  const { clock, signal, limits, quirks } = options;
  const { entries } = await scan(bus, { clock, signal, limits, quirks });
  const alternates = entries.filter(
    (each) =>
      each.deviceId === entry.deviceId &&
      each.configuration === entry.configuration &&
      each.interfaceNumber === entry.interfaceNumber,
  );
  const places = options.selection?.alternate === undefined && options.placeByLayout !== false;
  const placed = (places && needs.dfuse?.placedByLayout(plan, entry, alternates)) || plan;
  const sending = decidedSending(placed, entry, { alternates, needs });
  const described = describedSending(placed, entry, { sending, needs });
  const left = leftOut(placed, alternates).map((each) => `no alternate setting ${each}: left out`);
  return { ...described, notes: [...fileNotes(plan), ...left, ...described.notes] };
}
