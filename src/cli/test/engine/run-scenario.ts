import { boardBench } from '../../../testing/index.ts';
import type { BoardBench } from '../../../testing/index.ts';
import { throwIfAborted } from '../../../usb/index.ts';
import type { Clock } from '../../../usb/index.ts';
import type { Terminal } from '../../shared/terminal.ts';
import type { Scenario, Step } from '../format/scenario.ts';
import type { Reporter, ScenarioResult, StepResult } from '../report/result.ts';
import { act, unstruckCut } from './act.ts';
import { benchOrder } from './bench-order.ts';
import { brokenStepOf } from './power-cuts.ts';
import type { Stage } from './stage.ts';
import { brokenBy, stopOf } from './step-failed.ts';

/** What the running of scenarios needs. */
interface RunAround {
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Raised when somebody cancels. */
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

async function makeBenches(
  scenario: Scenario,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, BoardBench>> {
  const benches = new Map<string, BoardBench>();
  try {
    for (const board of scenario.boards) {
      const { model, options } = await benchOrder(terminal, scenario, board);
      benches.set(board.name, await boardBench(model, { ...options, signal, power: false }));
    }
    return benches;
  } catch (error) {
    for (const bench of benches.values()) await bench.close();
    throw error;
  }
}

async function stepResult(
  stage: Stage,
  step: Step,
  next: Step | undefined,
): Promise<StepResult & { exit?: number }> {
  const from = stage.clock.now();
  const ms = (): number => stage.clock.now() - from;
  try {
    const note = await act(stage, step, next);
    return { step, outcome: 'passed', ms: ms(), note };
  } catch (error) {
    const loop = brokenStepOf(error);
    const { message, ...broken } = brokenBy(error === loop ? loop?.cause : error);
    return { step, inner: loop?.step, ms: ms(), ...broken, message };
  }
}

/** The steps, one after the other, up to the first that does not pass. */
async function runSteps(
  stage: Stage,
  reporter: Reporter,
): Promise<{ readonly results: readonly StepResult[]; readonly exit: number | undefined }> {
  const results: StepResult[] = [];
  let exit: number | undefined;
  let isBroken = false;
  const { scenario } = stage;
  for (const [at, step] of scenario.steps.entries()) {
    const result: StepResult & { exit?: number } = isBroken
      ? { step, outcome: 'skipped', ms: 0 }
      : await stepResult(stage, step, scenario.steps[at + 1]);
    // Cancelled, or the time is up: what came of that is no answer to the step.
    if (stage.signal.aborted && !isBroken) break;
    if (result.outcome !== 'passed') isBroken = true;
    exit ??= result.exit;
    results.push(result);
    reporter.stepEnded?.(scenario, result);
  }
  return { results, exit };
}

/** What a scenario whose steps have all passed still lacks. */
function lackOf({ benches }: Stage): string | undefined {
  return [...benches.values()].map(unstruckCut).find((lack) => lack !== undefined);
}

function outcomeOf(steps: readonly StepResult[]): ScenarioResult['outcome'] {
  if (steps.some(({ outcome }) => outcome === 'error')) return 'error';
  return steps.some(({ outcome }) => outcome === 'failed') ? 'failed' : 'passed';
}

async function onStage(
  scenario: Scenario,
  { terminal, clock, signal, reporter }: RunAround,
): Promise<Omit<ScenarioResult, 'scenario' | 'ms'>> {
  const time = new AbortController();
  const both = AbortSignal.any([signal, time.signal]);
  const cancel = clock.at(clock.now() + scenario.timeOutMs, () => time.abort());
  let benches: ReadonlyMap<string, BoardBench> = new Map();
  try {
    benches = await makeBenches(scenario, terminal, both);
    const stage: Stage = { terminal, scenario, benches, clock, signal: both };
    const { results: steps, exit } = await runSteps(stage, reporter);
    throwIfAborted(signal);
    if (!time.signal.aborted) {
      const outcome = outcomeOf(steps);
      const message = outcome === 'passed' ? lackOf(stage) : undefined;
      return { steps, exit, outcome: message === undefined ? outcome : 'failed', message };
    }
    const during = scenario.steps[steps.length]?.title ?? 'its end';
    const limit = `${scenario.timeOutMs / 1000} s of the machine's time`;
    const message = `expected the scenario to be done within ${limit}, and it was not: ${during}`;
    return { steps, outcome: 'failed', message };
  } catch (error) {
    throwIfAborted(signal);
    return { steps: [], outcome: 'error', ...stopOf(error) };
  } finally {
    cancel();
    for (const bench of benches.values()) await bench.close();
  }
}

/** Runs a scenario to its end and tells of it. Throws if somebody cancels. */
export async function runScenario(scenario: Scenario, around: RunAround): Promise<ScenarioResult> {
  const { clock, reporter } = around;
  reporter.scenarioBegins?.(scenario);
  const from = clock.now();
  const result = { scenario, ...(await onStage(scenario, around)), ms: clock.now() - from };
  reporter.scenarioEnded?.(result);
  return result;
}
