import { DfuError } from '../bytes/index.ts';
import type { SendTally } from '../bytes/index.ts';
import { DfuVersion, suffixMatches } from '../dfu/index.ts';
import type { DfuSeElement, Suffix } from '../dfu/index.ts';
import { formatUsbId, idDigits } from '../usb/index.ts';
import { demandDfuMode, demandDownloads, dialectOf, speaksDfuSe, transferSize } from './dialect.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { commandPlan, downloadPlan, planTerms } from './dfuse-plan.ts';
import type { DfuSeModifiers, DfuSeOperation, PlanOptions } from './dfuse-plan.ts';

import { demandOnePiece, demandSameAddress } from './file-contents.ts';
import type { SendElement } from './file-contents.ts';
import type { SendPlan, SendTarget } from './send-plan.ts';
import { plainTally, sumOf, tallyOf } from './tally.ts';

/** What is done to one alternate setting of a DfuSe device. */
export interface SendingPart {
  readonly entry: DfuInterface;
  readonly transferSizeBytes: number;
  readonly operations: readonly DfuSeOperation[];
  /** Bytes of data in them; undefined for commands alone. */
  readonly totalBytes: number | undefined;
}

/** A plan for a device that is known: every byte and every command, or why nothing is sent at all. */
export type Sending =
  | {
      readonly dialect: 'dfu';
      readonly payload: Uint8Array;
      readonly transferSizeBytes: number;
      readonly planned: SendTally;
    }
  | {
      readonly dialect: 'dfuse';
      readonly parts: readonly SendingPart[];
      readonly planned: SendTally;
    }
  | { readonly dialect: undefined; readonly refused: DfuError };

/** What is known of the device besides the interface that was opened. */
export interface SendingDevice {
  /** All its alternates; default: the one that was opened. */
  readonly alternates?: readonly DfuInterface[] | undefined;
  /** What it was in run-time mode: a suffix may name its ids there. */
  readonly was?: DfuInterface | undefined;
}

/** Decides how a plan goes to a device, or that it does not. Pure: nothing is asked, nothing sent. */
export function sendingOf(
  plan: SendPlan,
  entry: DfuInterface,
  { alternates = [entry], was }: SendingDevice = {},
): Sending {
  try {
    demandDfuMode(entry);
    if (!plan.anyDevice) demandSuffix(plan.suffix, was === undefined ? [entry] : [was, entry]);
    return dialectOf(entry, plan.dialect) === 'dfu'
      ? plainSending(plan, entry)
      : dfuseSending(plan, entry, alternates);
  } catch (refused) {
    if (DfuError.is(refused)) return { dialect: undefined, refused };
    throw refused;
  }
}

/** bcdDevice is left out: in a suffix it is the firmware's version (DFU 1.1 Appendix B). */
export function suffixFits(suffix: Suffix, { idVendor, idProduct }: DfuInterface): boolean {
  return suffixMatches(suffix, { idVendor, idProduct });
}

/**
 * Throws `REFUSED` for a suffix that fits the device in neither of its modes, `UNSUPPORTED` for one that
 * says DfuSe to a device that does not speak it.
 */
export function demandSuffix(suffix: Suffix | undefined, modes: readonly DfuInterface[]): void {
  if (suffix === undefined) return;
  if (suffix.bcdDFU === DfuVersion.dfuSe && !modes.some(speaksDfuSe)) {
    throw new DfuError('UNSUPPORTED', 'the file is a DfuSe file, the device speaks plain DFU');
  }
  if (modes.some((entry) => suffixFits(suffix, entry))) return;
  const part = (id: number): string => (id === 0xffff ? '*' : idDigits(id));
  const file = `${part(suffix.idVendor)}:${part(suffix.idProduct)}`;
  const devices = [...new Set(modes.map(formatUsbId))].join(' or ');
  const message = `the file's suffix says that it is for ${file}, the device is ${devices}`;
  throw new DfuError('REFUSED', message, { remedies: ['force'] });
}

