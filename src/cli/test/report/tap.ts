import { bounded, brokenLine } from './result.ts';
import type { Reporter, ScenarioResult, StepResult } from './result.ts';

/** Most characters of what a board or a command has said. */
const MOST_DETAILS = 8192;

/** One line, in which nothing is a directive. */
function description(text: string): string {
  return text
    .replaceAll(/[\\#]/g, String.raw`\$&`)
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Diagnostics in YAML, of which JSON's texts are a part. */
function diagnostics(indent: string, fields: Readonly<Record<string, unknown>>): string[] {
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return [`---`, ...lines, '...'].map((line) => `${indent}  ${line}`);
}

function stepLines(
  result: StepResult,
  number: number,
  at: { file: string; line: number | undefined },
): string[] {
  const { outcome, step, message, details, inner } = result;
  const point = `${number} - ${description(step.title)}`;
  if (outcome === 'passed') return [`    ok ${point}`];
  if (outcome === 'skipped') return [`    ok ${point} # SKIP a step before it has not passed`];
  const fields = {
    message,
    step: inner?.title,
    severity: outcome === 'failed' ? 'fail' : 'error',
    file: at.file,
    line: at.line,
    said: bounded(details ?? '', MOST_DETAILS),
  };
  return [`    not ok ${point}`, ...diagnostics('    ', fields)];
}

function resultLines(result: ScenarioResult, number: number): string[] {
  const { scenario, steps, outcome, message } = result;
  const { file, name } = scenario;
  const title = description(`${file}: ${name}`);
  const line = brokenLine(result);
  const point = `${outcome === 'passed' ? 'ok' : 'not ok'} ${number} - ${title}`;
  const own =
    message === undefined
      ? undefined
      : { message, severity: outcome === 'failed' ? 'fail' : 'error', file, line };
  return [
    `# Subtest: ${title}`,
    ...steps.flatMap((step, at) => stepLines(step, at + 1, { file, line })),
    `    1..${steps.length}`,
    point,
    ...(own === undefined ? [] : diagnostics('', own)),
  ];
}

/** TAP, version 14: a subtest a scenario, a test point a step. */
export function tapReporter(write: (text: string) => void): Reporter {
  let number = 0;
  return {
    begin: (count) => write(`TAP version 14\n1..${count}\n`),
    scenarioEnded(result) {
      number += 1;
      write(`${resultLines(result, number).join('\n')}\n`);
    },
  };
}
