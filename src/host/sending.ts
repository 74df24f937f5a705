import { DfuError, hexNumber } from '../bytes/index.ts';
import type { SendTally } from '../bytes/index.ts';
import { DfuVersion, suffixMatches } from '../dfu/index.ts';
import type { DfuSeElement, Suffix } from '../dfu/index.ts';
import { formatUsbId, idDigits } from '../usb/index.ts';
import { isAllowed } from './allowances.ts';
import {
  demandDfuMode,
  demandDownloads,
  dialectOf,
  memoryLayoutOf,
  speaksDfuSe,
  takesDfuSe,
  transferSize,
} from './dialect.ts';
import type { Dialect } from './dialect.ts';
import { likelyAddress } from './likely-address.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { demandExpected, demandExpectedDevice } from './expected.ts';
import { commandPlan, downloadPlan, planTerms } from './dfuse-plan.ts';
import type {
  DfuSeModifiers,
  DfuSeOperation,
  DfuSePlan,
  PlanOptions,
  PlanTerms,
} from './dfuse-plan.ts';
import { nothingToSend } from './download-steps.ts';
import { demandNoConflict, demandOnePiece, demandSameAddress } from './file-contents.ts';
import type { SendElement } from './file-contents.ts';
import { demandRelease } from './release.ts';
import { demandRunsThere } from './runs-where.ts';
import type { SendPlan, SendTarget } from './send-plan.ts';
import { plainTally, sumOf, tallyOf } from './tally.ts';

/** What is done to one alternate setting of a DfuSe device. */
export interface SendingPart {
  readonly entry: DfuInterface;
  readonly transferSizeBytes: number;
  /** In order; made while they are walked, as often as somebody wants to. */
  readonly operations: Iterable<DfuSeOperation>;
  /** Bytes of data in them; undefined for commands alone. */
  readonly totalBytes: number | undefined;
}

/** A part, and what it is made of: what is read back of it may change it. */
export interface PlacedPart extends SendingPart {
  readonly elements: readonly DfuSeElement[];
  readonly terms: PlanTerms;
  /** Its operations up to the ending, and those. */
  readonly work: Iterable<DfuSeOperation>;
  readonly ending: readonly DfuSeOperation[];
}

/** A plan for a device that is known: every byte and every command, or why nothing is sent at all. */
export type Sending =
  | {
      readonly dialect: 'dfu';
      readonly payload: Uint8Array;
      readonly transferSizeBytes: number;
      readonly planned: SendTally;
      /** What was gone past because it is allowed or forced, and what is not known of the device. */
      readonly notes: readonly string[];
      /** What was held against `expected` and found right, in words. */
      readonly confirmed?: readonly string[] | undefined;
    }
  | {
      readonly dialect: 'dfuse';
      readonly parts: readonly SendingPart[];
      readonly planned: SendTally;
      readonly notes: readonly string[];
      readonly confirmed?: readonly string[] | undefined;
    }
  | { readonly dialect: undefined; readonly refused: DfuError };

/** A plan that can be sent. */
export type Decided =
  | Extract<Sending, { readonly dialect: 'dfu' }>
  | (Omit<Extract<Sending, { readonly dialect: 'dfuse' }>, 'parts'> & {
      readonly parts: readonly PlacedPart[];
    });

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
  device: SendingDevice = {},
): Sending {
  return decidedSending(plan, entry, device);
}

/** The same, with what its parts are made of. */
export function decidedSending(
  plan: SendPlan,
  entry: DfuInterface,
  { alternates = [entry], was }: SendingDevice,
): Decided | Extract<Sending, { readonly dialect: undefined }> {
  try {
    demandDfuMode(entry);
    const notes = suffixNotes(plan, was === undefined ? [entry] : [was, entry]);
    const dialect = dialectFor(plan, entry);
    const { confirmed, notes: checked } = demandExpected(plan, { entry, alternates, dialect });
    const sending =
      dialect === 'dfu' ? plainSending(plan, entry) : dfuseSending(plan, entry, alternates);
    return { ...sending, confirmed, notes: [...notes, ...checked, ...sending.notes] };
  } catch (refused) {
    if (DfuError.is(refused)) return { dialect: undefined, refused };
    throw refused;
  }
}

