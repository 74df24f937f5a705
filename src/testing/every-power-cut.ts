import { DfuError, hexNumber } from '../bytes/index.ts';
import { powerCutKinds } from '../flash/index.ts';
import type { MemoryFlash, PowerCutKind } from '../flash/index.ts';
import { Bench } from './bench.ts';
import type { BoardBench } from './board-bench.ts';
import { callSiteOf } from './call-site.ts';
import { ExpectationError } from './expectation-error.ts';
import type { PowerCutFailure, PowerCutPlace } from './expectation-error.ts';
import type { BenchEvent } from './journal.ts';
import { demandKnown } from './known-keys.ts';
import { Recording } from './recording.ts';
import type { RecordedOperation } from './recording.ts';

/** Which power cuts are tried. */
export interface EveryPowerCutOptions {
  /** What becomes of the operation that a cut meets; each kind is tried at each operation. Default `clean` alone. */
  readonly kinds?: readonly PowerCutKind[] | undefined;
  /** The first operation of the steps that a cut meets, counted from 0; default 0. */
  readonly from?: number | undefined;
  /** And the last one; default: the last there is. */
  readonly to?: number | undefined;
  /** Only each so-manieth operation. The report says so. Default 1: every one. */
  readonly every?: number | undefined;
  /** After so many that went wrong no more are tried. Default 10. */
  readonly failures?: number | undefined;
}

/** What was tried. Whoever gets one knows that every cut that was tried went well. */
export interface PowerCutReport {
  /** Flash operations of the steps without a cut. */
  readonly operations: number;
  /** Power cuts that were tried; the one after the last operation is one of them. */
  readonly tried: number;
  readonly kinds: readonly PowerCutKind[];
  /** Whether a cut of each kind was tried at every operation. */
  readonly complete: boolean;
}

/** Makes a bench, or is one. */
export type BenchSource = BoardBench | (() => BoardBench | Promise<BoardBench>);

/**
 * Runs `steps` once, and `check` once for each flash operation in it: on a board whose power was cut at that operation
 * and that has power again; and once more for a cut after the last one. A board without power has nothing but its flash,
 * so that the steps need not run again for each cut: the cost grows with the number of operations only.
 *
 * Rejects with an `ExpectationError` that names the cuts at which `check` has thrown, with the console of the first one;
 * `failures` has all of them. Throws `INVALID_ARGUMENT` where the steps write nothing to flash, or nothing is left to be
 * tried. The bench is as the steps have left it; one that is made here is closed.
 */
export async function everyPowerCut(
  source: BenchSource,
  steps: (bench: BoardBench) => unknown,
  check: (bench: BoardBench, cut: PowerCutPlace | undefined) => unknown,
  options: EveryPowerCutOptions = {},
): Promise<PowerCutReport> {
  const at = callSiteOf({ everyPowerCut }, 'everyPowerCut');
  const plan = planOf(options);
  const bench = typeof source === 'function' ? await source() : source;
  if (!(bench instanceof Bench)) {
    throw new DfuError('INVALID_ARGUMENT', 'expected a bench of `boardBench`');
  }
  try {
    const recording = await recorded(bench, steps);
    const chosen = chosenOf(recording, plan);
    const tried = await tryAll({ bench, recording, check }, chosen, plan);
    const report = { operations: recording.operations.length, kinds: plan.kinds };
    if (tried.failures.length === 0) {
      return {
        ...report,
        tried: tried.count,
        complete: chosen.size === recording.operations.length,
      };
    }
    throw failure({ ...tried, ...report, planned: chosen.size * plan.kinds.length + 1 }, at);
  } finally {
    if (typeof source === 'function') await bench.close();
  }
}

interface Plan {
  readonly kinds: readonly PowerCutKind[];
  readonly to: number;
  readonly from: number;
  readonly every: number;
  readonly failures: number;
}

function wrong(what: string, got: unknown): DfuError {
  return new DfuError('INVALID_ARGUMENT', `everyPowerCut: expected ${what}, got ${String(got)}`);
}

function planOf(options: EveryPowerCutOptions): Plan {
  demandKnown('everyPowerCut', options, ['kinds', 'from', 'to', 'every', 'failures']);
  const { kinds = ['clean'], from = 0, to = Infinity, every = 1, failures = 10 } = options;
  const strange = kinds.find((kind) => !powerCutKinds.includes(kind));
  if (kinds.length === 0 || strange !== undefined) {
    throw wrong(`"kinds" out of ${powerCutKinds.join(', ')}`, strange ?? 'none');
  }
  if (!Number.isSafeInteger(from) || from < 0) throw wrong('"from" 0 or more', from);
  if (to !== Infinity && !(Number.isSafeInteger(to) && to >= from)) {
    throw wrong('"to" not below "from"', to);
  }
  if (!Number.isSafeInteger(every) || every < 1) throw wrong('"every" 1 or more', every);
  if (!(failures >= 1)) throw wrong('"failures" 1 or more', failures);
  return { kinds: [...new Set(kinds)], from, to, every, failures };
}

/** Runs the steps, and what they do to flash is written down. */
async function recorded(bench: Bench, steps: (bench: BoardBench) => unknown): Promise<Recording> {
  const recording = new Recording(bench.memory, bench);
  try {
    await steps(bench);
  } finally {
    recording.stop();
  }
  if (recording.operations.length > 0) return recording;
  const words = 'the steps have written nothing to flash: there is no power cut to try';
  throw new DfuError('INVALID_ARGUMENT', `everyPowerCut: ${words}`);
}

