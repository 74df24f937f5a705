import { hexNumber } from '../bytes/index.ts';
import type { SendTally } from '../bytes/index.ts';
import type { UsbBus } from '../usb/index.ts';
import type { FileFormat } from '../image/index.ts';
import { find } from './connect.ts';
import type { Dialect } from './dialect.ts';
import { speaksDfuSe } from './dialect.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { DfuSeOperation } from './dfuse-plan.ts';
import { placedByLayout } from './place.ts';
import { scan } from './scan.ts';
import { openInRuntime } from './expected.ts';
import type { SendPlan } from './send-plan.ts';
import { fileNotes, findTerms } from './send.ts';
import type { SendToOptions } from './send.ts';
import { allowsAnyDevice, demandSuffix, leftOut, sendingOf } from './sending.ts';
import type { Sending } from './sending.ts';

/** One thing that is done to a device's memory: what follows one another in it is one. */
export interface DescribedStep {
  readonly step: 'erase' | 'mass-erase' | 'read-unprotect' | 'write' | 'leave';
  /** bAlternateSetting that it is done to. */
  readonly alternate: number;
  /** Where it begins; undefined where plain DFU leaves that to the device. */
  readonly address: number | undefined;
  /** Bytes; undefined for a mass erase and what has none. */
  readonly sizeBytes: number | undefined;
  /** Sectors of an erase, blocks of a write. */
  readonly count: number;
}

/** What sending a plan to a device comes to, before anything is sent. */
export interface SendDescription {
  readonly interface: DfuInterface;
  /** What the file is; undefined without one. */
  readonly format: FileFormat | undefined;
  readonly dialect: Dialect | undefined;
  /** Bytes in a block; undefined until the device is in DFU mode. */
  readonly transferSizeBytes: number | undefined;
  /** All that goes over the wire, counted; undefined until the device is in DFU mode. */
  readonly planned: SendTally | undefined;
  readonly steps: readonly DescribedStep[];
  /** What ends it, in words. */
  readonly ending: string;
  /** What was gone past because it is allowed, and what is odd about the file or the device. */
  readonly notes: readonly string[];
  /** What nobody can know before it is done, in words. */
  readonly unknown: readonly string[];
}

type Decided = Exclude<Sending, { readonly dialect: undefined }>;

function stepOf(alternate: number, each: DfuSeOperation): DescribedStep | undefined {
  if (each.op === 'write') {
    const { address, data } = each;
    return { step: 'write', alternate, address, sizeBytes: data.length, count: 1 };
  }
  if (each.op === 'leave') {
    return { step: 'leave', alternate, address: undefined, sizeBytes: undefined, count: 1 };
  }
  if (each.op !== 'command' || each.command.command === 'set-address') return undefined;
  const { command } = each;
  if (command.command === 'erase') {
    const { address } = command;
    return { step: 'erase', alternate, address, sizeBytes: each.erasesBytes, count: 1 };
  }
  if (command.command !== 'mass-erase' && command.command !== 'read-unprotect') return undefined;
  const step = command.command;
  return { step, alternate, address: undefined, sizeBytes: undefined, count: 1 };
}

/** Two steps as one, if one goes on where the other ends. */
function together(one: DescribedStep, other: DescribedStep): DescribedStep | undefined {
  if (one.step !== other.step || one.alternate !== other.alternate) return undefined;
  const { address, sizeBytes } = one;
  if (address === undefined || sizeBytes === undefined || other.sizeBytes === undefined) {
    return undefined;
  }
  if (address + sizeBytes !== other.address) return undefined;
  return { ...one, sizeBytes: sizeBytes + other.sizeBytes, count: one.count + other.count };
}

function dfuseSteps({ parts }: Decided & { readonly dialect: 'dfuse' }): DescribedStep[] {
  const steps: DescribedStep[] = [];
  for (const { entry, operations } of parts) {
    for (const each of operations) {
      const step = stepOf(entry.alternate, each);
      if (step === undefined) continue;
      const last = steps.at(-1);
      const joined = last === undefined ? undefined : together(last, step);
      if (joined === undefined) steps.push(step);
      else steps[steps.length - 1] = joined;
    }
  }
  return steps;
}

