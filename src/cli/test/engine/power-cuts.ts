import { ExpectationError, everyPowerCut } from '../../../testing/index.ts';
import type { BoardBench } from '../../../testing/index.ts';
import type { Action, Step } from '../format/scenario.ts';
import type { Stage } from './stage.ts';
import { brokenBy } from './step-failed.ts';

/** A step inside a loop has not passed. */
class LoopBroken extends Error {
  readonly step: Step;

  /** `cause` is why. */
  constructor(step: Step, cause: unknown) {
    super(wholeText(cause), { cause });
    this.step = step;
  }
}

/** All that an error has to say, as a bench's own errors have it: a sentence, and what was said last. */
function wholeText(error: unknown): string {
  const { message = '', details = '' } = brokenBy(error);
  return details === '' ? message : `${message}\n\n${details}`;
}

type Act = (stage: Stage, step: Step, next: Step | undefined) => Promise<string | undefined>;

/** The steps on one bench. Throws `LoopBroken`. */
async function doAll(
  stage: Stage,
  bench: BoardBench,
  steps: readonly Step[],
  act: Act,
): Promise<void> {
  const [name = ''] = stage.benches.keys();
  const inside: Stage = { ...stage, benches: new Map([[name, bench]]) };
  for (const [at, step] of steps.entries()) {
    try {
      await act(inside, step, steps[at + 1]);
    } catch (error) {
      throw error instanceof LoopBroken ? error : new LoopBroken(step, error);
    }
  }
}

/**
 * `for-each: power-cut`: the steps once, and the check on a board that comes back after a cut at each of their flash
 * operations. Answers how many cuts there were. Throws what a bench throws, with the `LoopBroken` underneath.
 */
export async function forEachPowerCut(
  stage: Stage,
  { steps, check, cuts, from, to, every }: Extract<Action, { readonly kind: 'for-each' }>,
  act: Act,
): Promise<string> {
  const [bench] = stage.benches.values();
  if (bench === undefined) throw new Error('a scenario has a board');
  let stopped: unknown;
  const look = async (each: BoardBench): Promise<void> => {
    if (stopped !== undefined) throw stopped;
    try {
      await doAll(stage, each, check, act);
    } catch (error) {
      const { cause } = error as LoopBroken;
      if (brokenBy(cause).outcome === 'error') stopped = error;
      throw error;
    }
  };
  const does = (each: BoardBench): Promise<void> => doAll(stage, each, steps, act);
  const trial = everyPowerCut(bench, does, look, { kinds: cuts, from, to, every });
  // What could not even be tried says nothing about any cut.
  const report = await trial.catch((error: unknown) => {
    throw stopped ?? error;
  });
  const { tried, operations, complete } = report;
  return `${tried} power cuts in ${operations} flash operations${complete ? '' : ', not at each'}`;
}

/** The step inside that did not pass, however deep. */
export function brokenStepOf(error: unknown): LoopBroken | undefined {
  if (error instanceof LoopBroken) return error;
  return error instanceof ExpectationError ? brokenStepOf(error.cause) : undefined;
}
