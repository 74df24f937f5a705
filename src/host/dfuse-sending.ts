import { DfuError, hexNumber } from '../bytes/index.ts';
import type { DfuSeElement } from '../dfu/index.ts';
import { speaksDfuSe } from './dialect.ts';
import type { Decided, PlacedPart } from './decided.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { commandPlan, downloadPlan, planTerms } from './dfuse-plan.ts';
import type { DfuSeModifiers, DfuSeOperation, DfuSePlan, PlanOptions } from './dfuse-plan.ts';
import { nothingToSend } from './download-steps.ts';
import type { SendElement } from './send-element.ts';
import { demandNoConflict, demandSameAddress } from './file-places.ts';
import { likelyAddress } from './likely-address.ts';
import { memoryLayoutOf } from './memory-layout.ts';
import { demandRunsThere } from './runs-where.ts';
import type { SendPlan, SendTarget } from './send-plan.ts';
import { plainTally, sumOf, tallyOf } from './tally.ts';

interface Job {
  readonly entry: DfuInterface;
  readonly elements: readonly DfuSeElement[];
  /** Bytes that nobody has said the address of. */
  readonly unplacedBytes: number;
}

/** What sending a plan to a DfuSe device comes to. Throws what keeps it from being sent. */
export function dfuseSending(
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