/** bcdDevice is left out: in a suffix it is the firmware's version (DFU 1.1 Appendix B). */
export function suffixFits(suffix: Suffix, { idVendor, idProduct }: DfuInterface): boolean {
  return suffixMatches(suffix, { idVendor, idProduct });
}

/** A suffix for another device, in words, if that is allowed. Throws as `demandSuffix` does. */
function suffixNotes(plan: SendPlan, modes: readonly DfuInterface[]): string[] {
  try {
    demandSuffix(plan.suffix, modes);
    return [];
  } catch (error) {
    if (!DfuError.is(error, 'REFUSED') || !allowsAnyDevice(plan)) throw error;
    return [`${error.message}; sent all the same`];
  }
}

/** Whether a file for another device may be sent. */
export function allowsAnyDevice({ anyDevice, modifiers: { allow } }: SendPlan): boolean {
  return anyDevice || isAllowed({ allow }, 'other-device');
}

/** Throws `REFUSED` for a suffix that fits the device in neither of its modes. */
export function demandSuffix(suffix: Suffix | undefined, modes: readonly DfuInterface[]): void {
  if (suffix === undefined || modes.some((entry) => suffixFits(suffix, entry))) return;
  const part = (id: number): string => (id === 0xffff ? '*' : idDigits(id));
  const file = `${part(suffix.idVendor)}:${part(suffix.idProduct)}`;
  const devices = [...new Set(modes.map(formatUsbId))].join(' or ');
  const message = `the file's suffix says that it is for ${file}, the device is ${devices}`;
  throw new DfuError('REFUSED', message, { remedies: ['other-device'] });
}

/**
 * What is spoken. Throws `UNSUPPORTED` for a DfuSe file, and for commands, where the device speaks plain
 * DFU: to it they are the first bytes of a firmware.
 */
function dialectFor({ dialect, format, targets, suffix }: SendPlan, entry: DfuInterface): Dialect {
  const isFile = format !== undefined || targets.length > 0;
  const isDfuSe = format === 'dfuse' || suffix?.bcdDFU === DfuVersion.dfuSe;
  if (isFile && format !== 'dfuse' && (!isDfuSe || dialect === 'dfu')) {
    return dialectOf(entry, dialect);
  }
  const what = isFile ? 'the file is a DfuSe file' : 'commands without a file are DfuSe';
  if (dialect === 'dfu') {
    throw new DfuError('INVALID_ARGUMENT', `${what}, and plain DFU is asked for`);
  }
  if (dialect === undefined && !takesDfuSe(entry)) throw plainDevice(what);
  return 'dfuse';
}

function plainDevice(what: string): DfuError {
  const message = `${what}, the device speaks plain DFU`;
  return new DfuError('UNSUPPORTED', message, { remedies: ['dialect'] });
}

/** Throws what is known to be wrong with this device before anything is asked of it. */
export function demandFit(plan: SendPlan, entry: DfuInterface): void {
  demandRelease(plan, entry);
  demandExpectedDevice(plan, entry);
  if (entry.mode === 'dfu') dialectFor(plan, entry);
  else demandDfuSeToCome(plan, entry);
}

/**
 * Throws `UNSUPPORTED` where a device in run-time mode says already that it speaks plain DFU (its
 * functional descriptor is the same in both modes, DFU 1.1 §4.1.3), before it is asked out of it.
 */
function demandDfuSeToCome(plan: SendPlan, entry: DfuInterface): void {
  if (plan.format !== 'dfuse' || plan.dialect !== undefined) return;
  if (entry.functionalFound && !speaksDfuSe(entry)) throw plainDevice('the file is a DfuSe file');
}