function plainSteps(
  { payload, transferSizeBytes }: Decided & { readonly dialect: 'dfu' },
  { alternate }: DfuInterface,
): DescribedStep[] {
  const count = Math.ceil(payload.length / transferSizeBytes);
  const sizeBytes = payload.length;
  return [{ step: 'write', alternate, address: undefined, sizeBytes, count }];
}

function plainEnding({ functional }: DfuInterface): string {
  const { manifestationTolerant } = functional.bmAttributes;
  const then = manifestationTolerant
    ? 'answers again when that is done (bitManifestationTolerant)'
    : 'restarts when that is done';
  return `a block of length 0; the device takes the image over, and ${then}`;
}

function dfuseEnding(
  { parts }: Decided & { readonly dialect: 'dfuse' },
  { modifiers, targets }: SendPlan,
): string {
  const last = parts.at(-1);
  const leaves = last === undefined ? false : [...last.operations].at(-1)?.op === 'leave';
  if (!leaves) return 'the device stays in DFU mode';
  const address = modifiers.address ?? targets[0]?.elements[0]?.address;
  const where =
    address === undefined ? 'its application' : `what stands at ${hexNumber(address, 8)}`;
  return `the device leaves DFU mode and starts ${where}`;
}

/** What reading the device back adds, which depends on what is in it. */
function readBackUnknown({ readBack, noDowngrade = false }: SendPlan): string[] {
  const { verify, changedOnly, resume } = readBack;
  return [
    noDowngrade ? ['whether the device has something newer: its image is read first'] : [],
    changedOnly
      ? ['which of these bytes it has: it is read first, and what is equal is left out']
      : [],
    resume
      ? ['where an earlier download stopped: it is read first, and what is there is left out']
      : [],
    verify
      ? ['whether it is right: it is read back behind the writing, where the device gives uploads']
      : [],
  ].flat();
}

/** What is known of a decision, in plain data. Pure: nothing is asked, nothing sent. */
export function describeSending(
  plan: SendPlan,
  entry: DfuInterface,
  sending: Sending,
): SendDescription {
  if (sending.dialect === undefined) throw sending.refused;
  const { dialect, planned, confirmed = [] } = sending;
  const notes = [...confirmed, ...sending.notes];
  const common = { interface: entry, format: plan.format, dialect, planned, notes };
  if (dialect === 'dfu') {
    return {
      ...common,
      transferSizeBytes: sending.transferSizeBytes,
      steps: plainSteps(sending, entry),
      ending: plainEnding(entry),
      unknown: [
        'where in its memory the device puts the bytes, and what it erases for them',
        ...readBackUnknown(plan),
      ],
    };
  }
  return {
    ...common,
    transferSizeBytes: sending.parts[0]?.transferSizeBytes,
    steps: dfuseSteps(sending),
    ending: dfuseEnding(sending, plan),
    unknown: readBackUnknown(plan),
  };
}

/** Of a device in run-time mode little is known, and asking it into DFU mode would change it. */
function describeRuntime(plan: SendPlan, entry: DfuInterface): SendDescription {
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
      ...openInRuntime(plan),
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
  terms.demand(entry);
  if (!allowsAnyDevice(plan)) {
    // In DFU mode it may have other ids than in run-time mode: that is known there.
    if (entry.mode === 'dfu') demandSuffix(plan.suffix, [entry]);
  }
  if (entry.mode === 'runtime') return describeRuntime(plan, entry);
  const { clock, signal, limits, quirks } = options;
  const { entries } = await scan(bus, { clock, signal, limits, quirks });
  const alternates = entries.filter(
    (each) =>
      each.deviceId === entry.deviceId &&
      each.configuration === entry.configuration &&
      each.interfaceNumber === entry.interfaceNumber,
  );
  const places = options.selection?.alternate === undefined && options.placeByLayout !== false;
  const placed = places ? placedByLayout(plan, entry, alternates) : plan;
  const described = describeSending(placed, entry, sendingOf(placed, entry, { alternates }));
  const left = leftOut(placed, alternates).map((each) => `no alternate setting ${each}: left out`);
  return { ...described, notes: [...fileNotes(plan), ...left, ...described.notes] };
}
