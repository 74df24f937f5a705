import type { Reporter, ScenarioResult, StepResult } from './result.ts';
import { bounded, brokenLine, brokenStep, brokenText, placeText } from './result.ts';

/** Most characters of a message, and of a text around it: readers of such files have limits, too. */
const MOST_MESSAGE = 1000;
const MOST_TEXT = 32_768;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** What XML 1.0 cannot have, not as an entity either. */
const CONTROLS =
  // oxlint-disable-next-line no-control-regex -- those are meant
  /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g;

/** What XML can have of a text. */
function allowed(text: string, most: number): string {
  return bounded(text, most)
    .replaceAll(/\p{Surrogate}/gu, '\ufffd')
    .replaceAll(CONTROLS, '\ufffd');
}

/** Text between tags. */
function content(text: string): string {
  return allowed(text, MOST_TEXT).replaceAll(/[&<>]/g, (each) => ENTITIES[each] ?? each);
}

/** Attributes; what is undefined is left out. */
function attributes(fields: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const text = allowed(String(value), MOST_MESSAGE).replaceAll(
        /[&<>"'\n\t]/g,
        (each) => ENTITIES[each] ?? each,
      );
      return ` ${name}="${text}"`;
    })
    .join('');
}

const secondsOf = (ms: number): string => (ms / 1000).toFixed(3);

function stepLine({ step, outcome, note }: StepResult): string {
  return `${outcome}: ${step.title}${note === undefined ? '' : ` (${note})`}`;
}

function broken(result: ScenarioResult): string[] {
  const { outcome, scenario } = result;
  if (outcome === 'passed') return [];
  const tag = outcome === 'failed' ? 'failure' : 'error';
  const message = brokenText(result);
  const place = placeText(scenario.file, brokenLine(result));
  const details = brokenStep(result)?.details ?? '';
  const text = content(`${place}: ${message}${details === '' ? '' : `\n${details}`}`);
  return [`      <${tag}${attributes({ type: outcome, message })}>${text}</${tag}>`];
}

function testcase(result: ScenarioResult): string[] {
  const { scenario, steps, ms } = result;
  const { file, name } = scenario;
  const head = attributes({
    name,
    classname: file,
    file,
    line: brokenLine(result),
    time: secondsOf(ms),
  });
  const said = content(steps.map((step) => stepLine(step)).join('\n'));
  return [
    `    <testcase${head}>`,
    ...broken(result),
    `      <system-out>${said}</system-out>`,
    '    </testcase>',
  ];
}

function counts(results: readonly ScenarioResult[]): Readonly<Record<string, string | number>> {
  const of = (outcome: string): number => results.filter((each) => each.outcome === outcome).length;
  return {
    tests: results.length,
    failures: of('failed'),
    errors: of('error'),
    time: secondsOf(results.reduce((sum, { ms }) => sum + ms, 0)),
  };
}

function suite(file: string, results: readonly ScenarioResult[]): string[] {
  return [
    `  <testsuite${attributes({ name: file, ...counts(results) })}>`,
    ...results.flatMap((result) => testcase(result)),
    '  </testsuite>',
  ];
}

/** JUnit's XML as Jenkins, GitLab and others read it: a suite a file, a test case a scenario. */
export function junitXml(results: readonly ScenarioResult[]): string {
  const files = [...new Set(results.map(({ scenario }) => scenario.file))];
  const suites = files.flatMap((file) =>
    suite(
      file,
      results.filter(({ scenario }) => scenario.file === file),
    ),
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'dfukit test', ...counts(results) })}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

/** Writes it when all is done. */
export function junitReporter(write: (xml: string) => void | Promise<void>): Reporter {
  return { end: (results) => write(junitXml(results)) };
}