/** The operations at which the power is cut. */
function chosenOf({ operations }: Recording, { from, to, every }: Plan): ReadonlySet<number> {
  const last = Math.min(to, operations.length - 1);
  const chosen = new Set<number>();
  for (let number = from; number <= last; number += every) chosen.add(number);
  if (chosen.size > 0) return chosen;
  throw wrong(`"from" within the ${operations.length} operations of the steps`, from);
}

interface Job {
  readonly bench: Bench;
  readonly recording: Recording;
  readonly check: (bench: BoardBench, cut: PowerCutPlace | undefined) => unknown;
}

interface Tried {
  readonly count: number;
  readonly failures: readonly PowerCutFailure[];
}

async function tryAll(job: Job, chosen: ReadonlySet<number>, plan: Plan): Promise<Tried> {
  const { recording } = job;
  const flash = recording.before.fork();
  const failures: PowerCutFailure[] = [];
  let count = 0;
  const tryOne = async (cut: TriedCut): Promise<void> => {
    if (failures.length >= plan.failures) return;
    count += 1;
    const error = await tryCut(job, cut);
    if (error !== undefined) failures.push({ cut: cut.cut, error: error.thrown });
  };
  for (const [number, operation] of recording.operations.entries()) {
    if (failures.length >= plan.failures) break;
    for (const kind of chosen.has(number) ? plan.kinds : []) {
      const { events, timeMs } = operation;
      const cut = placeOf(number, operation, job.bench);
      const after = cutAt(flash, operation, kind);
      await tryOne({ flash: after, cut: { ...cut, kind }, past: { events, timeMs } });
    }
    recording.redo(flash, operation);
  }
  const { count: events, timeMs } = recording.end;
  await tryOne({ flash, cut: undefined, past: { events, timeMs } });
  return { count, failures };
}

interface TriedCut {
  readonly flash: MemoryFlash;
  readonly cut: PowerCutPlace | undefined;
  /** How many events there were until then, and when it was. */
  readonly past: { readonly events: number; readonly timeMs: number };
}

function placeOf(
  operation: number,
  { type, offsetBytes, lengthBytes: bytes }: RecordedOperation,
  { board: { model } }: Bench,
): Omit<PowerCutPlace, 'kind'> {
  return { operation, type, address: model.flashBaseAddress + offsetBytes, bytes };
}

/** The flash as the cut leaves it. */
function cutAt(
  flash: MemoryFlash,
  { offsetBytes, lengthBytes, bytes }: RecordedOperation,
  kind: PowerCutKind,
): MemoryFlash {
  const fork = flash.fork();
  fork.cutPowerAt(fork.operations, kind);
  try {
    if (bytes === undefined) fork.erase(offsetBytes, lengthBytes);
    else fork.program(offsetBytes, bytes);
  } catch (error) {
    if (!DfuError.is(error, 'POWER_LOST')) throw error;
  }
  fork.restorePower();
  return fork;
}

/** Events from before the cut that a message may show. */
const PAST_EVENTS = 60;

/** Has the check look at a board that comes back after the cut; answers what it has thrown. */
async function tryCut(
  { bench, recording, check }: Job,
  { flash, cut, past }: TriedCut,
): Promise<{ readonly thrown: unknown } | undefined> {
  const { timeMs } = past;
  const events = recording.eventsUntil(past.events, PAST_EVENTS);
  const sequence = (events.at(-1)?.sequence ?? -1) + 1;
  const off: BenchEvent = {
    type: 'power',
    on: false,
    operations: flash.operations,
    cut: cut && { ...cut, operation: flash.operations },
    sequence,
    timeMs,
  };
  const options = { ...bench.order.options, power: true };
  const after = new Bench({ ...bench.order, options }, flash, { timeMs, events: [...events, off] });
  try {
    await check(after, cut);
    return undefined;
  } catch (thrown) {
    return { thrown };
  } finally {
    await after.close();
  }
}

/** Cuts that a message names. */
const SHOWN_CUTS = 10;

interface Failed extends Tried, Pick<PowerCutReport, 'operations'> {
  readonly planned: number;
}

function cutText(cut: PowerCutPlace | undefined): string {
  if (cut === undefined) return 'after the last operation';
  const { operation, kind, type, address, bytes } = cut;
  return `at operation ${operation} (${type} ${bytes} bytes at ${hexNumber(address, 8)}, ${kind})`;
}

/** The first line of what was thrown. */
function headOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}

function failure(
  { count, failures, operations, planned }: Failed,
  at: { readonly frames: string },
): ExpectationError {
  const rest = count < planned ? `; ${planned - count} more were not tried` : '';
  const head = `${failures.length} of ${count} power cuts went wrong, in ${operations} flash operations${rest}:`;
  const shown = failures.slice(0, SHOWN_CUTS);
  const lines = shown.map(({ cut, error }) => `  ${cutText(cut)}: ${headOf(error)}`);
  const more =
    failures.length > shown.length ? [`  and ${failures.length - shown.length} more`] : [];
  const first = failures[0]?.error;
  const whole = first instanceof Error ? first.message : String(first);
  return new ExpectationError([head, ...lines, ...more].join('\n'), {
    at,
    cause: first,
    shown: `The first of them:\n${whole}`,
    failures,
  });
}
