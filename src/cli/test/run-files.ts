import { DfuError, didYouMean } from '../../bytes/index.ts';
import { timerClock } from '../../usb/index.ts';
import { ExitCode } from '../shared/exit-codes.ts';
import { ScenarioFault } from '../shared/scenario-fault.ts';
import { interruptible } from '../shared/signals.ts';
import { writeJson } from '../shared/terminal.ts';
import type { Terminal } from '../shared/terminal.ts';
import { runScenario } from './engine/run-scenario.ts';
import { loadScenarios } from './format/load.ts';
import type { Scenario } from './format/scenario.ts';
import { annotation } from './report/github.ts';
import { placeText } from './report/result.ts';
import type { ScenarioResult } from './report/result.ts';
import { githubWorkspace, reporterOf } from './reporters.ts';
import { withUsual } from './reporters-option.ts';
import type { ReporterChoice } from './reporters-option.ts';

/** What `dfukit test` is told besides the files. */
export interface TestOptions {
  readonly set?: ReadonlyMap<string, string> | undefined;
  readonly setFile?: ReadonlyMap<string, string> | undefined;
  readonly only?: readonly string[] | undefined;
  readonly list?: true | undefined;
  readonly reporter?: readonly ReporterChoice[] | undefined;
  readonly json?: true | undefined;
}

/** Expectations that did not come true; `imgtool` and others say 1 for a no, too. */
const EXIT_FAILED = 1;

/** On GitHub, what is wrong with a file is shown at its line. */
function annotate(terminal: Terminal, error: unknown): void {
  const workspace = githubWorkspace();
  if (workspace === undefined || !(error instanceof ScenarioFault)) return;
  const { file, line, message } = error;
  terminal.err.write(annotation({ file, line, title: 'dfukit test', message }, workspace));
}

async function loadAll(
  terminal: Terminal,
  paths: readonly string[],
  { set = new Map(), setFile = new Map() }: TestOptions,
): Promise<Scenario[]> {
  const variables = new Map([...set, ...setFile]);
  const used = new Set<string>();
  const scenarios: Scenario[] = [];
  for (const path of paths) {
    const around = { set: variables, used: (name: string) => void used.add(name) };
    scenarios.push(...(await loadScenarios(terminal.files, path, around)));
  }
  const idle = [...variables.keys()].find((name) => !used.has(name));
  if (idle === undefined) return scenarios;
  const hint = didYouMean(idle, used);
  throw new DfuError('INVALID_ARGUMENT', `--set: no file uses \${${idle}}${hint}`);
}

function chosen(scenarios: readonly Scenario[], only: readonly string[] | undefined): Scenario[] {
  const names = new Set(scenarios.map(({ name }) => name));
  const strange = only?.find((name) => !names.has(name));
  if (strange !== undefined) {
    const hint = didYouMean(strange, names) || `; there is: ${[...names].slice(0, 10).join(', ')}`;
    throw new DfuError('INVALID_ARGUMENT', `--only: no scenario "${strange}"${hint}`);
  }
  return scenarios.filter(({ name }) => only === undefined || only.includes(name));
}

function list(terminal: Terminal, scenarios: readonly Scenario[], json: boolean): void {
  for (const { file, name, at, lineOf, steps } of scenarios) {
    const line = lineOf(at);
    if (json)
      writeJson(terminal.out, {
        type: 'scenario',
        file,
        scenario: name,
        line,
        steps: steps.length,
      });
    else terminal.out.write(`${placeText(file, line)}: ${name}\n`);
  }
}

/** What could not run weighs more than what failed: nobody knows what it would have come to. */
function exitOf(results: readonly ScenarioResult[]): number {
  const stopped = results.find(({ outcome }) => outcome === 'error');
  if (stopped !== undefined) return stopped.exit ?? ExitCode.internal;
  return results.some(({ outcome }) => outcome === 'failed') ? EXIT_FAILED : ExitCode.ok;
}

/** `dfukit test`. Nothing is run before all files are read and found to be right. */
export async function testFiles(
  terminal: Terminal,
  paths: readonly string[],
  options: TestOptions,
): Promise<number> {
  const json = options.json === true;
  const choices = withUsual(options.reporter ?? [], json);
  let scenarios: readonly Scenario[];
  try {
    scenarios = chosen(await loadAll(terminal, paths, options), options.only);
  } catch (error) {
    annotate(terminal, error);
    throw error;
  }
  if (options.list === true) {
    list(terminal, scenarios, json);
    return ExitCode.ok;
  }
  return interruptible(terminal, async (signal) => {
    const reporter = reporterOf(terminal, choices, { json });
    const around = { terminal, clock: timerClock(globalThis), signal, reporter };
    const results: ScenarioResult[] = [];
    reporter.begin?.(scenarios.length);
    for (const scenario of scenarios) results.push(await runScenario(scenario, around));
    await reporter.end?.(results);
    return exitOf(results);
  });
}
