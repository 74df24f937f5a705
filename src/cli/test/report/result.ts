import type { Scenario, Step } from '../format/scenario.ts';

/** How something ended: as expected, otherwise, or it could not be tried. */
export type Outcome = 'passed' | 'failed' | 'error';

/** What came of a step. */
export interface StepResult {
  readonly step: Step;
  /** `skipped`: one before it has not passed. */
  readonly outcome: Outcome | 'skipped';
  /** Of the machine's time. */
  readonly ms: number;
  /** What was expected and what came; undefined if it passed. */
  readonly message?: string | undefined;
  /** The last that the board or the command has said. */
  readonly details?: string | undefined;
  /** The step inside that has not passed, for a loop. */
  readonly inner?: Step | undefined;
  /** What passed besides, in words: so many power cuts. */
  readonly note?: string | undefined;
}

/** What came of a scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
  readonly ms: number;
  readonly steps: readonly StepResult[];
  /** Why, if that is said by no step: the board could not be made, the time was up. */
  readonly message?: string | undefined;
  /** Exit code of what could not run. */
  readonly exit?: number | undefined;
}

/** Tells somebody what comes of scenarios. */
export interface Reporter {
  /** So many will be run. */
  begin?(count: number): void;
  scenarioBegins?(scenario: Scenario): void;
  stepEnded?(scenario: Scenario, result: StepResult): void;
  scenarioEnded?(result: ScenarioResult): void;
  end?(results: readonly ScenarioResult[]): void | Promise<void>;
}

/** The first step that has not passed. */
export function brokenStep({ steps }: ScenarioResult): StepResult | undefined {
  return steps.find(({ outcome }) => outcome === 'failed' || outcome === 'error');
}

/** The line where it went wrong: of the step, else of the scenario. */
export function brokenLine(result: ScenarioResult): number | undefined {
  const broken = brokenStep(result);
  const { lineOf, at } = result.scenario;
  return lineOf(broken?.inner?.at ?? broken?.step.at ?? at);
}

/** `update.yaml:12`, or without the line where nothing tells. */
export function placeText(file: string, line: number | undefined): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** What went wrong, in a line or several. */
export function brokenText(result: ScenarioResult): string {
  const broken = brokenStep(result);
  if (broken === undefined) return result.message ?? '';
  const where =
    broken.inner === undefined ? broken.step.title : `${broken.step.title}: ${broken.inner.title}`;
  return `${where}: ${broken.message ?? ''}`;
}

/** A text of at most so many characters, and what was left out. */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}\n… ${text.length - most} more characters`;
}
