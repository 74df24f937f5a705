import type { UsbBus } from '../usb/index.ts';
import { find } from './connect.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { speaksDfuSe } from './dialect.ts';
import { scan } from './scan.ts';
import { fileNotes, findTerms } from './send.ts';
import type { SendToOptions } from './send.ts';
import type { DecidedSending, SendOutline } from './send-description.ts';
import { outlinedSending } from './send-outline.ts';
import type { SendPlan } from './send-plan.ts';
import { allowsAnyDevice, decidedSending, demandSuffix, leftOut } from './sending.ts';
import type { SendNeeds } from './needs.ts';

/** What was found out, and by what. */
interface Ahead {
  readonly outline: SendOutline;
  /** With every piece for the alternate that it goes to. */
  readonly plan: SendPlan;
  /** Undefined of a device in run-time mode. */
  readonly sending: DecidedSending | undefined;
  readonly needs: SendNeeds;
}

/** Of a device in run-time mode little is known, and asking it into DFU mode would change it. */
function outlinedRuntime(
  plan: SendPlan,
  entry: DfuInterface,
  notes: readonly string[],
): SendOutline {
  const isDfuSe = entry.functionalFound && speaksDfuSe(entry);
  const known = entry.functionalFound ? (isDfuSe ? 'dfuse' : 'dfu') : undefined;
  return {
    interface: entry,
    format: plan.format,
    dialect: plan.dialect ?? known,
    transferSizeBytes: plan.transferSizeBytes,
    planned: undefined,
    steps: [],
    notes,
  };
}

/** `dryRun`, which see, without its words. All that sending the plan will need is loaded by then. Throws `NOT_LOADED`, too. */
export async function lookAhead(
  bus: UsbBus,
  plan: SendPlan,
  options: SendToOptions,
): Promise<Ahead> {
  const terms = findTerms(plan, options);
  const { interface: entry } = await find(bus, terms);
  const needs = await terms.ready(entry);
  if (!allowsAnyDevice(plan)) {
    // In DFU mode it may have other ids than in run-time mode: that is known there.
    if (entry.mode === 'dfu') demandSuffix(plan.suffix, [entry]);
  }
  const notes = await fileNotes(plan, options);
  if (entry.mode === 'runtime') {
    return { outline: outlinedRuntime(plan, entry, notes), plan, sending: undefined, needs };
  }
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
  const outlined = outlinedSending(placed, entry, { sending, needs });
  if (sending.dialect === undefined) throw sending.refused;
  const left = leftOut(placed, alternates).map((each) => `no alternate setting ${each}: left out`);
  const outline = { ...outlined, notes: [...notes, ...left, ...outlined.notes] };
  return { outline, plan: placed, sending, needs };
}
