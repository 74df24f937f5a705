import type { BoardBench } from '../../../testing/index.ts';
import type { Action, LinePattern, Step } from '../format/scenario.ts';
import { difference, expectAll, lastLines } from './expect.ts';
import { forEachPowerCut } from './power-cuts.ts';
import { runCommand } from './run-command.ts';
import { benchOf, bytesOf, pathOf, withinOf } from './stage.ts';
import type { Stage } from './stage.ts';
import { StepFailed, brokenBy } from './step-failed.ts';

type Of<K extends Action['kind']> = Extract<Action, { readonly kind: K }>;

/** What must be refused is, with the right words; what need not, is done. */
async function maybeRefused<T>(
  fails: LinePattern | undefined,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (fails === undefined) return work();
  const expected = `expected the ${what} to be refused with ${fails.shown}`;
  try {
    await work();
  } catch (error) {
    const { outcome, message = '', details } = brokenBy(error);
    if (outcome === 'error') throw error;
    if (message.split('\n').some((line) => fails.fits(line))) return undefined;
    throw new StepFailed(`${expected}, got: ${message}`, details);
  }
  throw new StepFailed(`${expected}, got all of it acknowledged`);
}

async function download(stage: Stage, step: Step, action: Of<'download'>): Promise<void> {
  const { file, slot, alt, fails } = action;
  const bench = benchOf(stage, step);
  const bytes = bytesOf(stage, file);
  const { within } = withinOf(stage, step);
  await maybeRefused(fails, 'download', () => bench.download(bytes, { slot, alt, within }));
}

async function upload(stage: Stage, step: Step, action: Of<'upload'>): Promise<void> {
  const { slot, alt, into, sameAs, fails } = action;
  const bench = benchOf(stage, step);
  const { within } = withinOf(stage, step);
  const came = await maybeRefused(fails, 'upload', () => bench.upload({ slot, alt, within }));
  if (came === undefined) return;
  if (into !== undefined) await stage.terminal.files.write(pathOf(stage.scenario, into), came);
  const doubt = sameAs === undefined ? undefined : difference(bytesOf(stage, sameAs), came);
  if (doubt !== undefined)
    throw new StepFailed(`expected the bytes of ${String(sameAs)}, ${doubt}`);
}

function program(
  stage: Stage,
  bench: BoardBench,
  { file, slot, address }: Of<'program'>,
): Promise<void> {
  const bytes = bytesOf(stage, file);
  if (slot !== undefined) return bench.program(bytes, { slot });
  return bench.program(bytes, address === undefined ? undefined : { address });
}

async function run(
  stage: Stage,
  step: Step,
  action: Of<'run'>,
  next: Step | undefined,
): Promise<void> {
  const end = await runCommand(stage, step, action);
  stage.lastRun = end;
  const isLookedAt = next?.action.kind === 'expect' && next.action.expected.exit !== undefined;
  if (end.timedOut)
    throw new StepFailed(
      'expected the command to end in time, and it did not',
      lastLines(end.output),
    );
  if (end.code === 0 || isLookedAt) return;
  throw new StepFailed(`expected exit 0, got ${end.code}`, lastLines(end.output));
}

/** What each action does. Answers what there is to say besides that it passed. */
const acts: {
  readonly [K in Action['kind']]: (
    stage: Stage,
    step: Step,
    action: Of<K>,
    next: Step | undefined,
  ) => Promise<string | void>;
} = {
  power: (stage, step, { on }) =>
    on ? benchOf(stage, step).powerOn() : benchOf(stage, step).powerCut(),
  download,
  upload,
  detach: (stage, step) => benchOf(stage, step).detach(withinOf(stage, step)),
  program: (stage, step, action) => program(stage, benchOf(stage, step), action),
  reset: (stage, step, { button }) => benchOf(stage, step).reset({ button }),
  button: (stage, step, { pressed, button }) => benchOf(stage, step).button(pressed, button),
  unplug: (stage, step) => benchOf(stage, step).unplug(),
  replug: (stage, step) => benchOf(stage, step).replug(),
  'power-cut': (stage, step, { afterOperations, cut }) =>
    benchOf(stage, step).powerCut({ afterOperations, kind: cut }),
  input: (stage, step, { text }) => benchOf(stage, step).input(text),
  async wait({ benches }, _step, { ms }) {
    for (const bench of benches.values()) await bench.pass(ms);
  },
  run,
  expect: (stage, step, { expected }) => expectAll(stage, step, expected),
  'for-each': (stage, _step, action) => forEachPowerCut(stage, action, act),
};

/** Steps that only look, or let time go by: what came before them is looked at still. */
const looks: ReadonlySet<Action['kind']> = new Set(['expect', 'wait']);
/** Steps that a board without power can have. */
const powerless: ReadonlySet<Action['kind']> = new Set([
  'power',
  'program',
  'button',
  'unplug',
  'replug',
  'wait',
]);

/** The boards that a step is about: one, or all for a command of the shell. */
function benchesOf(stage: Stage, step: Step): readonly BoardBench[] {
  return step.on === undefined ? [...stage.benches.values()] : [benchOf(stage, step)];
}

/** What to say of a power cut that is due at an operation which the board has not come to, if there is one. */
export function unstruckCut({ board }: BoardBench): string | undefined {
  const { cutDueAt, operations } = board;
  if (cutDueAt === undefined) return undefined;
  const got = `got to operation ${operations} without it`;
  return `expected the power cut at flash operation ${cutDueAt}, ${got}`;
}

/** Steps that take an earlier power cut back. */
const takesCutBack: ReadonlySet<Action['kind']> = new Set(['power', 'power-cut']);

/** Boards of which the scenario says itself when they have power. */
const told = new WeakSet<BoardBench>();

/** A scenario need not say that its boards get power: they have it when the first step needs it. */
async function givePower(bench: BoardBench): Promise<void> {
  const hasHadPower = bench.events.some(({ type }) => type === 'power');
  if (!hasHadPower && !told.has(bench)) await bench.powerOn();
}

/**
 * Does a step. Answers what there is to say besides that it passed. Throws `StepFailed`, what a bench throws, or what
 * keeps it from being tried.
 */
export async function act(
  stage: Stage,
  step: Step,
  next: Step | undefined,
): Promise<string | undefined> {
  const { action } = step;
  for (const bench of benchesOf(stage, step)) {
    const unstruck = takesCutBack.has(action.kind) ? unstruckCut(bench) : undefined;
    if (unstruck !== undefined) throw new StepFailed(unstruck);
    if (action.kind === 'power') told.add(bench);
    if (!powerless.has(action.kind)) await givePower(bench);
    if (!looks.has(action.kind)) bench.skip();
  }
  const does = acts[action.kind] as (...args: readonly unknown[]) => Promise<string | undefined>;
  return does(stage, step, action, next);
}