function plainSending({ targets, modifiers, ...plan }: SendPlan, entry: DfuInterface): Sending {
  if (modifiers.massErase === true || modifiers.unprotect === true) {
    const what = modifiers.unprotect === true ? 'read unprotect' : 'mass erase';
    throw new DfuError('UNSUPPORTED', `the device speaks plain DFU, which has no ${what}`);
  }
  if (!plan.anyDevice) demandDownloads(entry);
  demandOnePiece({ targets, format: plan.format });
  const payload = targets[0]?.elements[0]?.data ?? new Uint8Array(0);
  demandBytes(payload.length);
  const transferSizeBytes = transferSize(entry, plan.transferSizeBytes);
  const blocks = Math.ceil(payload.length / transferSizeBytes);
  const planned = plainTally(payload.length, blocks, true);
  return { dialect: 'dfu', payload, transferSizeBytes, planned };
}

/** Nothing sent is nothing that went well. */
function demandBytes(lengthBytes: number): void {
  if (lengthBytes > 0) return;
  throw new DfuError('INVALID_ARGUMENT', 'download: expected at least 1 byte, got none');
}

/** The targets of a plan that the device has no alternate for. */
export function leftOut(plan: SendPlan, alternates: readonly DfuInterface[]): number[] {
  return plan.targets.flatMap(({ alternate }) =>
    alternate === undefined || alternates.some((each) => each.alternate === alternate)
      ? []
      : [alternate],
  );
}

interface Job {
  readonly entry: DfuInterface;
  readonly elements: readonly DfuSeElement[];
}

function dfuseSending(
  plan: SendPlan,
  entry: DfuInterface,
  alternates: readonly DfuInterface[],
): Sending {
  demandSameAddress(plan, plan.modifiers.address);
  const hasFile = plan.format !== undefined || plan.targets.length > 0;
  const parts = hasFile
    ? jobsOf(plan, entry, alternates).map((job, at, all) => partOf(plan, job, [at, all]))
    : [commandsAlone(plan, entry)];
  const planned = sumOf(parts.map(({ operations }) => tallyOf(operations)));
  if (hasFile) demandBytes(planned.bytes);
  return { dialect: 'dfuse', parts, planned };
}

function jobsOf(
  { targets }: SendPlan,
  entry: DfuInterface,
  alternates: readonly DfuInterface[],
): readonly Job[] {
  const jobs = targets.flatMap((target: SendTarget): Job[] => {
    const { alternate } = target;
    const found =
      alternate === undefined ? entry : alternates.find((each) => each.alternate === alternate);
    if (found === undefined) return [];
    return [{ entry: found, elements: target.elements.map((each) => placed(each, entry)) }];
  });
  if (jobs.length > 0) return jobs;
  throw new DfuError('NOT_FOUND', 'the file has nothing for the alternates of this device');
}

function placed({ address, data }: SendElement, entry: DfuInterface): DfuSeElement {
  if (address !== undefined) return { address, data };
  const who = speaksDfuSe(entry) ? 'the device speaks DfuSe' : 'DfuSe is asked for';
  const message = `${who}, and the file does not say where it belongs`;
  throw new DfuError('INVALID_ARGUMENT', message, { remedies: ['address'] });
}

/** Everything is erased before the first, and the device leaves after the last. */
function partOf(
  plan: SendPlan,
  { entry, elements }: Job,
  [at, all]: readonly [number, readonly Job[]],
): SendingPart {
  const isFirst = at === 0;
  const { address, leave, massErase, unprotect } = plan.modifiers;
  const modifiers: DfuSeModifiers = {
    ...plan.modifiers,
    address: address ?? all[0]?.elements[0]?.address,
    massErase: isFirst && massErase,
    unprotect: isFirst && unprotect,
    leave: at === all.length - 1 && leave,
  };
  const terms = planTerms(entry, optionsOf(plan, modifiers));
  return {
    entry,
    transferSizeBytes: terms.transferSizeBytes,
    operations: downloadPlan(elements, terms),
    totalBytes: elements.reduce((sum, { data }) => sum + data.length, 0),
  };
}

function commandsAlone(plan: SendPlan, entry: DfuInterface): SendingPart {
  const { transferSizeBytes, modifiers } = planTerms(entry, optionsOf(plan, plan.modifiers));
  const operations = commandPlan(modifiers);
  return { entry, transferSizeBytes, operations, totalBytes: undefined };
}

function optionsOf({ transferSizeBytes }: SendPlan, modifiers: DfuSeModifiers): PlanOptions {
  return { ...modifiers, transferSizeBytes };
}