function plainSending({ targets, modifiers, ...plan }: SendPlan, entry: DfuInterface): Decided {
  if (modifiers.massErase === true || modifiers.unprotect === true) {
    const what = modifiers.unprotect === true ? 'read unprotect' : 'mass erase';
    throw new DfuError('UNSUPPORTED', `the device speaks plain DFU, which has no ${what}`);
  }
  const notes = plan.anyDevice ? noDownloadsNotes(entry) : [];
  if (!plan.anyDevice) demandDownloads(entry);
  demandOnePiece({ targets, format: plan.format });
  const payload = targets[0]?.elements[0]?.data ?? new Uint8Array(0);
  if (payload.length === 0) throw nothingToSend();
  const transferSizeBytes = transferSize(entry, plan.transferSizeBytes);
  const blocks = Math.ceil(payload.length / transferSizeBytes);
  const planned = plainTally(payload.length, blocks, true);
  return { dialect: 'dfu', payload, transferSizeBytes, planned, notes };
}

function noDownloadsNotes({ functional }: DfuInterface): string[] {
  if (functional.bmAttributes.canDnload) return [];
  return ['the device takes no downloads (bitCanDnload is 0); sent all the same'];
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
  /** Bytes that nobody has said the address of. */
  readonly unplacedBytes: number;
}

function dfuseSending(
  plan: SendPlan,
  entry: DfuInterface,
  alternates: readonly DfuInterface[],
): Decided {
  demandSameAddress(plan, plan.modifiers.address);
  const hasFile = plan.format !== undefined || plan.targets.length > 0;
  const jobs = hasFile ? jobsOf(withoutPrefix(plan), entry, alternates) : [];
  for (const { elements } of jobs) demandNoConflict(elements);
  const elsewhere = plan.raw === true ? [] : placeNotes(plan, jobs, alternates);
  const all = hasFile
    ? jobs.map((job, at) => partOf(plan, job, [at, jobs]))
    : [commandsAlone(plan, entry)];
  const unplaced = jobs.map(({ unplacedBytes }) => plainTally(unplacedBytes, 0, false));
  const planned = sumOf([...all.map(({ part }) => tallyOf(part.operations)), ...unplaced]);
  if (hasFile && planned.bytes === 0) throw nothingToSend();
  const notes = [
    ...new Set([...prefixNotes(plan), ...elsewhere, ...all.flatMap((each) => each.notes)]),
  ];
  return { dialect: 'dfuse', parts: all.map(({ part }) => part), planned, notes };
}

/** DfuSe has addresses of its own: a prefix would be the first bytes of the firmware. Its address counts where none is given. */
function withoutPrefix({ prefix, targets, ...plan }: SendPlan): SendPlan {
  if (prefix === undefined) return { ...plan, targets };
  const elements = (targets[0]?.elements ?? []).map(({ address = prefix.address, data }) => ({
    address,
    data: data.subarray(prefix.sizeBytes),
  }));
  return { ...plan, targets: [{ alternate: targets[0]?.alternate, elements }] };
}

function prefixNotes({ prefix, modifiers: { address } }: SendPlan): string[] {
  if (prefix === undefined) return [];
  const { kind, sizeBytes, address: own } = prefix;
  const name = kind === 'lpc' ? 'NXP LPC' : 'TI Stellaris';
  const elsewhere = own !== undefined && address !== undefined && own !== address;
  const where = elsewhere ? `, and that it belongs at ${hexNumber(own, 8)} counts for nothing` : '';
  return [`the file begins with a ${name} prefix: its ${sizeBytes} bytes are not sent${where}`];
}

function placeNotes(
  { modifiers: { allow }, anyDevice: force }: SendPlan,
  jobs: readonly Job[],
  alternates: readonly DfuInterface[],
): string[] {
  const elements = jobs.flatMap((job) => job.elements);
  const layouts = alternates.flatMap((each) => memoryLayoutOf(each) ?? []);
  return demandRunsThere({ elements, layouts }, { force, allow });
}

function jobsOf(
  { targets, modifiers }: SendPlan,
  entry: DfuInterface,
  alternates: readonly DfuInterface[],
): readonly Job[] {
  const jobs = targets.flatMap(({ alternate, elements }: SendTarget): Job[] => {
    const found =
      alternate === undefined ? entry : alternates.find((each) => each.alternate === alternate);
    return found === undefined ? [] : [jobOf(found, elements, modifiers)];
  });
  if (jobs.length > 0) return jobs;
  throw new DfuError('NOT_FOUND', 'the file has nothing for the alternates of this device');
}

/**
 * A device restarts when its read protection is taken off, before it gets any file: that much can be done
 * without knowing where the file belongs.
 */
function jobOf(
  entry: DfuInterface,
  all: readonly SendElement[],
  { unprotect }: DfuSeModifiers,
): Job {
  const elements: DfuSeElement[] = [];
  let unplacedBytes = 0;
  for (const { address, data } of all) {
    if (address !== undefined) elements.push({ address, data });
    else if (unprotect === true) unplacedBytes += data.length;
    else throw nowhere(entry, data);
  }
  return { entry, elements, unplacedBytes };
}

function nowhere(entry: DfuInterface, data: Uint8Array): DfuError {
  const who = speaksDfuSe(entry) ? 'the device speaks DfuSe' : 'DfuSe is asked for';
  const likely = likelyAddress(data, memoryLayoutOf(entry));
  const message = `${who}, and the file does not say where it belongs${likely}`;
  return new DfuError('INVALID_ARGUMENT', message, { remedies: ['address'] });
}

interface Made {
  readonly part: PlacedPart;
  readonly notes: readonly string[];
}

/** Everything is erased before the first, and the device leaves after the last. */
function partOf(
  plan: SendPlan,
  { entry, elements }: Job,
  [at, all]: readonly [number, readonly Job[]],
): Made {
  const isFirst = at === 0;
  const isLast = at === all.length - 1;
  const { address, leave, massErase, unprotect, willReset } = plan.modifiers;
  const modifiers: DfuSeModifiers = {
    ...plan.modifiers,
    address: address ?? all[0]?.elements[0]?.address,
    massErase: isFirst && massErase,
    unprotect: isFirst && unprotect,
    willReset: (isLast || (isFirst && massErase)) && willReset,
    leave: isLast && leave,
  };
  const terms = planTerms(entry, optionsOf(plan, modifiers));
  const totalBytes = elements.reduce((sum, { data }) => sum + data.length, 0);
  return made({ entry, elements, terms, totalBytes }, downloadPlan(elements, terms));
}

function commandsAlone(plan: SendPlan, entry: DfuInterface): Made {
  const terms = planTerms(entry, optionsOf(plan, plan.modifiers));
  return made({ entry, elements: [], terms, totalBytes: undefined }, commandPlan(terms.modifiers));
}

/** A part with fewer elements: what is left out is not erased, and not written. */
export function partWith(
  { entry, terms, ending }: PlacedPart,
  elements: readonly DfuSeElement[],
): PlacedPart {
  const totalBytes = elements.reduce((sum, { data }) => sum + data.length, 0);
  const { operations } = downloadPlan(elements, terms);
  return made({ entry, elements, terms, totalBytes }, { operations, ending, notes: [] }).part;
}

function made(
  of: Pick<PlacedPart, 'entry' | 'elements' | 'terms' | 'totalBytes'>,
  { operations, ending, notes }: DfuSePlan,
): Made {
  const { transferSizeBytes } = of.terms;
  const all: Iterable<DfuSeOperation> = {
    *[Symbol.iterator]() {
      yield* operations;
      yield* ending;
    },
  };
  const part = { ...of, transferSizeBytes, operations: all, work: operations, ending };
  return { part, notes };
}

function optionsOf({ transferSizeBytes }: SendPlan, modifiers: DfuSeModifiers): PlanOptions {
  return { ...modifiers, transferSizeBytes };
}
